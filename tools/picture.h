/* Pictures: planes of numbers, their colours, and PNG. */
#ifndef TOOL_PICTURE_H
#define TOOL_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "caption.h"

typedef enum tool_colours {
    TOOL_PLAIN,  /* one plane is grey, three are red, green and blue */
    TOOL_SIGNED, /* one plane: blue below 0, white, red above */
    TOOL_HEAT    /* one plane: dark blue, green, yellow */
} tool_colours;

typedef struct tool_picture {
    size_t planes; /* 1 or 3 */
    size_t height, width;
    double *values; /* [planes][height][width]; NaN where there is none: transparent */
} tool_picture;

/* All NaN; fails with a message. */
bool tool_picture_make(tool_picture *picture, size_t planes, size_t height, size_t width);
void tool_picture_free(tool_picture *picture);

static inline double *tool_picture_at(const tool_picture *picture, size_t plane, size_t y,
                                      size_t x) {
    return picture->values + (plane * picture->height + y) * picture->width + x;
}

/* What becomes the first and the last of the colours. */
typedef struct tool_contrast {
    double low, high;
} tool_contrast;

/* The values with `percent` of a plane's values below and as many above; with 0 the extremes. Of a
 * plane without values 0 and 1. */
bool tool_contrast_find(tool_contrast *contrast, const tool_picture *picture, size_t plane,
                        double percent);

typedef struct tool_rendering {
    tool_contrast contrasts[3]; /* of the planes */
    tool_colours colours;
    size_t zoom; /* pixels along a side of every value */
    bool
        has_bar; /* the colours beside the picture, of one plane, with the numbers that they mean */
    const tool_caption *captions;
    size_t caption_count;
} tool_rendering;

/* Pixels that the colour bar takes at most beside a picture of that height. */
size_t tool_bar_room(size_t height);

/* Pixels of the picture with all that is beside it. */
void tool_picture_size(const tool_picture *picture, const tool_rendering *rendering, size_t *height,
                       size_t *width);

/* Writes a PNG with `text` as its description. */
bool tool_picture_write(const tool_picture *picture, const tool_rendering *rendering,
                        const char *text, const char *name);

#endif
