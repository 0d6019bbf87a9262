/* The beginning of a chunk, as much as a smaller picture takes, without the rest being read. */
#ifndef TOOL_BEGINNING_H
#define TOOL_BEGINNING_H

#include "chunked.h"

/*
 * As tool_chunked_read, but of a chunk that h5prism encoded no more bytes than prism_decode with
 * that `reduce` takes, where HDF5 tells where in the file they are: not of files with a user block
 * or of several parts.
 */
bool tool_beginning_read(const tool_chunked *c, const hsize_t *offset, int reduce,
                         tool_stored *stored);

#endif
