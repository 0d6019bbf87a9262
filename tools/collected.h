/* A stack of frames in a file, which is read frame by frame, and what the frames are called. */
#ifndef TOOL_COLLECTED_H
#define TOOL_COLLECTED_H

#include "image.h"
#include "source.h"

typedef struct tool_collected {
    tool_source source;
    tool_image frame; /* the latest one; its samples are owned */
    size_t count, next;
    bool is_stack; /* the first axis counts frames */
} tool_collected;

/* Frames are the first axis, then come rows, columns and up to 4 channels, if there are any. Two
 * axes are one frame, and so are three of which the last are channels, `in_colour`. `path` NULL:
 * the only dataset. False, with a message; call tool_collected_close then, too. */
bool tool_collected_open(tool_collected *c, const char *file, const char *path, bool in_colour);
void tool_collected_close(tool_collected *c);

/* The next frame into c->frame. False, with a message, if HDF5 fails. */
bool tool_collected_read(tool_collected *c);

/* Names of frames, in a dataset beside the stack, whose attribute tells the path. False, with a
 * message, if they cannot be written. */
bool tool_names_write(hid_t file, const char *stack, const char *const *names, size_t count);

/* [c->count], to be freed by tool_names_free; NULL without a message where there are none. */
char **tool_names_read(const tool_collected *c);
void tool_names_free(char **names, size_t count);

#endif
