#include "lsq/mixer.h"

prism_status px_mixer_make(px_mixer *mixer, px_pool *pool, const px_weights *weights,
                           const px_tiles *tiles, prism_error *error) {
    const size_t count = weights->count, stride = count + 2;
    *mixer = (px_mixer){
        .weights = weights,
        .tiles = tiles,
        .fixed = px_pool_take_zeroed(pool, count * stride * sizeof *mixer->fixed),
        .stride = stride,
        .sums = px_pool_take(pool, tiles->count * PX_PANEL * PX_TILE * sizeof *mixer->sums),
        .panel = px_pool_take(pool, (tiles->pairs * PX_PANEL) * sizeof *mixer->panel)};
    prism_status status = px_pool_status(pool, error);
    for (size_t k = 0; k < count && status == PRISM_OK; k++) {
        size_t pairs;
        if (weights->rows[k].used)
            status = px_weights_expand(weights, k, mixer->fixed + k * stride, &pairs, error);
    }
    return status;
}

/* The weights of planes 2m and 2m + 1 for plane k. */
static int32_t couple_of_weights(const px_mixer *mixer, size_t k, size_t m) {
    if (k >= mixer->weights->count)
        return 0;
    const int16_t *row = mixer->fixed + k * mixer->stride + 2 * m;
    return px_couple(row[0], row[1]);
}

static void begin_panel(px_mixer *mixer, size_t first) {
    const size_t pairs = first / 2;
    for (size_t m = 0; m < pairs; m++)
        for (size_t r = 0; r < PX_PANEL; r++)
            mixer->panel[m * PX_PANEL + r] = couple_of_weights(mixer, first + r, m);
    px_kernels_best()->mix_panel(mixer->sums, mixer->tiles->elements, mixer->tiles->count,
                                 mixer->tiles->pairs, mixer->panel, pairs);
}

void px_mixer_predict(px_mixer *mixer, const px_geometry *geometry, size_t k, int fraction,
                      bool high, int32_t *mixed) {
    const px_weight_row *row = &mixer->weights->rows[k];
    const size_t place = k % PX_PANEL, first = k - place;
    if (place == 0)
        begin_panel(mixer, first);
    int32_t couples[PX_PANEL / 2];
    size_t pairs = (place + 1) / 2;
    for (size_t m = 0; m < pairs; m++)
        couples[m] = couple_of_weights(mixer, k, first / 2 + m);
    px_kernels_best()->mix_finish(mixed - geometry->origin, high, mixer->sums + place * PX_TILE,
                                  mixer->tiles->elements + first / 2 * PX_TILE, mixer->tiles->count,
                                  mixer->tiles->pairs, couples, pairs,
                                  row->used ? row->shift - fraction : 0);
}
