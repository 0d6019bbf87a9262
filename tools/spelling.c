#include "spelling.h"

#include <inttypes.h>
#include <stdio.h>

#include "command.h"

bool tool_spell(tool_spelling *s, const prism_options *options) {
    prism_error error;
    return (prism_options_pack(options, s->words, &error) == PRISM_OK &&
            prism_options_format(options, s->text, sizeof s->text, &error) == PRISM_OK) ||
           tool_fail("%s", error.message);
}

static void print_list(const char *separator, const uint32_t *words) {
    for (size_t i = 0; i < PRISM_OPTION_WORDS; i++)
        printf("%s%" PRIu32, i ? separator : "", words[i]);
}

void tool_print_spelling(const tool_spelling *s, const char *dataset, const char *variable) {
    printf("h5repack  -f %s:UD=%d,0,%d,", dataset, H5PRISM_FILTER_ID, PRISM_OPTION_WORDS);
    print_list(",", s->words);
    printf("\nnccopy    -F %s,%d,", variable, H5PRISM_FILTER_ID);
    print_list(",", s->words);
    printf("\nh5py      compression=%d, compression_opts=(", H5PRISM_FILTER_ID);
    print_list(", ", s->words);
    printf(")\n");
}

void tool_print_spelling_json(const tool_spelling *s) {
    printf("\"options\": \"%s\", \"filter_id\": %d, \"filter_options\": [", s->text,
           H5PRISM_FILTER_ID);
    print_list(", ", s->words);
    printf("]");
}
