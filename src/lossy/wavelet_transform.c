#include "lossy/wavelet_transform.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "lossy/component_kernels.h"

enum { LEAST_SIDE = 10 }; /* what is shorter is not divided */

static void add_bands(px_wavelet *w, int level) {
    const size_t height = w->heights[level], width = w->widths[level];
    const size_t low_height = w->heights[level + 1], low_width = w->widths[level + 1];
    const px_band bands[] = {
        {0, low_width, low_height, width - low_width, level, 1},
        {low_height, 0, height - low_height, low_width, level, 2},
        {low_height, low_width, height - low_height, width - low_width, level, 3}};
    for (int i = 0; i < 3; i++)
        if (bands[i].height && bands[i].width)
            w->bands[w->band_count++] = bands[i];
}

static void find_bands(px_wavelet *w) {
    w->heights[0] = w->height;
    w->widths[0] = w->width;
    while (w->levels < PX_WAVELET_LEVELS) {
        const size_t height = w->heights[w->levels], width = w->widths[w->levels];
        if (height < LEAST_SIDE && width < LEAST_SIDE)
            break;
        w->levels++;
        w->heights[w->levels] = height < LEAST_SIDE ? height : (height + 1) / 2;
        w->widths[w->levels] = width < LEAST_SIDE ? width : (width + 1) / 2;
    }
    const int level = w->levels ? w->levels - 1 : 0;
    w->bands[w->band_count++] =
        (px_band){0, 0, w->heights[w->levels], w->widths[w->levels], level, 0};
    for (int l = w->levels - 1; l >= 0; l--)
        add_bands(w, l);
}

uint64_t px_wavelet_memory(size_t height, size_t width) {
    return (2 * (uint64_t)height * width + (height > width ? height : width)) * sizeof(double);
}

prism_status px_wavelet_make(px_wavelet *w, size_t height, size_t width, prism_error *error) {
    *w = (px_wavelet){.height = height, .width = width};
    find_bands(w);
    w->plane = px_alloc(height, width, sizeof *w->plane);
    w->other = px_alloc(height, width, sizeof *w->other);
    w->line = px_alloc(width, sizeof *w->line);
    return w->plane && w->other && w->line
               ? PRISM_OK
               : px_out_of_memory(error, px_product(2, height, width, sizeof(double)));
}

void px_wavelet_free(px_wavelet *w) {
    free(w->plane);
    free(w->other);
    free(w->line);
    *w = (px_wavelet){.levels = 0};
}

/* ---- Lifting ---- */

typedef void (*lift)(double *to, const double *a, const double *b, double factor, size_t count);

/* Factors of 2^14, for odd, even, odd and even places. */
static const double lifts[4] = {-25987 / 16384.0, -868 / 16384.0, 14466 / 16384.0, 7266 / 16384.0};
static const double LOW = 18835 / 16384.0, LOW_AGAIN = 14252 / 16384.0;

/* Even places from the odd ones beside them; beyond the ends is what mirrors give. */
static void lift_even(lift step, double *even, size_t evens, const double *odd, size_t odds,
                      double factor) {
    step(even, odd, odd, factor, 1);
    step(even + 1, odd, odd + 1, factor, odds - 1);
    if (evens > odds)
        step(even + odds, odd + odds - 1, odd + odds - 1, factor, 1);
}

static void lift_odd(lift step, double *odd, size_t odds, const double *even, size_t evens,
                     double factor) {
    step(odd, even, even + 1, factor, evens - 1);
    if (odds == evens)
        step(odd + odds - 1, even + evens - 1, even + evens - 1, factor, 1);
}

/* The same of rows: place y of the column is row y. */
static void lift_row(lift step, double *rows, size_t height, size_t width, size_t y,
                     double factor) {
    const size_t above = y ? y - 1 : 1, below = y + 1 < height ? y + 1 : y - 1;
    step(rows + y * width, rows + above * width, rows + below * width, factor, width);
}

static void lift_rows(lift step, double *rows, size_t height, size_t width, size_t first,
                      double factor) {
    for (size_t y = first; y < height; y += 2)
        lift_row(step, rows, height, width, y, factor);
}

/* ---- Forward ---- */

static void scale_free(double *line, double factor, size_t count) {
    for (size_t i = 0; i < count; i++)
        line[i] *= factor;
}

/* A line to its lows, then its highs. */
static void line_forward(double *to, const double *from, size_t count) {
    const lift step = px_component_kernels_best()->lift_free;
    const size_t evens = (count + 1) / 2, odds = count / 2;
    double *even = to, *odd = to + evens;
    for (size_t i = 0; i < evens; i++)
        even[i] = from[2 * i];
    for (size_t i = 0; i < odds; i++)
        odd[i] = from[2 * i + 1];
    lift_odd(step, odd, odds, even, evens, lifts[0]);
    lift_even(step, even, evens, odd, odds, lifts[1]);
    lift_odd(step, odd, odds, even, evens, lifts[2]);
    lift_even(step, even, evens, odd, odds, lifts[3]);
    scale_free(even, LOW, evens);
    scale_free(odd, 1 / LOW, odds);
}

