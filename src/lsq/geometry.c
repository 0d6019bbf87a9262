#include "lsq/geometry.h"

#include <string.h>

px_geometry px_geometry_make(size_t height, size_t width) {
    size_t stride = PX_PAD_LEFT + width + PX_PAD_RIGHT;
    size_t positions = stride * (PX_PAD_TOP + height + PX_PAD_BOTTOM);
    return (px_geometry){.height = height,
                         .width = width,
                         .stride = stride,
                         .origin = PX_PAD_TOP * stride + PX_PAD_LEFT,
                         .tile_count = (positions + PX_TILE - 1) / PX_TILE};
}

void *px_padded_take(px_pool *pool, const px_geometry *geometry, size_t element_size) {
    size_t count = geometry->tile_count * PX_TILE + 2 * PX_PLANE_GUARD;
    uint8_t *plane = px_pool_take_zeroed(pool, count * element_size);
    return plane ? plane + (PX_PLANE_GUARD + geometry->origin) * element_size : NULL;
}

void px_replicate_pads(const px_geometry *geometry, int16_t *plane) {
    const size_t height = geometry->height, width = geometry->width, stride = geometry->stride;
    for (size_t y = 0; y < height; y++) {
        int16_t *row = plane + y * stride;
        for (int x = 1; x <= PX_PAD_LEFT; x++)
            row[-x] = row[0];
        for (size_t x = 0; x < PX_PAD_RIGHT; x++)
            row[width + x] = row[width - 1];
    }
    int16_t *first = plane - PX_PAD_LEFT;
    for (size_t y = 1; y <= PX_PAD_TOP; y++)
        memcpy(first - y * stride, first, stride * sizeof *plane);
    const int16_t *last = first + (height - 1) * stride;
    for (size_t y = 0; y < PX_PAD_BOTTOM; y++)
        memcpy(first + (height + y) * stride, last, stride * sizeof *plane);
}

px_tiles px_tiles_take(px_pool *pool, const px_geometry *geometry, size_t planes) {
    px_tiles tiles = {.count = geometry->tile_count, .pairs = (planes + 1) / 2};
    tiles.elements =
        px_pool_take_zeroed(pool, tiles.count * tiles.pairs * PX_TILE * sizeof *tiles.elements);
    return tiles;
}

void px_tiles_store(const px_tiles *tiles, const px_geometry *geometry, size_t index,
                    const int16_t *plane) {
    px_kernels_best()->tile_store(tiles->elements + index / 2 * PX_TILE, tiles->count, tiles->pairs,
                                  index % 2, plane - geometry->origin);
}

px_geometry px_geometry_halved(const px_geometry *full, px_phase phase) {
    return px_geometry_make(px_halved(full->height, phase.rows),
                            px_halved(full->width, phase.columns));
}

void px_shrink(int16_t *half, const px_geometry *half_geometry, const int16_t *full,
               const px_geometry *full_geometry, px_phase phase) {
    for (size_t y = 0; y < half_geometry->height; y++)
        for (size_t x = 0; x < half_geometry->width; x++)
            half[y * half_geometry->stride + x] =
                full[px_full_place(y, phase.rows) * full_geometry->stride +
                     px_full_place(x, phase.columns)];
}

void px_shrink_couples(int32_t *half, const px_geometry *half_geometry, const int32_t *full,
                       const px_geometry *full_geometry, px_phase phase) {
    /* Taps look one sample over the edges, where the nearest sample of the plane stands. */
    const size_t rows = half_geometry->height + 2, columns = half_geometry->width + 2;
    for (size_t y = 0; y < rows; y++)
        for (size_t x = 0; x < columns; x++) {
            size_t half_y = y ? y - 1 : 0, half_x = x ? x - 1 : 0;
            half_y = half_y < half_geometry->height ? half_y : half_geometry->height - 1;
            half_x = half_x < half_geometry->width ? half_x : half_geometry->width - 1;
            ptrdiff_t at =
                (ptrdiff_t)(y * half_geometry->stride + x) - (ptrdiff_t)(half_geometry->stride + 1);
            half[at] = full[px_full_place(half_y, phase.rows) * full_geometry->stride +
                            px_full_place(half_x, phase.columns)];
        }
}

void px_grow(int16_t *full, const px_geometry *full_geometry, const int16_t *half,
             const px_geometry *half_geometry, px_phase phase) {
    for (size_t y = 0; y < full_geometry->height; y++)
        for (size_t x = 0; x < full_geometry->width; x++)
            full[y * full_geometry->stride + x] =
                half[px_half_place(y, phase.rows) * half_geometry->stride +
                     px_half_place(x, phase.columns)];
}
