/* Options as other programs spell them. */
#ifndef TOOL_SPELLING_H
#define TOOL_SPELLING_H

#include <stdbool.h>

#include "prism.h"

enum { TOOL_OPTION_TEXT = 200 };

typedef struct tool_spelling {
    char text[TOOL_OPTION_TEXT]; /* "key=value,..." */
    uint32_t words[PRISM_OPTION_WORDS];
} tool_spelling;

/* Fails with a message. */
bool tool_spell(tool_spelling *spelling, const prism_options *options);

/* A line for each program; `dataset` and `variable` are what they compress. */
void tool_print_spelling(const tool_spelling *spelling, const char *dataset, const char *variable);

/* "options": ..., "filter_id": ..., "filter_options": [...] */
void tool_print_spelling_json(const tool_spelling *spelling);

#endif
