/*
 * How much one frame tells of another is measured on innovations, the residuals of the median edge
 * detector: those of a frame less a multiple of those of its references, fitted by least squares.
 * A plain difference of frames would double their noise, and so make noisy frames strangers.
 */
#include "stack/signature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "estimate.h"
#include "status.h"

enum { RUN = 64, UNIT_SHIFT = 8, UNIT = 1 << UNIT_SHIFT };

/* Multiples as near to one are taken for one: then frames agree but for a few places, which would
 * draw the fit away from where they agree. */
static const double NEARLY_ONE = 0.2, LARGEST = 2;

prism_status px_signatures_alloc(px_signatures *s, size_t count, const px_planes *planes,
                                 size_t samples, prism_error *error) {
    const size_t size = px_plane_size(planes);
    *s = (px_signatures){.count = count, .samples = size, .run = planes->width};
    if (size > samples) {
        s->run = planes->width < RUN ? planes->width : RUN;
        s->samples = samples / s->run * s->run;
    }
    s->hashes = calloc(count, sizeof *s->hashes);
    s->contents = calloc(count, sizeof *s->contents);
    s->alone = calloc(count, sizeof *s->alone);
    s->energies = calloc(count, sizeof *s->energies);
    s->thumbnails = calloc(count, PX_THUMBNAIL * sizeof *s->thumbnails);
    s->innovations = calloc(count, s->samples * sizeof *s->innovations);
    if (s->hashes && s->contents && s->alone && s->energies && s->thumbnails && s->innovations)
        return PRISM_OK;
    px_signatures_free(s);
    return px_out_of_memory(error, count * s->samples * sizeof *s->innovations);
}

void px_signatures_free(px_signatures *s) {
    free(s->hashes);
    free(s->contents);
    free(s->alone);
    free(s->energies);
    free(s->thumbnails);
    free(s->innovations);
    *s = (px_signatures){0};
}

/* FNV-1a over words. */
static uint64_t content_of(const int64_t *cells) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t c = 0; c < PX_CELLS * PX_CELLS; c++)
        hash = (hash ^ (uint64_t)cells[c]) * 0x100000001b3u;
    return hash;
}

/* Means of 2 x 2 cells, as large as 16 bits allow. */
static void set_thumbnail(int16_t *thumbnail, const int64_t *cells, const px_planes *planes) {
    enum { EDGE = PX_CELLS / 2 };
    const int64_t weight = 4 * (int64_t)px_plane_size(planes);
    const int64_t unit = planes->depth == 8 ? 256 : 1;
    for (size_t y = 0; y < EDGE; y++)
        for (size_t x = 0; x < EDGE; x++) {
            const int64_t *cell = cells + 2 * y * PX_CELLS + 2 * x;
            int64_t sum = cell[0] + cell[1] + cell[PX_CELLS] + cell[PX_CELLS + 1];
            thumbnail[y * EDGE + x] = (int16_t)(sum * unit / weight);
        }
}

static int16_t innovation(const px_planes *planes, const int16_t *plane, size_t y, size_t x) {
    const int16_t *here = plane + y * planes->width + x;
    int32_t west = x ? here[-1] : 0, guess = west;
    if (y) {
        const int16_t *above = here - planes->width;
        guess = x ? px_median_edge(west, above[0], above[-1]) : above[0];
    }
    return px_wrap(*here - guess, planes->depth);
}

/* Runs of samples spread over the plane: evenly over its rows, by the golden ratio over its
 * columns. Where all samples are taken, the runs are the rows. */
static void set_innovations(px_signatures *s, size_t frame, const px_planes *planes, size_t index) {
    const size_t runs = s->samples / s->run, room = planes->width - s->run + 1;
    const int16_t *plane = px_plane(planes, index);
    int16_t *to = s->innovations + frame * s->samples;
    px_histogram h = {.total = 0};
    int64_t energy = 0;
    for (size_t r = 0; r < runs; r++) {
        const size_t y = (size_t)((double)r * (double)planes->height / (double)runs);
        const size_t x = (size_t)(fmod((double)r * 0.6180339887, 1) * (double)room);
        for (size_t i = 0; i < s->run; i++, to++) {
            *to = innovation(planes, plane, y, x + i);
            px_histogram_add(&h, *to);
            energy += *to * *to;
        }
    }
    s->alone[frame] = px_histogram_bits(&h);
    s->energies[frame] = (double)energy;
}

void px_signatures_set(px_signatures *s, size_t frame, const px_planes *planes, size_t index) {
    int64_t cells[PX_CELLS * PX_CELLS];
    s->hashes[frame] = px_hash_plane(planes, index, cells);
    s->contents[frame] = content_of(cells);
    set_thumbnail(s->thumbnails + frame * PX_THUMBNAIL, cells, planes);
    set_innovations(s, frame, planes, index);
}

uint32_t px_thumbnail_distance(const px_signatures *s, size_t a, size_t b) {
    const int16_t *p = s->thumbnails + a * PX_THUMBNAIL, *q = s->thumbnails + b * PX_THUMBNAIL;
    int32_t sum = 0;
    for (size_t i = 0; i < PX_THUMBNAIL; i++)
        sum += abs(p[i] - q[i]);
    return (uint32_t)sum;
}

static double product(const px_signatures *s, size_t a, size_t b) {
    const int16_t *p = s->innovations + a * s->samples, *q = s->innovations + b * s->samples;
    int64_t sum = 0;
    for (size_t i = 0; i < s->samples; i++)
        sum += p[i] * q[i];
    return (double)sum;
}

static int32_t in_units(double multiple) {
    return (int32_t)lrint(fmax(-LARGEST, fmin(multiple, LARGEST)) * UNIT);
}

double px_bits_given(const px_signatures *s, size_t frame, size_t reference) {
    const int16_t *p = s->innovations + frame * s->samples;
    const int16_t *q = s->innovations + reference * s->samples;
    const double energy = s->energies[reference];
    const double fit = energy > 0 ? product(s, frame, reference) / energy : 0;
    const int32_t multiple = fabs(fit - 1) < NEARLY_ONE ? UNIT : in_units(fit);
    px_histogram h = {.total = 0};
    for (size_t i = 0; i < s->samples; i++)
        px_histogram_add(&h, p[i] - ((q[i] * multiple + UNIT / 2) >> UNIT_SHIFT));
    return px_histogram_bits(&h);
}

double px_bits_given_two(const px_signatures *s, size_t frame, size_t first, size_t second) {
    const int16_t *p = s->innovations + frame * s->samples;
    const int16_t *q = s->innovations + first * s->samples;
    const int16_t *r = s->innovations + second * s->samples;
    const double qq = s->energies[first], rr = s->energies[second], qr = product(s, first, second);
    const double pq = product(s, frame, first), pr = product(s, frame, second);
    const double determinant = qq * rr - qr * qr;
    if (determinant <= 1e-6 * qq * rr)
        return px_bits_given(s, frame, first);
    const int32_t a = in_units((pq * rr - pr * qr) / determinant);
    const int32_t b = in_units((pr * qq - pq * qr) / determinant);
    px_histogram h = {.total = 0};
    for (size_t i = 0; i < s->samples; i++)
        px_histogram_add(&h, p[i] - ((q[i] * a + r[i] * b + UNIT / 2) >> UNIT_SHIFT));
    return px_histogram_bits(&h);
}
