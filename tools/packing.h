/* How the chunks of a new dataset are filtered. */
#ifndef TOOL_PACKING_H
#define TOOL_PACKING_H

#include <hdf5.h>

#include "filter/chunk.h"

typedef enum tool_filter {
    TOOL_FILTER_H5PRISM,
    TOOL_FILTER_GZIP, /* behind HDF5's shuffle, for elements of several bytes */
    TOOL_FILTER_NONE
} tool_filter;

typedef struct tool_packing {
    tool_filter filter;
    int level; /* of gzip: 1 to 9 */
} tool_packing;

/* Gives the filters to a creation list without any. `options`: of h5prism. */
void tool_packing_set(const tool_packing *packing, hid_t list, size_t element_bytes,
                      const uint32_t *options);

/* The elements of a chunk as HDF5's own filters would write them; may be called by any thread. Not
 * for h5prism. */
prism_status tool_packing_encode(const tool_packing *packing, const void *elements, size_t size,
                                 size_t element_bytes, plugin_output *output, prism_error *error);

#endif
