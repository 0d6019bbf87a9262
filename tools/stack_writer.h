/* Frames of one shape into a new dataset, frame after frame; chunks of several are encoded by many
 * threads. */
#ifndef TOOL_STACK_WRITER_H
#define TOOL_STACK_WRITER_H

#include <hdf5.h>

#include "crew.h"
#include "image.h"

typedef struct tool_stack {
    const char *path;   /* of the dataset */
    tool_image shape;   /* of a frame, without samples */
    size_t count;       /* frames */
    size_t chunk_count; /* frames of a chunk at most */
} tool_stack;

typedef struct tool_stack_writer {
    const tool_stack *stack;
    tool_crew crew;
    hid_t dataset;
    unsigned words[PRISM_MAX_WORDS]; /* the filter's parameters */
    size_t word_count;
    size_t frames;    /* of a chunk */
    size_t added;     /* frames so far */
    uint8_t *samples; /* of the chunk that is being filled; owned */
} tool_stack_writer;

/* Frames are the first axis, then come rows, columns and, unless there is one, channels. False,
 * with a message; call tool_stack_close then, too. */
bool tool_stack_create(tool_stack_writer *w, hid_t file, const tool_stack *stack,
                       const prism_options *options, size_t threads);
bool tool_stack_add(tool_stack_writer *w, const uint8_t *samples);

/* Writes what is left, unless something failed before; whether all is written. */
bool tool_stack_close(tool_stack_writer *w, bool done);

/* The axes of the dataset: 3, or 4 of frames with several channels. */
int tool_stack_dims(const tool_stack *stack, hsize_t dims[4]);

/* HDF5's name of the type, in the machine's byte order; not to be closed. */
hid_t tool_stack_type(prism_type type);

#endif
