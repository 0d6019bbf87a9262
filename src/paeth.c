/* predictor=paeth: the filter of the PNG specification, section 9.4, on samples; what lies outside
 * of a plane is 0. */
#include <stdlib.h>

#include "stages.h"

static inline int32_t paeth(int32_t west, int32_t north, int32_t north_west)
{
    int32_t to_west = abs(north - north_west);
    int32_t to_north = abs(west - north_west);
    int32_t to_north_west = abs(west + north - 2 * north_west);
    int32_t closer = to_north <= to_north_west ? north : north_west;
    int32_t least = to_north <= to_north_west ? to_north : to_north_west;
    return to_west <= least ? west : closer;
}

/* From the last row to the first, so that the samples a row is predicted from are still there. */
static void forward_plane(int16_t *samples, size_t height, size_t width, unsigned depth)
{
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

static void inverse_plane(int16_t *samples, size_t height, size_t width, unsigned depth)
{
    for (size_t y = 0; y < height; y++) {
        int16_t *row = samples + y * width;
        const int16_t *above = y ? row - width : row;
        int32_t west = 0, north_west = 0;
        for (size_t x = 0; x < width; x++) {
            int32_t north = y ? above[x] : 0;
            west = row[x] = px_wrap(row[x] + paeth(west, north, north_west), depth);
            north_west = north;
        }
    }
}

static void forward(px_planes *planes)
{
    for (size_t k = 0; k < planes->count; k++)
        forward_plane(px_plane(planes, k), planes->height, planes->width, planes->depth);
}

static void inverse(px_planes *planes)
{
    for (size_t k = 0; k < planes->count; k++)
        inverse_plane(px_plane(planes, k), planes->height, planes->width, planes->depth);
}

const px_predictor_stage px_paeth = {forward, inverse};
