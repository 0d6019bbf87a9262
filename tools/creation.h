/* How objects are created: datasets that the filter compresses, and what copies keep. */
#ifndef TOOL_CREATION_H
#define TOOL_CREATION_H

#include <hdf5.h>

#include "prism.h"

/* A creation property list with chunks of that shape and the filter, which may not fail. */
hid_t tool_creation_list(int rank, const hsize_t *chunk, const prism_options *options);

/* What any new object keeps of the original's list: whether times are tracked, and how attributes
 * are kept. */
void tool_creation_keep_object(hid_t from, hid_t list);

/* What a new dataset keeps of the original's list beside its storage: the fill value, which is no
 * address, when it is written, and what any object keeps. */
void tool_creation_keep(hid_t from, hid_t list, hid_t type);

#endif
