#include "picture.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "system/files.h"

bool tool_picture_make(tool_picture *p, size_t planes, size_t height, size_t width) {
    const size_t size = px_product(planes, height, width);
    *p = (tool_picture){planes, height, width, px_alloc(size, sizeof *p->values)};
    for (size_t i = 0; i < size && p->values; i++)
        p->values[i] = NAN;
    return p->values || tool_fail("out of memory for %zu x %zu pixels", height, width);
}

void tool_picture_free(tool_picture *p) {
    free(p->values);
    p->values = NULL;
}

/* ---- Contrast ---- */

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool tool_contrast_find(tool_contrast *contrast, const tool_picture *p, size_t plane,
                        double percent) {
    const size_t size = px_product(p->height, p->width);
    const double *values = tool_picture_at(p, plane, 0, 0);
    double *sorted = px_alloc(size, sizeof *sorted);
    size_t count = 0;
    if (!sorted)
        return tool_fail("out of memory for %zu values", size);
    for (size_t i = 0; i < size; i++)
        if (isfinite(values[i]))
            sorted[count++] = values[i];
    qsort(sorted, count, sizeof *sorted, compare);
    *contrast = (tool_contrast){0, 1};
    if (count) {
        const size_t left_out = (size_t)((double)(count - 1) * percent / 100);
        *contrast = (tool_contrast){sorted[left_out], sorted[count - 1 - left_out]};
    }
    free(sorted);
    return true;
}

/* ---- Colours ---- */

enum { CHANNELS = 4, STOPS = 6 };

/* Colours at equal distances, with straight lines between them. */
static const uint8_t maps[][STOPS + 1][3] = {[TOOL_PLAIN] = {{0, 0, 0},
                                                             {42, 42, 42},
                                                             {85, 85, 85},
                                                             {127, 127, 127},
                                                             {170, 170, 170},
                                                             {212, 212, 212},
                                                             {255, 255, 255}},
                                             [TOOL_SIGNED] = {{5, 48, 97},
                                                              {47, 121, 181},
                                                              {146, 197, 222},
                                                              {255, 255, 255},
                                                              {244, 165, 130},
                                                              {194, 50, 58},
                                                              {103, 0, 31}},
                                             [TOOL_HEAT] = {{68, 1, 84},
                                                            {68, 57, 131},
                                                            {49, 104, 142},
                                                            {33, 145, 140},
                                                            {53, 183, 121},
                                                            {144, 215, 67},
                                                            {253, 231, 37}}};

/* 0..1; a plane of one value lies in the middle. */
static double place_of(double value, tool_contrast contrast) {
    if (!(contrast.high > contrast.low))
        return 0.5;
    /* Halves: the difference of two numbers may be too large for one. */
    const double place = (value / 2 - contrast.low / 2) / (contrast.high / 2 - contrast.low / 2);
    return place < 0 ? 0 : place > 1 ? 1 : place;
}

static void set_colour(uint8_t *pixel, double place, tool_colours colours) {
    const double at = place * STOPS;
    const int stop = at < STOPS ? (int)at : STOPS - 1;
    for (int i = 0; i < 3; i++) {
        const double from = maps[colours][stop][i], to = maps[colours][stop + 1][i];
        pixel[i] = (uint8_t)lround(from + (to - from) * (at - stop));
    }
}

static void set_pixel(uint8_t *pixel, const tool_picture *p, const tool_rendering *r, size_t y,
                      size_t x) {
    memset(pixel, 0, CHANNELS);
    for (size_t i = 0; i < p->planes; i++)
        if (isnan(*tool_picture_at(p, i, y, x)))
            return;
    pixel[3] = UINT8_MAX;
    for (size_t i = 0; i < 3; i++) {
        const size_t plane = p->planes == 1 ? 0 : i;
        const double place = place_of(*tool_picture_at(p, plane, y, x), r->contrasts[plane]);
        pixel[i] = (uint8_t)lround(place * UINT8_MAX);
        if (r->colours != TOOL_PLAIN)
            set_colour(pixel, place, r->colours);
    }
}

/* ---- The colour bar ---- */

/* In points, from left to right: a gap, the bar, a gap, numbers. */
enum { GAP = 5, BAR = 10, DIGITS = 9, MARGIN = GAP + BAR + GAP / 2 + DIGITS * TOOL_GLYPH_WIDTH };

enum { LINE = TOOL_GLYPH_HEIGHT + 2, NUMBERS = 3 };

/* Pixels of a point: numbers stay readable beside large pictures. */
static size_t point_of(size_t height) {
    static const size_t usual = 512;
    return 1 + height / usual;
}

size_t tool_bar_room(size_t height) {
    return MARGIN * point_of(height);
}

void tool_picture_size(const tool_picture *p, const tool_rendering *r, size_t *height,
                       size_t *width) {
    *height = p->height * r->zoom;
    *width = p->width * r->zoom;
    if (!r->has_bar)
        return;
    *width += tool_bar_room(*height);
    *height = px_larger(*height, NUMBERS * LINE * point_of(*height));
}

