#include "planes/fold.h"

#include "base/sizes.h"
#include "base/status.h"

enum {
    MIN_LINE = 1024, /* shorter ones stay as they are */
    MIN_HEIGHT = 32,
    BLOCK = 32 /* columns that are moved together, for the cache's sake */
};

static bool is_line(const px_planes *planes) {
    return (planes->height == 1 || planes->width == 1) && px_plane_size(planes) >= MIN_LINE;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Place (y, x) of the fold is sample x * height + y of the line; those after its end repeat the
 * last. */
static void fold_line(int16_t *folded, size_t height, size_t width, const int16_t *line,
                      size_t size) {
    for (size_t from = 0; from < width; from += BLOCK)
        for (size_t y = 0; y < height; y++)
            for (size_t x = from; x < smaller(from + BLOCK, width); x++)
                folded[y * width + x] = line[smaller(x * height + y, size - 1)];
}

static void unfold_line(int16_t *line, size_t size, const int16_t *folded, size_t height,
                        size_t width) {
    for (size_t from = 0; from < height; from += BLOCK)
        for (size_t x = 0; x < width; x++)
            for (size_t y = from; y < smaller(from + BLOCK, height); y++)
                if (x * height + y < size)
                    line[x * height + y] = folded[y * width + x];
}

px_planes px_fold_shape(const px_planes *planes) {
    px_planes folded = *planes;
    const size_t size = px_plane_size(planes);
    if (!is_line(planes))
        return folded;
    folded.samples = NULL;
    folded.holes = NULL;
    folded.height = MIN_HEIGHT;
    while (px_product(folded.height, folded.height) < size)
        folded.height *= 2;
    folded.width = (size + folded.height - 1) / folded.height;
    folded.stride = px_plane_stride(px_plane_size(&folded));
    return folded;
}

bool px_is_folded(const px_planes *planes) {
    return is_line(planes);
}

static void fold_map(uint8_t *folded, size_t height, size_t width, const uint8_t *line,
                     size_t size) {
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            folded[y * width + x] = line[smaller(x * height + y, size - 1)];
}

prism_status px_fold_holes(px_planes *folded, const px_planes *planes, prism_error *error) {
    const px_holes *from = planes->holes;
    if (!from || !is_line(planes))
        return PRISM_OK;
    folded->holes = px_holes_alloc(folded->height, folded->width, from->count);
    if (!folded->holes)
        return px_out_of_memory(error, px_product(folded->height, folded->width, from->count));
    for (size_t k = 0; k < from->count; k++)
        fold_map(folded->holes->first + k * folded->holes->stride, folded->height, folded->width,
                 px_holes_of(from, k), px_plane_size(planes));
    return px_holes_link(folded->holes, error);
}

prism_status px_fold(px_planes *folded, const px_planes *planes, px_pool *pool,
                     prism_error *error) {
    const size_t size = px_plane_size(planes);
    *folded = px_fold_shape(planes);
    if (!is_line(planes))
        return PRISM_OK;
    folded->samples = px_pool_take(pool, px_planes_bytes(folded));
    for (size_t k = 0; folded->samples && k < planes->count; k++)
        fold_line(px_plane(folded, k), folded->height, folded->width, px_plane(planes, k), size);
    return px_pool_status(pool, error);
}

void px_unfold(px_planes *planes, const px_planes *folded) {
    for (size_t k = 0; k < planes->count; k++)
        unfold_line(px_plane(planes, k), px_plane_size(planes), px_plane(folded, k), folded->height,
                    folded->width);
}
