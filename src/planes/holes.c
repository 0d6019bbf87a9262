#include "planes/holes.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "planes/planes.h"

enum { GUARD = 64 };

const px_gaps *px_gaps_for(const px_gaps *mask, const prism_array *array) {
    if (!mask || mask->array.rank != array->rank)
        return NULL;
    for (unsigned i = 0; i < array->rank; i++)
        if (mask->array.dims[i] != 1 && mask->array.dims[i] != array->dims[i])
            return NULL;
    return mask;
}

px_gaps px_gaps_squeezed(const px_gaps *mask, const px_squeezed *squeezed) {
    px_gaps result = *mask;
    result.array.rank = squeezed->array.rank;
    for (unsigned i = 0; i < squeezed->array.rank; i++)
        result.array.dims[i] = mask->array.dims[squeezed->axes[i]];
    return result;
}

/* Bytes of the mask from one index of dimension i to the next. */
static size_t step_of(const px_gaps *mask, unsigned i) {
    size_t step = 1;
    for (unsigned j = i + 1; j < mask->array.rank; j++)
        step *= (size_t)mask->array.dims[j];
    return mask->array.dims[i] > 1 ? step : 0;
}

/* Flags of elements in an order of axes, from place i of it on; returns their end. */
static uint8_t *spread(uint8_t *to, const uint8_t *from, const px_gaps *mask,
                       const prism_array *array, const px_roles *order, unsigned i) {
    if (i == order->rank) {
        *to |= *from != 0;
        return to + 1;
    }
    const size_t step = step_of(mask, order->axes[i]);
    for (uint64_t index = 0; index < array->dims[order->axes[i]]; index++)
        to = spread(to, from + index * step, mask, array, order, i + 1);
    return to;
}

void px_gaps_flag(bool *flags, const px_gaps *mask, const prism_array *array) {
    const px_roles order = px_roles_along(PRISM_AXIS_AUTO, array->rank);
    spread((uint8_t *)flags, mask->missing, mask, array, &order, 0);
}

bool px_gaps_at(const px_gaps *mask, const prism_array *array, size_t i) {
    size_t at = 0;
    for (unsigned d = array->rank; d-- > 0; i /= (size_t)array->dims[d])
        at += i % (size_t)array->dims[d] * step_of(mask, d);
    return mask->missing[at];
}

/* ---- Links ---- */

/* How far up and to the left the sample lies that a hole takes its value from. */
typedef struct distance {
    int32_t rows, columns;
} distance;

static int64_t square(distance d) {
    return (int64_t)d.rows * d.rows + (int64_t)d.columns * d.columns;
}

/* Nothing to be taken there. */
static const distance NOWHERE = {-1, 0};

static void consider(px_hole *best, distance *least, px_hole hole, distance from, int rows,
                     int columns) {
    if (from.rows < 0)
        return;
    const distance d = {from.rows + rows, from.columns + columns};
    if (*best == PX_HOLE_BLANK || square(d) < square(*least)) {
        *best = hole;
        *least = d;
    }
}

/* Distances of the row above become those of this one; after the last there is one more, which
 * stays nowhere. */
static void link_row(uint8_t *row, size_t width, distance *distances) {
    distance west = NOWHERE, north_west = NOWHERE;
    for (size_t x = 0; x < width; x++) {
        const distance north = distances[x];
        distance least = NOWHERE;
        px_hole best = PX_HOLE_BLANK;
        if (row[x]) {
            consider(&best, &least, PX_HOLE_NORTH, north, 1, 0);
            consider(&best, &least, PX_HOLE_WEST, west, 0, 1);
            consider(&best, &least, PX_HOLE_NORTH_EAST, distances[x + 1], 1, -1);
            consider(&best, &least, PX_HOLE_NORTH_WEST, north_west, 1, 1);
            row[x] = (uint8_t)best;
        } else {
            least = (distance){0, 0};
        }
        distances[x] = west = least;
        north_west = north;
    }
}

static void link_map(uint8_t *map, size_t height, size_t width, distance *distances) {
    for (size_t x = 0; x < width + 1; x++)
        distances[x] = NOWHERE;
    for (size_t y = 0; y < height; y++)
        link_row(map + y * width, width, distances);
}

