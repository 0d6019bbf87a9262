/* A dataset of HDF5 as frames: the first axis counts them. */
#ifndef TOOL_FRAMES_H
#define TOOL_FRAMES_H

#include <hdf5.h>

#include "planes/planes.h"
#include "similarity/signature.h"

typedef struct tool_frames {
    hid_t dataset, type, space; /* type: that of the file */
    int rank;
    hsize_t dims[H5S_MAX_RANK];
    prism_array frame; /* one of them: the first dimension is 1 */
    size_t bytes;      /* of one */
} tool_frames;

/* False, with a message, if this is no stack that can be grouped. */
bool tool_frames_open(tool_frames *f, hid_t file, const char *path);
void tool_frames_close(tool_frames *f);

/* `count` frames from `first` of the dataset, in the type of the file. */
bool tool_frames_read(const tool_frames *f, hsize_t first, hsize_t count, void *elements);

/* The signatures of all frames; one frame at a time is in memory. */
bool tool_frames_sign(const tool_frames *f, px_signatures *signatures);

/* Selects `count` frames from `first` in a dataspace like the dataset's. */
bool tool_frames_select(const tool_frames *f, hid_t space, H5S_seloper_t operator, hsize_t first,
                        hsize_t count);

#endif