/* The largest value, the one in the middle and the smallest. */
static void make_numbers(tool_caption numbers[NUMBERS], const tool_picture *p,
                         const tool_rendering *r) {
    size_t height, width;
    const tool_contrast c = r->contrasts[0];
    const double values[NUMBERS] = {c.high, c.low / 2 + c.high / 2, c.low};
    const size_t point = point_of(p->height * r->zoom);
    tool_picture_size(p, r, &height, &width);
    for (size_t i = 0; i < NUMBERS; i++) {
        numbers[i] = (tool_caption){.x = width - DIGITS * TOOL_GLYPH_WIDTH * point,
                                    .y = i * (height - TOOL_GLYPH_HEIGHT * point) / (NUMBERS - 1),
                                    .scale = point};
        snprintf(numbers[i].text, sizeof numbers[i].text, "%.3g", values[i]);
    }
}

/* What is beside the picture, in row y: white, and the bar. */
static void draw_margin(uint8_t *row, const tool_picture *p, const tool_rendering *r, size_t y) {
    size_t height, width;
    const size_t start = p->width * r->zoom, point = point_of(p->height * r->zoom);
    tool_picture_size(p, r, &height, &width);
    const size_t from = y < p->height * r->zoom ? start : 0;
    memset(row + CHANNELS * from, UINT8_MAX, CHANNELS * (width - from));
    for (size_t x = start + GAP * point; x < start + (GAP + BAR) * point; x++)
        set_colour(row + CHANNELS * x, 1 - (double)y / (double)(height - 1), r->colours);
}

/* ---- PNG ---- */

static bool has_gaps(const tool_picture *p) {
    for (size_t i = 0; i < p->planes * p->height * p->width; i++)
        if (isnan(p->values[i]))
            return true;
    return false;
}

static void write_head(png_structp png, png_infop info, const tool_picture *p,
                       const tool_rendering *r, const char *text) {
    size_t height, width;
    tool_picture_size(p, r, &height, &width);
    png_text texts[] = {
        {.compression = PNG_TEXT_COMPRESSION_NONE, .key = "Software", .text = "h5prism preview"},
        {.compression = PNG_TEXT_COMPRESSION_NONE,
         .key = "Description",
         .text = (char *)(uintptr_t)text}};
    const bool gaps = has_gaps(p);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8,
                 gaps ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_text(png, info, texts, 2);
    png_write_info(png, info);
    if (!gaps)
        png_set_filler(png, 0, PNG_FILLER_AFTER);
}

static void draw_row(uint8_t *row, const tool_picture *p, const tool_rendering *r, size_t y) {
    size_t height, width;
    tool_caption numbers[NUMBERS];
    tool_picture_size(p, r, &height, &width);
    for (size_t x = 0; y < p->height * r->zoom && x < p->width * r->zoom; x++)
        set_pixel(row + CHANNELS * x, p, r, y / r->zoom, x / r->zoom);
    for (size_t i = 0; i < r->caption_count; i++)
        tool_caption_draw(&r->captions[i], row, y, p->width * r->zoom);
    if (!r->has_bar)
        return;
    draw_margin(row, p, r, y);
    make_numbers(numbers, p, r);
    for (size_t i = 0; i < NUMBERS; i++)
        tool_caption_draw(&numbers[i], row, y, width);
}

/* libpng comes back by longjmp where it fails. */
static bool write_rows(png_structp png, png_infop info, FILE *file, const tool_picture *p,
                       const tool_rendering *r, const char *text, uint8_t *row) {
    if (setjmp(png_jmpbuf(png)))
        return false;
    size_t height, width;
    png_init_io(png, file);
    write_head(png, info, p, r, text);
    tool_picture_size(p, r, &height, &width);
    for (size_t y = 0; y < height; y++) {
        draw_row(row, p, r, y);
        png_write_row(png, row);
    }
    png_write_end(png, info);
    return true;
}

static void stay_silent(png_structp png, png_const_charp message) {
    (void)png, (void)message;
}

/* Whoever called says that it failed. */
static void fail_silently(png_structp png, png_const_charp message) {
    (void)message;
    png_longjmp(png, 1);
}

bool tool_picture_write(const tool_picture *p, const tool_rendering *r, const char *text,
                        const char *name) {
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail_silently, stay_silent);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    size_t height, width;
    tool_picture_size(p, r, &height, &width);
    uint8_t *row = px_alloc(CHANNELS, width);
    FILE *file = info && row ? px_file_stream(name, true) : NULL;
    bool done = file && write_rows(png, info, file, p, r, text, row);
    if (file && fclose(file) != 0)
        done = false;
    const int number = errno;
    free(row);
    png_destroy_write_struct(&png, &info);
    return done || tool_fail("%s cannot be written: %s", name, strerror(number));
}
