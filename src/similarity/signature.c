#include "similarity/signature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"

enum {
    RUN = 64,
    ROOM = 32 /* behind the patches, for kernels that read whole vectors */
};

prism_status px_signatures_alloc(px_signatures *s, size_t count, const px_planes *planes,
                                 size_t samples, prism_error *error) {
    const size_t size = px_plane_size(planes);
    *s = (px_signatures){
        .count = count, .samples = size, .run = planes->width, .depth = planes->depth};
    if (size > samples) {
        s->run = planes->width < RUN ? planes->width : RUN;
        s->samples = samples / s->run * s->run;
    }
    s->hashes = calloc(count, sizeof *s->hashes);
    s->contents = calloc(count, sizeof *s->contents);
    s->thumbnails = px_alloc_zeroed(count, PX_THUMBNAIL, sizeof *s->thumbnails);
    s->patches =
        px_alloc_zeroed(px_sum(px_product(count, px_patches_size(s)), ROOM), sizeof *s->patches);
    if (s->hashes && s->contents && s->thumbnails && s->patches)
        return PRISM_OK;
    const size_t bytes = count * px_patches_size(s) * sizeof *s->patches;
    px_signatures_free(s);
    return px_out_of_memory(error, bytes);
}

void px_signatures_free(px_signatures *s) {
    free(s->hashes);
    free(s->contents);
    free(s->thumbnails);
    free(s->patches);
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

/* A row of a patch. */
static void copy_row(int16_t *to, const px_planes *planes, const int16_t *plane, ptrdiff_t y,
                     ptrdiff_t x, size_t n) {
    if (y < 0 || y >= (ptrdiff_t)planes->height)
        return;
    for (size_t i = 0; i < n; i++, x++)
        if (x >= 0 && x < (ptrdiff_t)planes->width)
            to[i] = plane[y * (ptrdiff_t)planes->width + x];
}

/* Runs of samples spread over the plane: evenly over its rows, by the golden ratio over its
 * columns. Where all samples are taken, the runs are the rows. */
static void set_patches(px_signatures *s, size_t frame, const px_planes *planes, size_t index) {
    const size_t runs = s->samples / s->run, room = planes->width - s->run + 1;
    int16_t *to = s->patches + frame * px_patches_size(s);
    memset(to, 0, px_patches_size(s) * sizeof *to);
    for (size_t r = 0; r < runs; r++) {
        const ptrdiff_t y = (ptrdiff_t)((double)r * (double)planes->height / (double)runs);
        const ptrdiff_t x = (ptrdiff_t)(fmod((double)r * 0.6180339887, 1) * (double)room);
        for (ptrdiff_t row = y - 1; row < y - 1 + PX_PATCH_ROWS; row++, to += s->run + 2)
            copy_row(to, planes, px_plane(planes, index), row, x - 1, s->run + 2);
    }
}

void px_signatures_set(px_signatures *s, size_t frame, const px_planes *planes, size_t index) {
    int64_t cells[PX_CELLS * PX_CELLS];
    s->hashes[frame] = px_hash_plane(planes, index, cells);
    s->contents[frame] = content_of(cells);
    set_thumbnail(s->thumbnails + frame * PX_THUMBNAIL, cells, planes);
    set_patches(s, frame, planes, index);
}

uint32_t px_thumbnail_distance(const px_signatures *s, size_t a, size_t b, uint32_t enough) {
    enum { PART = PX_THUMBNAIL / 4 };
    const int16_t *p = s->thumbnails + a * PX_THUMBNAIL, *q = s->thumbnails + b * PX_THUMBNAIL;
    uint32_t sum = 0;
    for (size_t part = 0; part < PX_THUMBNAIL && sum < enough; part += PART)
        for (size_t i = part; i < part + PART; i++)
            sum += (uint32_t)abs(p[i] - q[i]);
    return sum;
}
