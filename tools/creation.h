/* Datasets that the filter compresses. */
#ifndef TOOL_CREATION_H
#define TOOL_CREATION_H

#include <hdf5.h>

#include "prism.h"

/* A creation property list with chunks of that shape and the filter, which may not fail. */
hid_t tool_creation_list(int rank, const hsize_t *chunk, const prism_options *options);

#endif
