#include "linear/geometry.h"

#include <string.h>

#include "base/sizes.h"
#include "linear/product_kernels.h"

static px_geometry padded(size_t height, size_t width, size_t below) {
    size_t stride = PX_PAD_LEFT + width + PX_PAD_RIGHT;
    size_t positions = px_product(stride, PX_PAD_TOP + height + below);
    return (px_geometry){.height = height,
                         .width = width,
                         .stride = stride,
                         .origin = PX_PAD_TOP * stride + PX_PAD_LEFT,
                         .tile_count = px_sum(positions, PX_TILE - 1) / PX_TILE};
}

px_geometry px_geometry_make(size_t height, size_t width) {
    return padded(height, width, PX_PAD_BOTTOM);
}

px_geometry px_geometry_open(size_t height, size_t width) {
    return padded(height, width, 0);
}

px_geometry px_geometry_bare(size_t height, size_t width) {
    return (px_geometry){.height = height,
                         .width = width,
                         .stride = width,
                         .tile_count = px_sum(px_product(height, width), PX_TILE - 1) / PX_TILE};
}

void *px_strip(const px_geometry *geometry, void *plane, size_t size) {
    uint8_t *from = plane, *bare = from - geometry->origin * size;
    for (size_t y = 0; y < geometry->height; y++)
        memmove(bare + y * geometry->width * size, from + y * geometry->stride * size,
                geometry->width * size);
    return bare;
}

int16_t *px_strip_pads(const px_geometry *geometry, int16_t *plane) {
    return px_strip(geometry, plane, sizeof *plane);
}

/* Backwards, so that nothing is overwritten before it is read. */
void px_spread(const px_geometry *geometry, void *plane, size_t size) {
    uint8_t *to = plane, *bare = to - geometry->origin * size;
    for (size_t y = geometry->height; y-- > 0;)
        memmove(to + y * geometry->stride * size, bare + y * geometry->width * size,
                geometry->width * size);
    px_replicate(geometry, plane, size);
}

void px_spread_couples(const px_geometry *geometry, int32_t *plane) {
    px_spread(geometry, plane, sizeof *plane);
}

void *px_padded_take(px_pool *pool, const px_geometry *geometry, size_t element_size) {
    size_t count = px_sum(px_product(geometry->tile_count, PX_TILE), 2 * PX_PLANE_GUARD);
    uint8_t *plane = px_pool_take_zeroed(pool, px_product(count, element_size));
    return plane ? plane + (PX_PLANE_GUARD + geometry->origin) * element_size : NULL;
}

uint64_t px_padded_bytes(const px_geometry *geometry, size_t element_size) {
    return ((uint64_t)geometry->tile_count * PX_TILE + 2 * PX_PLANE_GUARD) * element_size;
}

void *px_zero_row_take(px_pool *pool, const px_geometry *geometry, size_t element_size) {
    uint8_t *row = px_pool_take_zeroed(
        pool, px_product(px_sum(geometry->stride, 2 * PX_PLANE_GUARD), element_size));
    return row ? row + PX_PLANE_GUARD * element_size : NULL;
}

uint64_t px_zero_row_bytes(const px_geometry *geometry, size_t element_size) {
    return ((uint64_t)geometry->stride + 2 * PX_PLANE_GUARD) * element_size;
}

void *px_two_rows_take(px_pool *pool, const px_geometry *geometry, size_t element_size) {
    const size_t count = px_sum(px_product(2, geometry->stride), 2 * PX_PLANE_GUARD);
    uint8_t *rows = px_pool_take_zeroed(pool, px_product(count, element_size));
    return rows ? rows + (PX_PLANE_GUARD + geometry->stride) * element_size : NULL;
}

uint64_t px_two_rows_bytes(const px_geometry *geometry, size_t element_size) {
    return px_zero_row_bytes(geometry, element_size) + (uint64_t)geometry->stride * element_size;
}

/* Lines of a tile. With a power of two of them, the tiles of a pair would all lie in the same few
 * sets of the caches. */
static size_t tile_lines(size_t pairs) {
    return pairs % 8 ? pairs : pairs + 1;
}

uint64_t px_tiles_bytes(const px_geometry *geometry, size_t pairs) {
    return geometry->tile_count * (uint64_t)tile_lines(pairs) * PX_TILE * sizeof(int32_t);
}

uint64_t px_couples_bytes(const px_geometry *geometry, size_t pairs) {
    const uint64_t guard = geometry->stride + PX_PLANE_GUARD;
    const uint64_t span = (uint64_t)geometry->tile_count * PX_TILE + guard;
    return (pairs * span + guard) * sizeof(int32_t);
}

