/* A dataset of HDF5 that is read. */
#ifndef TOOL_SOURCE_H
#define TOOL_SOURCE_H

#include <hdf5.h>
#include <stdbool.h>

#include "prism.h"

typedef struct tool_source {
    const char *path;                 /* of the dataset */
    char *found;                      /* the same, if nobody said which; owned */
    hid_t file, dataset, type, space; /* type: that of the file */
    int rank;
    hsize_t dims[H5S_MAX_RANK];
    bool chunked;
    hsize_t chunk[H5S_MAX_RANK]; /* of the dataset, or of a part that a chunk would suit */
} tool_source;

/* A part of a dataset. */
typedef struct tool_part {
    hsize_t start[H5S_MAX_RANK], count[H5S_MAX_RANK];
} tool_part;

/* Fails, with a message, unless it has elements, and at least one dimension. `path` NULL: that of
 * the only dataset. */
bool tool_source_open(tool_source *source, const char *file, const char *path);
void tool_source_close(tool_source *source);

/* Another dataset under the same name; both are closed with the source. */
bool tool_source_replace(tool_source *source, hid_t file, hid_t dataset);

/* As the codec sees a part of it; fails, with a message, if it does not compress such elements, or
 * if one of them is several numbers. */
bool tool_source_array(const tool_source *source, const hsize_t *dims, prism_array *array,
                       size_t *size);

/* Every stride[i]-th element (every one if `stride` is NULL) as elements of `type`. */
bool tool_source_read(const tool_source *source, const tool_part *part, const hsize_t *stride,
                      hid_t type, void *elements);

/* A part of `dims` of at most `most` bytes: halved along its longest axes, but `whole`, or -1, only
 * where nothing else is left. */
void tool_halve(hsize_t *part, int rank, size_t element, size_t most, int whole);

/* The chunk that begins at `index` times the chunk's shape, less what reaches over the edge. */
tool_part tool_source_chunk(const tool_source *source, const hsize_t *index);

#endif
