/* How an array of any rank is looked at as pictures. */
#ifndef TOOL_VIEW_H
#define TOOL_VIEW_H

#include "source.h"

enum { TOOL_NO_AXIS = -1, TOOL_AXIS_AUTO = -2 };

/* Axes are those of the dataset. */
typedef struct tool_view {
    const tool_source *source;
    int rows; /* none: the only axis, `columns`, is folded */
    int columns;
    int channels; /* or none */
    size_t height, width;
    size_t channel_count; /* 1 without channels */
    size_t frames;        /* product of all other axes */
} tool_view;

/*
 * `axis` is that of the channels or, if `frames_alone`, of the frames of a stack. By itself: of
 * rank 3, that of the planes of the first chunk, if it says one; else the first one of stacks and
 * where the other two are nearer to a square, and the last one is longer than four; else the last
 * one.
 */
bool tool_view_make(tool_view *view, const tool_source *source, int axis, bool frames_alone);

/* The whole frame as a part of the dataset. */
tool_part tool_view_frame(const tool_view *view, size_t frame);

/* What is read of a frame: `rows` x `columns`, `step` apart, and channels. */
typedef struct tool_window {
    size_t frame;
    size_t first_row, rows, columns, step;
    size_t first_channel, channels, channel_step;
} tool_window;

typedef struct tool_block {
    double *values; /* owned */
    size_t row_stride, column_stride, channel_stride;
} tool_block;

/* block->values is to be freed also after a failure, which has a message. */
bool tool_view_load(const tool_view *view, const tool_window *window, tool_block *block);

#endif
