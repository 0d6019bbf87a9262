/* A dataset at 1/2, 1/4 or 1/8 of its size. */
#ifndef TOOL_REDUCE_H
#define TOOL_REDUCE_H

#include "source.h"

/* Bytes of the chunks, and those of them that were read. */
typedef struct tool_reduced {
    uint64_t stored, read;
} tool_reduced;

/* The source becomes a dataset in memory: the smaller pictures that its chunks have within them, of
 * which no more is read; of chunks without, every 2^by-th position. False, with a message: its
 * chunks have no such pictures, or their parts do not fit together. */
bool tool_source_reduce(tool_source *source, int by, tool_reduced *bytes);

#endif
