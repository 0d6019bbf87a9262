/*
 * h5prism: the command-line tool. The commands have files of their own; this one has `options`, the
 * spellings of a set of options for the programs that take filter parameters.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "prism.h"

static const char help[] =
    "usage: h5prism repack IN OUT [KEY=VALUE,...] ...   compress the datasets of a file\n"
    "       h5prism inspect FILE ...                    how datasets are compressed\n"
    "       h5prism group IN OUT --dataset PATH ...     frames that are alike into shared chunks\n"
    "       h5prism options [--json] [KEY=VALUE,...]    filter parameters for other programs\n"
    "       h5prism COMMAND --help | --help | --version\n"
    "\n"
    "options: transform=auto|none|channels|stack    what ties the planes of a chunk together\n"
    "         predictor=auto|none|paeth|lsq         prediction inside and between planes\n"
    "         coder=auto|deflate|jxl|ans            entropy coder\n"
    "         effort=1..9                           1 fastest, 9 smallest; default 5\n"
    "         axis=auto|0..31                       the axis along which the planes lie\n"
    "         checksum=on|off  verify=off|on  threads=1..1024\n"
    "\n"
    "examples: h5prism repack in.h5 out.h5 effort=7\n"
    "          h5prism inspect out.h5 --dataset run/emb --chunks\n"
    "          h5prism options transform=channels,coder=jxl,effort=7\n";

static void print_list(const char *separator, const uint32_t *words) {
    for (size_t i = 0; i < PRISM_OPTION_WORDS; i++)
        printf("%s%" PRIu32, i ? separator : "", words[i]);
}

static void print_text(const char *text, const uint32_t *words) {
    printf("%s\n", text);
    printf("h5repack  -f DATASET:UD=%d,0,%d,", H5PRISM_FILTER_ID, PRISM_OPTION_WORDS);
    print_list(",", words);
    printf("\nnccopy    -F VARIABLE,%d,", H5PRISM_FILTER_ID);
    print_list(",", words);
    printf("\nh5py      compression=%d, compression_opts=(", H5PRISM_FILTER_ID);
    print_list(", ", words);
    printf(")\n");
}

static void print_json(const char *text, const uint32_t *words) {
    printf("{\"options\": \"%s\", \"filter_id\": %d, \"filter_options\": [", text,
           H5PRISM_FILTER_ID);
    print_list(", ", words);
    printf("]}\n");
}

static int run_options(int count, char **arguments) {
    if (count == 1 && strcmp(arguments[0], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    bool json = count > 0 && strcmp(arguments[0], "--json") == 0;
    count -= json;
    arguments += json;
    if (count > 1) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    prism_error error;
    prism_options options = prism_options_default();
    uint32_t words[PRISM_OPTION_WORDS];
    char text[160];
    if (prism_options_parse(&options, count ? arguments[0] : "", &error) != PRISM_OK ||
        prism_options_pack(&options, words, &error) != PRISM_OK ||
        prism_options_format(&options, text, sizeof text, &error) != PRISM_OK) {
        tool_fail("%s", error.message);
        return EXIT_FAILED;
    }
    (json ? print_json : print_text)(text, words);
    return EXIT_DONE;
}

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
} commands[] = {
    {"group", tool_group},
    {"inspect", tool_inspect},
    {"options", run_options},
    {"repack", tool_repack},
};

int main(int count, char **arguments) {
    const char *command = count > 1 ? arguments[1] : "";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(command, commands[i].name) == 0)
            return commands[i].run(count - 2, arguments + 2);
    if (strcmp(command, "--version") == 0) {
        printf("h5prism %s\n", PRISM_VERSION);
        return EXIT_DONE;
    }
    bool asked = strcmp(command, "--help") == 0;
    fputs(help, asked ? stdout : stderr);
    return asked ? EXIT_DONE : EXIT_USAGE;
}
