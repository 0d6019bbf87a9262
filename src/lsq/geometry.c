#include "lsq/geometry.h"

#include <string.h>

#include "sizes.h"

px_geometry px_geometry_make(size_t height, size_t width) {
    size_t stride = PX_PAD_LEFT + width + PX_PAD_RIGHT;
    size_t positions = px_product(stride, PX_PAD_TOP + height + PX_PAD_BOTTOM);
    return (px_geometry){.height = height,
                         .width = width,
                         .stride = stride,
                         .origin = PX_PAD_TOP * stride + PX_PAD_LEFT,
                         .tile_count = px_sum(positions, PX_TILE - 1) / PX_TILE};
}

void *px_padded_take(px_pool *pool, const px_geometry *geometry, size_t element_size) {
    size_t count = px_sum(px_product(geometry->tile_count, PX_TILE), 2 * PX_PLANE_GUARD);
    uint8_t *plane = px_pool_take_zeroed(pool, px_product(count, element_size));
    return plane ? plane + (PX_PLANE_GUARD + geometry->origin) * element_size : NULL;
}

uint64_t px_padded_bytes(const px_geometry *geometry, size_t element_size) {
    return ((uint64_t)geometry->tile_count * PX_TILE + 2 * PX_PLANE_GUARD) * element_size;
}

uint64_t px_tiles_bytes(const px_geometry *geometry, size_t planes) {
    const uint64_t pairs = ((planes + 1) / 2) | 1;
    return geometry->tile_count * pairs * PX_TILE * sizeof(int32_t);
}

uint64_t px_couples_bytes(const px_geometry *geometry, size_t planes) {
    const uint64_t guard = geometry->stride + PX_PLANE_GUARD, pairs = (planes + 1) / 2;
    const uint64_t span = (uint64_t)geometry->tile_count * PX_TILE + guard;
    return (pairs * span + guard) * sizeof(int32_t);
}

/* Pads of a plane whose elements have `size` bytes. */
static void replicate(const px_geometry *geometry, uint8_t *plane, size_t size) {
    const size_t height = geometry->height, width = geometry->width;
    const size_t row_bytes = geometry->stride * size;
    for (size_t y = 0; y < height; y++) {
        uint8_t *row = plane + y * row_bytes, *last = row + (width - 1) * size;
        for (size_t x = 1; x <= PX_PAD_LEFT; x++)
            memcpy(row - x * size, row, size);
        for (size_t x = 1; x <= PX_PAD_RIGHT; x++)
            memcpy(last + x * size, last, size);
    }
    uint8_t *first = plane - PX_PAD_LEFT * size, *last = first + (height - 1) * row_bytes;
    for (size_t y = 1; y <= PX_PAD_TOP; y++)
        memcpy(first - y * row_bytes, first, row_bytes);
    for (size_t y = 1; y <= PX_PAD_BOTTOM; y++)
        memcpy(last + y * row_bytes, last, row_bytes);
}

void px_replicate_pads(const px_geometry *geometry, int16_t *plane) {
    replicate(geometry, (uint8_t *)plane, sizeof *plane);
}

void px_replicate_couples(const px_geometry *geometry, int32_t *plane) {
    replicate(geometry, (uint8_t *)plane, sizeof *plane);
}

px_couples px_couples_take(px_pool *pool, const px_geometry *geometry, size_t planes) {
    /* Squares around the first and the last position reach a row and a column further. */
    const size_t guard = geometry->stride + PX_PLANE_GUARD;
    px_couples couples = {.pairs = (planes + 1) / 2,
                          .span = px_sum(px_product(geometry->tile_count, PX_TILE), guard)};
    size_t count = px_sum(px_product(couples.pairs, couples.span), guard);
    int32_t *memory = px_pool_take_zeroed(pool, px_product(count, sizeof *memory));
    couples.elements = memory ? memory + guard : NULL;
    return couples;
}

void px_couples_store(const px_couples *couples, const px_geometry *geometry, size_t index,
                      const int16_t *plane) {
    px_kernels_best()->tile_store(couples->elements + index / 2 * couples->span,
                                  geometry->tile_count, PX_TILE, index % 2,
                                  plane - geometry->origin);
}

px_tiles px_tiles_take(px_pool *pool, const px_geometry *geometry, size_t planes) {
    px_tiles tiles = {.count = geometry->tile_count, .pairs = (planes + 1) / 2};
    /* An odd number of lines: at a power of two, the tiles of a pair would all lie in the same few
     * sets of the caches. */
    tiles.span = (tiles.pairs | 1) * PX_TILE;
    tiles.elements =
        px_pool_take_zeroed(pool, px_product(tiles.count, tiles.span, sizeof *tiles.elements));
    return tiles;
}

void px_tiles_store(const px_tiles *tiles, const px_geometry *geometry, size_t index,
                    const int16_t *plane) {
    px_kernels_best()->tile_store(tiles->elements + index / 2 * PX_TILE, tiles->count, tiles->span,
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
