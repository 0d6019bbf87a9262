#include "caption.h"

#include <string.h>

enum { CHANNELS = 4, POINTS = 5 };

static const char known[] = "0123456789.-+e";

/* Rows of points from the top; the leftmost point is the highest of five bits. */
static const uint8_t glyphs[][TOOL_GLYPH_HEIGHT] = {
    {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}, {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e},
    {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f}, {0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e},
    {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}, {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e},
    {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}, {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08},
    {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}, {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c}, {0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00},
    {0x00, 0x04, 0x04, 0x1f, 0x04, 0x04, 0x00}, {0x00, 0x00, 0x0e, 0x11, 0x1f, 0x10, 0x0e}};

static bool is_set(const char *text, size_t length, long line, long column) {
    if (line < 0 || line >= TOOL_GLYPH_HEIGHT || column < 0 ||
        (size_t)column >= length * TOOL_GLYPH_WIDTH || column % TOOL_GLYPH_WIDTH == POINTS)
        return false;
    const char *found = strchr(known, text[column / TOOL_GLYPH_WIDTH]);
    return found && glyphs[found - known][line] >> (POINTS - 1 - column % TOOL_GLYPH_WIDTH) & 1;
}

void tool_caption_draw(const tool_caption *c, uint8_t *row, size_t y, size_t width) {
    const size_t length = strlen(c->text);
    const long edge = c->boxed, scale = (long)c->scale;
    const long lines = TOOL_GLYPH_HEIGHT + 2 * edge;
    const long columns = (long)length * TOOL_GLYPH_WIDTH - 1 + 2 * edge;
    if (y < c->y || (long)(y - c->y) >= lines * scale)
        return;
    const long line = (long)(y - c->y) / scale - edge;
    for (long x = 0; x < columns * scale && c->x + (size_t)x < width; x++) {
        const bool set = is_set(c->text, length, line, x / scale - edge);
        uint8_t *pixel = row + CHANNELS * (c->x + (size_t)x);
        if (!set && !c->boxed)
            continue;
        memset(pixel, set == c->boxed ? UINT8_MAX : 0, CHANNELS - 1);
        pixel[CHANNELS - 1] = UINT8_MAX;
    }
}
