/* A copy of a file in which datasets are filtered anew; which ones, and how, is the command's. */
#ifndef TOOL_REPACKING_H
#define TOOL_REPACKING_H

#include "arguments.h"
#include "copy.h"
#include "encoder.h"
#include "rewrite.h"

/* What is to become of a dataset. Texts stay as long as the choice. */
typedef struct tool_choice {
    const char *obstacle; /* NULL, or why it stays as it is */
    hsize_t chunk[H5S_MAX_RANK];
    const uint32_t *options;   /* of h5prism: [PRISM_OPTION_WORDS] */
    const char *exact_because; /* NULL, or why it keeps every bit in spite of the bound */
    prism_error error;         /* room for such texts */
} tool_choice;

typedef struct tool_repacking {
    tool_files files;
    tool_texts names; /* of datasets; none: all of the file. To be freed */
    tool_encoder_options encoding;
    const prism_options *bound; /* that the copy may differ by; NULL: none */
    void (*choose)(void *request, const tool_chunked *source, tool_choice *choice);
    void *request; /* its first argument */

    tool_copy copy;
    tool_encoder encoder;
} tool_repacking;

/* Whether the copy is there, and whole. A line on stdout says of each dataset what became of it. */
bool tool_repacking_run(tool_repacking *repacking);

#endif