void px_replicate_rows(const px_geometry *geometry, void *first_row, size_t size, size_t first_y,
                       size_t last_y) {
    uint8_t *plane = first_row;
    const size_t height = geometry->height, width = geometry->width;
    const size_t row_bytes = geometry->stride * size;
    for (size_t y = first_y; y < last_y; y++) {
        uint8_t *row = plane + y * row_bytes, *last = row + (width - 1) * size;
        for (size_t x = 1; x <= PX_PAD_LEFT; x++)
            memcpy(row - x * size, row, size);
        for (size_t x = 1; x <= PX_PAD_RIGHT; x++)
            memcpy(last + x * size, last, size);
    }
    uint8_t *first = plane - PX_PAD_LEFT * size, *last = first + (height - 1) * row_bytes;
    for (size_t y = 1; y <= PX_PAD_TOP && first_y == 0; y++)
        memcpy(first - y * row_bytes, first, row_bytes);
    for (size_t y = 1; y <= PX_PAD_BOTTOM && last_y == height; y++)
        memcpy(last + y * row_bytes, last, row_bytes);
}

void px_replicate(const px_geometry *geometry, void *first_row, size_t size) {
    px_replicate_rows(geometry, first_row, size, 0, geometry->height);
}

void px_replicate_pads(const px_geometry *geometry, int16_t *plane) {
    px_replicate(geometry, plane, sizeof *plane);
}

void px_replicate_couples(const px_geometry *geometry, int32_t *plane) {
    px_replicate(geometry, plane, sizeof *plane);
}

/* ---- Tiles and couples ---- */

static void load_half(int16_t *plane, const int32_t *tiles, size_t tile_count, size_t span,
                      bool high) {
    for (size_t t = 0; t < tile_count; t++, tiles += span, plane += PX_TILE)
        for (size_t i = 0; i < PX_TILE; i++)
            plane[i] = (int16_t)(high ? tiles[i] >> 16 : tiles[i]);
}

px_couples px_couples_take(px_pool *pool, const px_geometry *geometry, size_t pairs) {
    /* Squares around the first and the last position reach a row and a column further. */
    const size_t guard = geometry->stride + PX_PLANE_GUARD;
    px_couples couples = {.pairs = pairs,
                          .span = px_sum(px_product(geometry->tile_count, PX_TILE), guard)};
    size_t count = px_sum(px_product(pairs, couples.span), guard);
    int32_t *memory = px_pool_take_zeroed(pool, px_product(count, sizeof *memory));
    couples.elements = memory ? memory + guard : NULL;
    return couples;
}

void px_couples_store(const px_couples *couples, const px_geometry *geometry, size_t index,
                      const int16_t *plane) {
    px_product_kernels_best()->tile_store(couples->elements + index / 2 * couples->span,
                                          geometry->tile_count, PX_TILE, index % 2,
                                          plane - geometry->origin);
}

void px_couples_load(const px_couples *couples, const px_geometry *geometry, size_t index,
                     int16_t *plane) {
    load_half(plane - geometry->origin, couples->elements + index / 2 * couples->span,
              geometry->tile_count, PX_TILE, index % 2);
}

px_tiles px_tiles_take(px_pool *pool, const px_geometry *geometry, size_t pairs) {
    px_tiles tiles = {
        .count = geometry->tile_count, .pairs = pairs, .span = tile_lines(pairs) * PX_TILE};
    tiles.elements =
        px_pool_take(pool, px_product(tiles.count, tiles.span, sizeof *tiles.elements));
    return tiles;
}

px_tiles px_tiles_shared(const px_tiles *tiles) {
    px_tiles shared = *tiles;
    shared.shift = 1;
    return shared;
}

void px_tiles_store(const px_tiles *tiles, const px_geometry *geometry, size_t index,
                    const int16_t *plane) {
    index += tiles->shift;
    px_product_kernels_best()->tile_store(tiles->elements + index / 2 * PX_TILE, tiles->count,
                                          tiles->span, index % 2, plane - geometry->origin);
}

void px_tiles_load(const px_tiles *tiles, const px_geometry *geometry, size_t index,
                   int16_t *plane) {
    index += tiles->shift;
    load_half(plane - geometry->origin, tiles->elements + index / 2 * PX_TILE, tiles->count,
              tiles->span, index % 2);
}

/* ---- Doubled planes ---- */

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
    for (size_t y = 0; y < half_geometry->height; y++)
        for (size_t x = 0; x < half_geometry->width; x++)
            half[y * half_geometry->stride + x] =
                full[px_full_place(y, phase.rows) * full_geometry->stride +
                     px_full_place(x, phase.columns)];
    px_replicate_couples(half_geometry, half);
}

/* Backwards, so that nothing is overwritten before it is read. */
void px_grow(int16_t *full, const px_geometry *full_geometry, const int16_t *half,
             const px_geometry *half_geometry, px_phase phase) {
    for (size_t y = full_geometry->height; y-- > 0;)
        for (size_t x = full_geometry->width; x-- > 0;)
            full[y * full_geometry->stride + x] =
                half[px_half_place(y, phase.rows) * half_geometry->stride +
                     px_half_place(x, phase.columns)];
}