static void columns_forward(double *rows, size_t height, size_t width) {
    for (int i = 0; i < 4; i++)
        lift_rows(px_component_kernels_best()->lift_free, rows, height, width, !(i & 1), lifts[i]);
    for (size_t y = 0; y < height; y++)
        scale_free(rows + y * width, y & 1 ? 1 / LOW : LOW, width);
}

/* Where row y of the interleaved ones lies in Mallat's layout. */
static size_t row_of(size_t y, size_t height, size_t low_height) {
    return low_height == height ? y : y & 1 ? low_height + y / 2 : y / 2;
}

static void level_forward(px_wavelet *w, int level) {
    const size_t height = w->heights[level], width = w->widths[level];
    const size_t low_height = w->heights[level + 1], low_width = w->widths[level + 1];
    for (size_t y = 0; y < height; y++)
        memcpy(w->other + y * width, w->plane + y * w->width, width * sizeof *w->other);
    if (low_height < height)
        columns_forward(w->other, height, width);
    for (size_t y = 0; y < height; y++) {
        double *to = w->plane + row_of(y, height, low_height) * w->width;
        if (low_width < width)
            line_forward(to, w->other + y * width, width);
        else
            memcpy(to, w->other + y * width, width * sizeof *to);
    }
}

void px_wavelet_forward(px_wavelet *w, float *bands, const float *numbers) {
    for (size_t i = 0; i < w->height * w->width; i++)
        w->plane[i] = (double)numbers[i];
    for (int level = 0; level < w->levels; level++)
        level_forward(w, level);
    for (size_t i = 0; i < w->height * w->width; i++)
        bands[i] = (float)w->plane[i];
}

/* ---- Inverse ---- */

static void line_inverse(double *to, double *line, const double *from, size_t count) {
    const px_component_kernels *kernels = px_component_kernels_best();
    const size_t evens = (count + 1) / 2, odds = count / 2;
    double *even = line, *odd = line + evens;
    kernels->scale(even, from, LOW_AGAIN, evens);
    kernels->scale(odd, from + evens, LOW, odds);
    lift_even(kernels->lift, even, evens, odd, odds, lifts[3]);
    lift_odd(kernels->lift, odd, odds, even, evens, lifts[2]);
    lift_even(kernels->lift, even, evens, odd, odds, lifts[1]);
    lift_odd(kernels->lift, odd, odds, even, evens, lifts[0]);
    for (size_t i = 0; i < evens; i++)
        to[2 * i] = even[i];
    for (size_t i = 0; i < odds; i++)
        to[2 * i + 1] = odd[i];
}

static void columns_inverse(double *rows, size_t height, size_t width) {
    const px_component_kernels *kernels = px_component_kernels_best();
    for (size_t y = 0; y < height; y++)
        kernels->scale(rows + y * width, rows + y * width, y & 1 ? LOW : LOW_AGAIN, width);
    for (int i = 3; i >= 0; i--)
        lift_rows(kernels->lift, rows, height, width, !(i & 1), lifts[i]);
}

static void level_inverse(px_wavelet *w, int level) {
    const size_t height = w->heights[level], width = w->widths[level];
    const size_t low_height = w->heights[level + 1], low_width = w->widths[level + 1];
    for (size_t y = 0; y < height; y++) {
        const double *from = w->plane + row_of(y, height, low_height) * w->width;
        if (low_width < width)
            line_inverse(w->other + y * width, w->line, from, width);
        else
            memcpy(w->other + y * width, from, width * sizeof *w->other);
    }
    if (low_height < height)
        columns_inverse(w->other, height, width);
    for (size_t y = 0; y < height; y++)
        memcpy(w->plane + y * w->width, w->other + y * width, width * sizeof *w->plane);
}

/* Beyond 32 bits, which only damage gives, numbers end. */
static int32_t clipped(double number) {
    return number < -0x7fffffff ? -0x7fffffff : number > 0x7fffffff ? 0x7fffffff : (int32_t)number;
}

void px_wavelet_inverse(px_wavelet *w, int32_t *plane, int last) {
    for (size_t i = 0; i < w->height * w->width; i++)
        w->plane[i] = plane[i];
    for (int level = w->levels - 1; level >= last; level--)
        level_inverse(w, level);
    for (size_t i = 0; i < w->height * w->width; i++)
        plane[i] = clipped(w->plane[i]);
}
