/*
 * Chunks of one shape out of a dataset that is stored in chunks of another. A slab is a box of
 * whole new chunks, large enough for each stored chunk to be read, and decoded, once or a few
 * times.
 */
#ifndef TOOL_SLAB_H
#define TOOL_SLAB_H

#include "chunked.h"

/* Memory for a slab, unless one chunk takes more. */
#define TOOL_SLAB_BYTES ((size_t)64 << 20)

typedef struct tool_slab {
    const tool_chunked *source;
    const hsize_t *chunk;                             /* of the new shape */
    hsize_t shape[H5S_MAX_RANK];                      /* multiples of it */
    hsize_t start[H5S_MAX_RANK], count[H5S_MAX_RANK]; /* what is in memory */
    uint8_t *elements;
    size_t bytes; /* of a whole slab */
} tool_slab;

/* Both are kept. False, with a message, if there is no memory. */
bool tool_slab_open(tool_slab *slab, const tool_chunked *source, const hsize_t *chunk);
void tool_slab_close(tool_slab *slab);

/* Visits the beginnings of slabs in which anything may be stored, in C order. */
bool tool_slabs_each(const tool_slab *slab, tool_chunk_visit visit, void *request);

/* Whether anything of the new chunk at `offset` is stored. */
bool tool_slab_holds(const tool_slab *slab, const hsize_t *offset);

/* Reads the slab that begins at `start`. False, with a message, if HDF5 fails. */
bool tool_slab_read(tool_slab *slab, const hsize_t *start);

/* Visits the chunks of the slab in memory, in C order. */
bool tool_slab_each(const tool_slab *slab, tool_chunk_visit visit, void *request);

/* Copies the chunk at `offset`, as far as it is in the dataset, to chunk[0] x chunk[1] x ..
 * elements. */
void tool_slab_cut(const tool_slab *slab, const hsize_t *offset, uint8_t *elements);

#endif
