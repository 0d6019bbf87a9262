/* predictor=paeth: the filter of the PNG specification, section 9.4, on samples; what lies outside
 * of a plane is 0. */
#include <stdlib.h>

#include "planes/stages.h"

/* Selects without branches: which neighbour is the closest is as good as random. */
static inline int32_t paeth(int32_t west, int32_t north, int32_t north_west) {
    int32_t to_west = abs(north - north_west);
    int32_t to_north = abs(west - north_west);
    int32_t to_north_west = abs(west + north - 2 * north_west);
    int32_t take_north = -(to_north <= to_north_west);
    int32_t closer = (north & take_north) | (north_west & ~take_north);
    int32_t least = (to_north & take_north) | (to_north_west & ~take_north);
    int32_t take_west = -(to_west <= least);
    return (west & take_west) | (closer & ~take_west);
}

/* From the last row to the first, so that the samples a row is predicted from are still there. */
static void forward_plane(int16_t *samples, size_t height, size_t width, unsigned depth) {
    for (size_t y = height; y-- > 0;) {
        int16_t *row = samples + y * width;
        const int16_t *above = y ? row - width : row;
        for (size_t x = width; x-- > 0;) {
            int32_t west = x ? row[x - 1] : 0, north = y ? above[x] : 0;
            int32_t north_west = x && y ? above[x - 1] : 0;
            row[x] = px_wrap(row[x] - paeth(west, north, north_west), depth);
        }
    }
}

/*
 * Each sample waits for the one to its west, but planes do not wait for each other: LANES of them
 * are undone side by side.
 */
enum { LANES = 4 };

static inline void inverse_lanes(int16_t *first, size_t lanes, const px_planes *planes) {
    const size_t stride = planes->stride, width = planes->width;
    for (size_t y = 0; y < planes->height; y++) {
        int16_t *row = first + y * width;
        const int16_t *above = y ? row - width : row;
        int32_t west[LANES] = {0}, north_west[LANES] = {0};
        for (size_t x = 0; x < width; x++)
            for (size_t i = 0; i < lanes; i++) {
                int32_t north = y ? above[i * stride + x] : 0;
                int32_t guess = paeth(west[i], north, north_west[i]);
                west[i] = px_wrap(row[i * stride + x] + guess, planes->depth);
                row[i * stride + x] = (int16_t)west[i];
                north_west[i] = north;
            }
    }
}

static void forward(px_planes *planes) {
    for (size_t k = 0; k < planes->count; k++)
        forward_plane(px_plane(planes, k), planes->height, planes->width, planes->depth);
}

static void inverse(px_planes *planes) {
    size_t k = 0;
    for (; k + LANES <= planes->count; k += LANES)
        inverse_lanes(px_plane(planes, k), LANES, planes);
    for (; k < planes->count; k++)
        inverse_lanes(px_plane(planes, k), 1, planes);
}

const px_predictor_stage px_paeth = {forward, inverse};
