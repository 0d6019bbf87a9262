/* Chunks from the middle of a dataset, in memory. */
#ifndef TOOL_SAMPLE_H
#define TOOL_SAMPLE_H

#include "source.h"

typedef struct tool_piece {
    prism_array array;
    size_t size;    /* bytes */
    void *elements; /* in the type of the file; owned */
} tool_piece;

typedef struct tool_sample {
    size_t count, size, values; /* pieces; bytes and elements of all */
    bool whole;                 /* pieces are whole chunks: one has not more bytes than allowed */
    hsize_t shape[H5S_MAX_RANK];
    tool_piece *pieces;
} tool_sample;

/* About `bytes`, but one piece at least. To be freed also after a failure, which has a message. */
bool tool_sample_read(tool_sample *sample, const tool_source *source, size_t bytes);
void tool_sample_free(tool_sample *sample);

#endif
