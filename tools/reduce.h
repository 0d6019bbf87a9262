/* A dataset at 1/2, 1/4 or 1/8 of its size. */
#ifndef TOOL_REDUCE_H
#define TOOL_REDUCE_H

#include "source.h"

/* The source becomes a dataset in memory: the smaller pictures that its chunks have within them, of
 * which no more is decoded; of chunks without, every 2^by-th position. False, with a message: its
 * chunks have no such pictures, or their parts do not fit together. */
bool tool_source_reduce(tool_source *source, int by);

#endif
