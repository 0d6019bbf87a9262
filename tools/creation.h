/* Datasets that the filter compresses. */
#ifndef TOOL_CREATION_H
#define TOOL_CREATION_H

#include <hdf5.h>

#include "prism.h"

/* A creation property list with chunks of that shape and the filter, which may not fail. */
hid_t tool_creation_list(int rank, const hsize_t *chunk, const prism_options *options);

/* What a new dataset keeps of the original's list beside its storage: the fill value, which is no
 * address, times, and how attributes are kept. */
void tool_creation_keep(hid_t from, hid_t list, hid_t type);

#endif