/* A line needs no distances. */
static void link_line(uint8_t *line, size_t width) {
    px_hole hole = PX_HOLE_BLANK;
    for (size_t x = 0; x < width; x++)
        if (line[x])
            line[x] = (uint8_t)hole;
        else
            hole = PX_HOLE_WEST;
}

static size_t distances_of(size_t height, size_t width) {
    return height > 1 ? px_sum(width, 1) : 0;
}

prism_status px_holes_link(px_holes *holes, prism_error *error) {
    const size_t width = holes->width, count = distances_of(holes->height, width);
    distance *distances = count ? px_alloc(count, sizeof *distances) : NULL;
    if (count && !distances)
        return px_out_of_memory(error, px_product(count, sizeof *distances));
    for (size_t k = 0; k < holes->count; k++) {
        uint8_t *map = holes->first + k * holes->stride;
        if (count)
            link_map(map, holes->height, width, distances);
        else
            link_line(map, width);
    }
    free(distances);
    return PRISM_OK;
}

size_t px_holes_left(const px_holes *holes, size_t k) {
    const uint8_t *map = px_holes_of(holes, k);
    size_t left = 0;
    for (size_t i = 0; i < holes->height * holes->width; i++)
        left += !map[i];
    return left;
}

/* ---- From a mask ---- */

px_holes *px_holes_alloc(size_t height, size_t width, size_t count) {
    const size_t stride = px_sum(px_product(height, width), GUARD);
    px_holes *holes = px_alloc_zeroed(px_sum(sizeof *holes + GUARD, px_product(stride, count)), 1);
    if (holes)
        *holes = (px_holes){.height = height,
                            .width = width,
                            .count = count,
                            .stride = stride,
                            .first = holes->memory + GUARD};
    return holes;
}

/* Whether planes have holes at different places. */
static bool has_own(const px_gaps *mask, const px_roles *order) {
    bool own = false;
    for (unsigned i = 0; i < order->planes; i++)
        own |= mask->array.dims[order->axes[i]] > 1;
    return own;
}

static px_layout layout_of(const prism_array *array, const px_roles *order) {
    const prism_array arranged = px_arranged_array(array, order);
    return px_layout_make(&arranged, order->planes ? 0 : PRISM_AXIS_AUTO);
}

static size_t maps_of(const px_gaps *mask, const prism_array *array, const px_roles *order) {
    return has_own(mask, order) ? layout_of(array, order).count : 1;
}

uint64_t px_holes_maps_bytes(size_t height, size_t width, size_t count) {
    return sizeof(px_holes) + GUARD + count * ((uint64_t)height * width + GUARD);
}

uint64_t px_holes_link_bytes(size_t height, size_t width) {
    return (uint64_t)distances_of(height, width) * sizeof(distance);
}

uint64_t px_holes_bytes(const px_gaps *mask, const prism_array *array, const px_roles *order) {
    const px_layout layout = layout_of(array, order);
    return px_holes_maps_bytes(layout.height, layout.width, maps_of(mask, array, order));
}

/* Of all planes by the axes from place i of the order on; returns the map after the last one. */
static uint8_t *fill_maps(uint8_t *map, size_t stride, const uint8_t *from, const px_gaps *mask,
                          const prism_array *array, const px_roles *order, unsigned i) {
    if (i == order->planes) {
        spread(map, from, mask, array, order, i);
        return map + stride;
    }
    const size_t step = step_of(mask, order->axes[i]);
    for (uint64_t index = 0; index < array->dims[order->axes[i]]; index++)
        map = fill_maps(map, stride, from + index * step, mask, array, order, i + 1);
    return map;
}

prism_status px_holes_make(px_holes **holes, const px_gaps *mask, const prism_array *array,
                           const px_roles *order, prism_error *error) {
    const px_layout layout = layout_of(array, order);
    *holes = px_holes_alloc(layout.height, layout.width, maps_of(mask, array, order));
    if (!*holes)
        return px_out_of_memory(error, (size_t)px_holes_bytes(mask, array, order));
    fill_maps((*holes)->first, (*holes)->stride, mask->missing, mask, array, order,
              has_own(mask, order) ? 0 : order->planes);
    return px_holes_link(*holes, error);
}
