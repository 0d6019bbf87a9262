#include "linear/mixer.h"

#include "base/sizes.h"
#include "linear/product_kernels.h"

const int px_square_order[PX_SQUARE_TAPS] = {1, 2, 3, 4, 0, 5, 6, 7, 8};

/* Where row k of the weights begins: each has room for whole pairs. */
static size_t row_begin(size_t k, size_t taps) {
    return k * (k + 3) / 2 * taps;
}

uint64_t px_mixer_memory(size_t count, size_t taps, bool expanded) {
    return (expanded ? 0 : row_begin(count, taps) * sizeof(int16_t)) +
           (uint64_t)(count + 1) / 2 * taps * PX_PANEL * sizeof(int32_t);
}

static size_t panel_planes(size_t count, size_t first) {
    return count - first < PX_PANEL ? count - first : PX_PANEL;
}

static bool is_direct(size_t count, bool wide) {
    return count <= (wide ? PX_PANEL : PX_DIRECT_PLANES);
}

static size_t pairs_of(size_t count, size_t planes, bool wide) {
    size_t pairs = planes / 2;
    for (size_t first = 0; first < planes && !is_direct(count, wide); first += PX_PANEL) {
        const size_t end = first / 2 + panel_planes(count, first);
        pairs = end > pairs ? end : pairs;
    }
    return pairs;
}

size_t px_mixer_pairs(size_t count, bool wide) {
    return pairs_of(count, count, wide);
}

size_t px_mixer_pairs_of_first(size_t count, size_t planes) {
    return pairs_of(count, planes, false);
}

prism_status px_mixer_make(px_mixer *mixer, px_pool *pool, const px_weights *weights,
                           const px_tiles *tiles, const px_couples *couples,
                           const px_geometry *geometry, bool apart, prism_error *error) {
    const size_t count = weights->count, taps = weights->taps;
    const size_t fixed = row_begin(count, taps), panel = (count + 1) / 2 * taps * PX_PANEL;
    *mixer = (px_mixer){.weights = weights,
                        .shift = taps == 1 && tiles->shift,
                        .tiles = taps == 1 ? tiles : NULL,
                        .couples = taps == 1 ? NULL : couples,
                        .panel = px_pool_take(pool, px_product(panel, sizeof *mixer->panel))};
    if (!weights->expanded)
        mixer->fixed = px_pool_take_zeroed(pool, px_product(fixed, sizeof *mixer->fixed));
    mixer->direct = is_direct(count, taps > 1);
    if (apart && !mixer->direct)
        mixer->apart = px_pool_take(
            pool, px_product(geometry->tile_count, PX_PANEL, PX_TILE, sizeof *mixer->apart));
    prism_status status = px_pool_status(pool, error);
    for (size_t k = 0; k < count && status == PRISM_OK && mixer->fixed; k++) {
        size_t pairs;
        if (weights->rows[k].used)
            status =
                px_weights_expand(weights, k, mixer->fixed + row_begin(k, taps), &pairs, error);
    }
    return status;
}

/* Weights of plane k; NULL if there are none. */
static const int16_t *row_of(const px_mixer *mixer, size_t k) {
    if (k >= mixer->weights->count)
        return NULL;
    return mixer->fixed ? mixer->fixed + row_begin(k, mixer->weights->taps)
                        : mixer->weights->rows[k].levels;
}

/* The weights of variable v of planes 2m and 2m + 1 for plane k, which none from k on has. */
static int32_t couple_of_weights(const px_mixer *mixer, size_t k, size_t m, size_t v) {
    const size_t taps = mixer->weights->taps, second = 2 * m + 1 - mixer->shift;
    const int16_t *row = row_of(mixer, k);
    if (!row)
        return 0;
    return px_couple(second && second <= k ? row[(second - 1) * taps + v] : 0,
                     second < k ? row[second * taps + v] : 0);
}

/* Weights of pair m for the planes of the panel from `first` on. */
static void set_panel(px_mixer *mixer, int32_t *panel, size_t first, size_t m) {
    const size_t taps = mixer->weights->taps;
    for (size_t v = 0; v < taps; v++)
        for (size_t r = 0; r < PX_PANEL; r++)
            panel[(taps == 1 ? 0 : (size_t)px_square_order[v]) * PX_PANEL + r] =
                couple_of_weights(mixer, first + r, m, v);
}

