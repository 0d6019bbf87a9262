/* Numbers within pictures. */
#ifndef TOOL_CAPTION_H
#define TOOL_CAPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOOL_GLYPH_WIDTH = 6, /* of a character, with the space behind it, in points */
    TOOL_GLYPH_HEIGHT = 7
};

typedef struct tool_caption {
    size_t x, y;   /* its upper left corner, in pixels */
    size_t scale;  /* pixels along a side of a point */
    bool boxed;    /* white in a black box, one point wider all around; else black */
    char text[12]; /* digits and . - + e */
} tool_caption;

/* Its pixels in row `y` of a picture: `row` has `width` pixels of 4 bytes, RGBA. */
void tool_caption_draw(const tool_caption *caption, uint8_t *row, size_t y, size_t width);

#endif
