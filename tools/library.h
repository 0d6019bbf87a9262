/* HDF5 as the tool uses it: it prints nothing, and the reasons of its failures are kept. */
#ifndef TOOL_LIBRARY_H
#define TOOL_LIBRARY_H

#include <hdf5.h>
#include <stdbool.h>

#include "system/format.h"

/* Before any other call; registers the filters. */
void tool_library_start(void);

/* Registers h5prism, and lzf, so that no plugin is needed for them. */
void tool_library_filters(void);

/* Why HDF5's latest failure came about. */
const char *tool_library_reason(void);

/* As tool_fail, with the reason of HDF5's latest failure behind it. */
bool tool_fail_library(const char *format, ...) PX_PRINTF(1, 2);

/* Memory for decoded chunks of each dataset of an input that is open, so that they can be asked for
 * piece by piece. */
enum { TOOL_CACHE_BYTES = 64 << 20 };

/* Properties with which files are opened and created. To be closed. */
hid_t tool_access_list(void);

/* False, with a message, if IN is no HDF5 file that can be read. */
bool tool_open_input(hid_t *file, const char *path);

/* Whether there is an object at `path`; HDF5 itself wants every group on the way to be there. */
bool tool_exists(hid_t file, const char *path);

/* Whether the object is in that file: external links lead to others. */
bool tool_same_file(hid_t object, hid_t file);

/* False, with a message that says why the object at `path` cannot be opened as a dataset, right
 * after HDF5 has failed. */
bool tool_fail_to_open(hid_t file, const char *path);

/* False, with a message, if there is no dataset at `path`. */
bool tool_open_dataset(hid_t *dataset, hid_t file, const char *path);

#endif