static px_panel_sums sums_of(const px_mixer *mixer, size_t first) {
    px_panel_sums sums = {.planes = panel_planes(mixer->weights->count, first)};
    if (mixer->apart) {
        sums.elements = mixer->apart;
        sums.tile_span = PX_PANEL * PX_TILE;
        sums.plane_span = PX_TILE;
    } else if (mixer->couples) {
        sums.elements = mixer->couples->elements + first / 2 * mixer->couples->span;
        sums.tile_span = PX_TILE;
        sums.plane_span = mixer->couples->span;
    } else {
        sums.elements = mixer->tiles->elements + first / 2 * PX_TILE;
        sums.tile_span = mixer->tiles->span;
        sums.plane_span = PX_TILE;
    }
    if (!mixer->couples && !first)
        sums.elements = NULL; /* zeros */
    return sums;
}

static void begin_panel(px_mixer *mixer, const px_geometry *geometry, size_t first) {
    const px_product_kernels *kernels = px_product_kernels_best();
    const size_t pairs = first / 2;
    mixer->sums = sums_of(mixer, first);
    for (size_t m = 0; m < pairs; m++)
        set_panel(mixer, mixer->panel + m * mixer->weights->taps * PX_PANEL, first, m);
    if (mixer->couples)
        kernels->mix_squares(&mixer->sums, mixer->couples->elements, mixer->couples->span,
                             geometry->stride, geometry->tile_count, mixer->panel, pairs, false);
    else if (first)
        kernels->mix_panel(&mixer->sums, mixer->tiles->elements, mixer->tiles->count,
                           mixer->tiles->span, mixer->panel, pairs);
}

/* The products of squares of plane k, where its prediction will be. */
static const int32_t *sum_squares(px_mixer *mixer, const px_geometry *geometry, size_t k,
                                  int32_t *mixed) {
    const size_t pairs = (k + 1) / 2;
    const px_panel_sums sums = {
        .elements = mixed - geometry->origin, .tile_span = PX_TILE, .planes = 1};
    for (size_t m = 0; m < pairs; m++)
        set_panel(mixer, mixer->panel + m * mixer->weights->taps * PX_PANEL, k, m);
    px_product_kernels_best()->mix_squares(&sums, mixer->couples->elements, mixer->couples->span,
                                           geometry->stride, geometry->tile_count, mixer->panel,
                                           pairs, false);
    return sums.elements;
}

/* What the planes of the panel before k, or all before it, say of it: of tiles here, of couples by
 * px_mixer_take. */
void px_mixer_predict(px_mixer *mixer, const px_geometry *geometry, size_t k, int fraction,
                      bool high, int32_t *mixed) {
    const px_product_kernels *kernels = px_product_kernels_best();
    const px_weight_row *row = &mixer->weights->rows[k];
    const size_t place = mixer->direct ? k : k % PX_PANEL, first = k - place;
    const int shift = row->used ? row->shift - fraction : 0;
    if (place == 0 && !mixer->direct)
        begin_panel(mixer, geometry, first);
    const px_panel_sums *panel = &mixer->sums;
    const int32_t *sums = panel->elements ? panel->elements + place * panel->plane_span : NULL;
    if (mixer->couples) {
        if (mixer->direct)
            sums = sum_squares(mixer, geometry, k, mixed);
        kernels->mix_finish(mixed - geometry->origin, high, sums,
                            mixer->direct ? PX_TILE : panel->tile_span, NULL, geometry->tile_count,
                            0, NULL, 0, shift);
        px_replicate_couples(geometry, mixed);
        return;
    }
    int32_t couples[PX_DIRECT_PLANES / 2];
    size_t pairs = (place + mixer->shift + 1) / 2;
    for (size_t m = 0; m < pairs; m++)
        couples[m] = couple_of_weights(mixer, k, first / 2 + m, 0);
    kernels->mix_finish(mixed - geometry->origin, high, sums, panel->tile_span,
                        mixer->tiles->elements + first / 2 * PX_TILE, mixer->tiles->count,
                        mixer->tiles->span, couples, pairs, shift);
}

void px_mixer_take(px_mixer *mixer, const px_geometry *geometry, size_t k) {
    if (!mixer->couples || mixer->direct || (k + 1) % PX_PANEL == 0 ||
        k + 1 == mixer->weights->count)
        return;
    int32_t panel[PX_SQUARE_TAPS * PX_PANEL];
    set_panel(mixer, panel, k - k % PX_PANEL, k / 2);
    /* The other plane of the pair has its turn, and planes up to k have had theirs. */
    for (size_t i = 0; i < PX_SQUARE_TAPS * PX_PANEL; i++) {
        int32_t own =
            k % 2 ? px_couple(0, px_couple_high(panel[i])) : px_couple(px_couple_low(panel[i]), 0);
        panel[i] = i % PX_PANEL > k % PX_PANEL ? own : 0;
    }
    px_product_kernels_best()->mix_squares(
        &mixer->sums, mixer->couples->elements + k / 2 * mixer->couples->span, mixer->couples->span,
        geometry->stride, geometry->tile_count, panel, 1, true);
}
