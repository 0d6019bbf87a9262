/* A dataset's chunks: where they are, and how they come out of the file. */
#ifndef TOOL_CHUNKED_H
#define TOOL_CHUNKED_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prism.h"

typedef struct tool_chunked {
    hid_t dataset, type, space, list; /* list: its creation properties */
    const char *path;
    int rank;
    hsize_t dims[H5S_MAX_RANK], most[H5S_MAX_RANK]; /* most: as far as it can be extended */
    H5D_layout_t layout;
    hsize_t chunk[H5S_MAX_RANK]; /* of a chunked layout */
    size_t element_bytes, chunk_bytes;
    int filters;
    int place;                       /* of h5prism in the pipeline, or -1 */
    unsigned words[PRISM_MAX_WORDS]; /* h5prism's parameters */
    size_t word_count;
    bool plain_edges; /* chunks that reach over the edge are not filtered */
} tool_chunked;

/* False, with a message, if there is no such dataset. `path` is kept. */
bool tool_chunked_open(tool_chunked *c, hid_t file, const char *path);

/* The same for a dataset that is open, and is opened once more. */
bool tool_chunked_of(tool_chunked *c, hid_t dataset, const char *path);
void tool_chunked_close(tool_chunked *c);

/* As tool_chunked_of, without a message. */
bool tool_chunked_try(tool_chunked *c, hid_t dataset, const char *path);

/* Whether elements are in the file itself, as far as they are stored: not of virtual datasets, nor
 * of those in external files. */
bool tool_chunked_is_own(const tool_chunked *c);

/* NULL, or the message in `error`: HDF5 cannot decode the dataset, for want of a filter. */
const char *tool_chunked_missing_filter(const tool_chunked *c, prism_error *error);

/* Elements and their bytes, of the whole dataset; 0 of a dataset without dataspace. */
uint64_t tool_chunked_values(const tool_chunked *c);
uint64_t tool_chunked_bytes(const tool_chunked *c);

/* Steps to the next chunk of shape `chunk`, in C order; false after the last. Start at 0, .. , 0 if
 * no dimension is 0. */
bool tool_chunked_next(const tool_chunked *c, const hsize_t *chunk, hsize_t *offset);

/* Chunks that are stored, of a chunked dataset, and places for chunks in all: UINT64_MAX for more.
 */
bool tool_chunked_count(const tool_chunked *c, hsize_t *stored, hsize_t *all);

/* Visits the chunks that are stored, each once, in C order. False if a visit is, or, with a
 * message, if not all of them can be found. */
typedef bool (*tool_chunk_visit)(void *request, const hsize_t *offset);
bool tool_chunked_each(const tool_chunked *c, tool_chunk_visit visit, void *request);

/* Whether the chunk at `offset` is stored. */
bool tool_chunked_holds(const tool_chunked *c, const hsize_t *offset);

/* Whether a chunk of shape `chunk` at `offset` reaches over the edge of the dataset. */
bool tool_chunked_partial(const tool_chunked *c, const hsize_t *chunk, const hsize_t *offset);

/* Fills so many bytes with the fill value: what is beyond the edge of the dataset, as HDF5 has it.
 */
void tool_chunked_fill(const tool_chunked *c, uint8_t *elements, size_t bytes);

/* Whether the dataset's filter may have lost something: *options are those that it has. */
bool tool_chunked_is_lossy(const tool_chunked *c, prism_options *options);

/* Elements of the dataset's chunk at `offset` that are in the dataset. */
uint64_t tool_chunked_inside(const tool_chunked *c, const hsize_t *offset);

typedef struct tool_stored {
    uint8_t *bytes; /* to be freed; NULL: the chunk is not stored */
    size_t size;
    uint32_t mask; /* filters that were skipped: HDF5's filter mask */
    bool encoded;  /* by h5prism, and by no filter after it */
} tool_stored;

/* The bytes of one chunk as they are in the file. False, with a message, if they cannot be read. */
bool tool_chunked_read(const tool_chunked *c, const hsize_t *offset, tool_stored *stored);

/* Whether h5prism encoded the chunk at `offset`, of that filter mask, and no filter after it. */
bool tool_chunked_encoded(const tool_chunked *c, const hsize_t *offset, uint32_t mask);

/* "0,256,0": the text of an offset or a shape, with `separator` between numbers. */
enum { TOOL_SHAPE_TEXT = 21 * H5S_MAX_RANK };
const char *tool_shape_text(char text[TOOL_SHAPE_TEXT], int rank, const hsize_t *shape,
                            const char *separator);

#endif
