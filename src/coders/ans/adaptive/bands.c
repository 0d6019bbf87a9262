#include "coders/ans/adaptive/bands.h"

#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"

/* A band is a copy where it equals another at 4 of 5 positions. */
static bool mostly(size_t equal, size_t all) {
    return equal * 5 > all * 4;
}

static size_t phase_of(const px_bands *bands, size_t band) {
    return band / bands->planes;
}

/* The sample of a band at a position, or NULL beyond the border. */
static int16_t *sample_at(const px_bands *bands, const px_planes *planes, size_t band,
                          size_t position) {
    const size_t phase = phase_of(bands, band), edge = bands->edge;
    if (edge == 1)
        return px_plane(planes, band) + position;
    size_t y = position / bands->width * edge + phase / edge;
    size_t x = position % bands->width * edge + phase % edge;
    if (y >= planes->height || x >= planes->width)
        return NULL;
    return px_plane(planes, band % bands->planes) + y * planes->width + x;
}

/* As above, but with phase 0 standing in beyond the border. */
static int16_t *sample_near(const px_bands *bands, const px_planes *planes, size_t band,
                            size_t position) {
    int16_t *sample = sample_at(bands, planes, band, position);
    return sample ? sample : sample_at(bands, planes, band % bands->planes, position);
}

/* Whether the samples at odd x repeat the ones before them, in a plane that is not constant. */
static bool is_doubled(const px_planes *planes, size_t k) {
    const int16_t *samples = px_plane(planes, k);
    size_t equal = 0, flat = 0, pairs = 0;
    for (size_t y = 0; y < planes->height; y++)
        for (size_t x = 1; x < planes->width; x += 2) {
            const int16_t *at = samples + y * planes->width + x;
            equal += at[0] == at[-1];
            flat += at[0] == samples[0];
            pairs++;
        }
    return mostly(equal, pairs) && flat < pairs;
}

size_t px_bands_edge(const px_planes *planes) {
    size_t doubled = 0;
    if (planes->height < 2 || planes->width < 2)
        return 1;
    for (size_t k = 0; k < planes->count; k++)
        doubled += is_doubled(planes, k);
    return doubled * 5 > planes->count ? 2 : 1;
}

static void list_coded(px_bands *bands) {
    bands->coded_count = 0;
    for (size_t b = 0; b < bands->count; b++)
        if (bands->info[b].kind == PX_BAND_CODED)
            bands->coded[bands->coded_count++] = b;
}

prism_status px_bands_alloc(px_bands *bands, const px_planes *planes, size_t edge,
                            prism_error *error) {
    *bands = (px_bands){.planes = planes->count,
                        .edge = edge,
                        .height = (planes->height + edge - 1) / edge,
                        .width = (planes->width + edge - 1) / edge,
                        .count = px_product(edge, edge, planes->count)};
    bands->info = px_alloc_zeroed(bands->count, sizeof *bands->info);
    bands->coded = px_alloc_zeroed(bands->count, sizeof *bands->coded);
    if (bands->info && bands->coded) {
        list_coded(bands);
        return PRISM_OK;
    }
    px_bands_free(bands);
    return px_out_of_memory(error, bands->count * sizeof *bands->info);
}

void px_bands_free(px_bands *bands) {
    free(bands->info);
    free(bands->coded);
    bands->info = NULL;
    bands->coded = NULL;
}

/* ---- Kinds ---- */

static bool is_constant(const px_bands *bands, const px_planes *planes, size_t band) {
    const size_t positions = bands->height * bands->width;
    const int16_t first = *sample_near(bands, planes, band, 0);
    for (size_t p = 1; p < positions; p++)
        if (*sample_near(bands, planes, band, p) != first)
            return false;
    return true;
}

static bool is_copy(const px_bands *bands, const px_planes *planes, size_t band, size_t of) {
    const size_t positions = bands->height * bands->width;
    size_t equal = 0;
    for (size_t p = 0; p < positions; p++)
        equal += *sample_near(bands, planes, band, p) == *sample_near(bands, planes, of, p);
    return mostly(equal, positions);
}

static px_band_info find_kind(const px_bands *bands, const px_planes *planes, size_t band) {
    if (is_constant(bands, planes, band))
        return (px_band_info){PX_BAND_CONSTANT, *sample_near(bands, planes, band, 0)};
    for (size_t phase = 0; phase < phase_of(bands, band); phase++) {
        size_t of = phase * bands->planes + band % bands->planes;
        if (bands->info[of].kind == PX_BAND_CODED && is_copy(bands, planes, band, of))
            return (px_band_info){PX_BAND_COPY, (int32_t)phase};
    }
    return (px_band_info){PX_BAND_CODED, 0};
}

void px_bands_find(px_bands *bands, const px_planes *planes) {
    for (size_t b = 0; b < bands->count; b++)
        bands->info[b] = find_kind(bands, planes, b);
    list_coded(bands);
}

/* Models of the kinds; the context is the kind of the same plane's phase before. */
typedef struct kind_models {
    px_bit coded[4], constant[4];
    px_integer value;
    int32_t last; /* constant */
} kind_models;

static kind_models kind_models_make(void) {
    kind_models models = {.last = 0};
    const px_bit even = PX_BIT_INIT;
    for (int i = 0; i < 4; i++)
        models.coded[i] = models.constant[i] = even;
    px_integer_init(&models.value);
    return models;
}

static int kind_context(const px_bands *bands, size_t band) {
    return band < bands->planes ? 3 : (int)bands->info[band - bands->planes].kind;
}

void px_bands_write(const px_bands *bands, px_range_encoder *coder) {
    kind_models models = kind_models_make();
    for (size_t b = 0; b < bands->count; b++) {
        const int context = kind_context(bands, b);
        const px_band_info info = bands->info[b];
        px_encode_bit(coder, &models.coded[context], info.kind != PX_BAND_CODED);
        if (info.kind == PX_BAND_CODED)
            continue;
        px_encode_bit(coder, &models.constant[context], info.kind == PX_BAND_COPY);
        if (info.kind == PX_BAND_CONSTANT) {
            px_encode_integer(coder, &models.value, info.value - models.last);
            models.last = info.value;
        } else {
            const px_bit even = PX_BIT_INIT;
            for (int bit = 1; bit >= 0; bit--) {
                px_bit model = even;
                px_encode_bit(coder, &model, info.value >> bit & 1);
            }
        }
    }
}

static bool read_info(px_bands *bands, px_range_decoder *coder, kind_models *models, size_t band,
                      unsigned depth) {
    const int context = kind_context(bands, band);
    px_band_info *info = &bands->info[band];
    *info = (px_band_info){PX_BAND_CODED, 0};
    if (!px_decode_bit(coder, &models->coded[context]))
        return true;
    if (!px_decode_bit(coder, &models->constant[context])) {
        info->kind = PX_BAND_CONSTANT;
        info->value = models->last += px_decode_integer(coder, &models->value);
        return info->value == px_wrap(info->value, depth);
    }
    info->kind = PX_BAND_COPY;
    for (int bit = 1; bit >= 0; bit--) {
        px_bit model = PX_BIT_INIT;
        info->value = info->value * 2 + px_decode_bit(coder, &model);
    }
    const size_t of = (size_t)info->value * bands->planes + band % bands->planes;
    return of < band && bands->info[of].kind == PX_BAND_CODED;
}

prism_status px_bands_read(px_bands *bands, px_range_decoder *coder, unsigned depth,
                           prism_error *error) {
    kind_models models = kind_models_make();
    for (size_t b = 0; b < bands->count; b++)
        if (!read_info(bands, coder, &models, b, depth) || coder->in->failed)
            return px_fail(error, PRISM_E_CORRUPT, "band %zu has an impossible kind", b);
    list_coded(bands);
    return PRISM_OK;
}

/* ---- Samples ---- */

void px_bands_gather(const px_bands *bands, const px_planes *planes, size_t first, size_t count,
                     int16_t *samples) {
    for (size_t k = 0; k < count; k++)
        for (size_t p = 0; p < bands->height * bands->width; p++)
            samples[p * count + k] = *sample_near(bands, planes, bands->coded[first + k], p);
}

void px_bands_scatter(const px_bands *bands, px_planes *planes, size_t first, size_t count,
                      const int16_t *samples) {
    for (size_t k = 0; k < count; k++)
        for (size_t p = 0; p < bands->height * bands->width; p++) {
            int16_t *sample = sample_at(bands, planes, bands->coded[first + k], p);
            if (sample)
                *sample = samples[p * count + k];
        }
}

/* ---- Copies ---- */

/*
 * A sample of a copy equals its source nearly always; if not, perhaps another phase that differs
 * from the source; else the difference is coded.
 */
typedef struct copy_models {
    px_bit differs[4]; /* by the copy before it at the position, and the position before */
} copy_models;

typedef struct rest {
    const px_bands *bands;
    px_planes *planes;
    px_range_encoder *encoder; /* or NULL */
    px_range_decoder *decoder;
    copy_models *models; /* [count] by band */
    px_bit other[4];     /* by phase */
    px_integer difference;
} rest;

static int code_bit(rest *r, px_bit *model, int bit) {
    if (!r->encoder)
        return px_decode_bit(r->decoder, model);
    px_encode_bit(r->encoder, model, bit);
    return bit;
}

static int32_t code_difference(rest *r, int32_t difference) {
    if (!r->encoder)
        return px_decode_integer(r->decoder, &r->difference);
    px_encode_integer(r->encoder, &r->difference, difference);
    return difference;
}

static bool differs_at(const rest *r, size_t band, size_t position) {
    const px_bands *bands = r->bands;
    size_t of = (size_t)bands->info[band].value * bands->planes + band % bands->planes;
    return *sample_near(bands, r->planes, band, position) !=
           *sample_near(bands, r->planes, of, position);
}

static int16_t code_copy(rest *r, size_t band, size_t position, size_t before, int16_t sample) {
    const px_bands *bands = r->bands;
    const size_t plane = band % bands->planes;
    size_t of = (size_t)bands->info[band].value * bands->planes + plane;
    const int16_t source = *sample_near(bands, r->planes, of, position);
    int context = before < bands->count && differs_at(r, before, position) ? 2 : 0;
    context += position && differs_at(r, band, position - 1);
    if (!code_bit(r, &r->models[band].differs[context], sample != source))
        return source;
    for (size_t other = plane; other < band; other += bands->planes) {
        const int16_t candidate = *sample_near(bands, r->planes, other, position);
        if (candidate != source &&
            code_bit(r, &r->other[phase_of(bands, other)], sample == candidate))
            return candidate;
    }
    return (int16_t)(source + code_difference(r, sample - source));
}

/* Differing is rare at first, and likely where the neighbour or the copy before differed. */
static void rest_init_models(rest *r) {
    const px_bit even = PX_BIT_INIT, rare = {62000, 62000}, likely = {20000, 20000};
    for (size_t b = 0; b < r->bands->count; b++)
        for (int i = 0; i < 4; i++)
            r->models[b].differs[i] = i & 2 ? likely : rare;
    for (int i = 0; i < 4; i++)
        r->other[i] = even;
    px_integer_init(&r->difference);
}

static prism_status code_rest(rest *r, prism_error *error) {
    const px_bands *bands = r->bands;
    const size_t positions = bands->height * bands->width;
    size_t before = bands->count;
    r->models = px_alloc_zeroed(bands->count, sizeof *r->models);
    if (!r->models)
        return px_out_of_memory(error, bands->count * sizeof *r->models);
    rest_init_models(r);
    for (size_t b = 0; b < bands->count; b++) {
        const px_band_info info = bands->info[b];
        for (size_t p = 0; p < positions && info.kind != PX_BAND_CODED; p++) {
            int16_t *sample = sample_at(bands, r->planes, b, p);
            if (sample)
                *sample = info.kind == PX_BAND_COPY ? code_copy(r, b, p, before, *sample)
                                                    : (int16_t)info.value;
        }
        if (info.kind == PX_BAND_COPY)
            before = b;
    }
    free(r->models);
    return PRISM_OK;
}

prism_status px_bands_encode_rest(const px_bands *bands, const px_planes *planes,
                                  px_range_encoder *coder, prism_error *error) {
    px_planes same = *planes; /* every sample is written back as it was */
    rest r = {.bands = bands, .planes = &same, .encoder = coder};
    return code_rest(&r, error);
}

prism_status px_bands_decode_rest(const px_bands *bands, px_planes *planes, px_range_decoder *coder,
                                  prism_error *error) {
    rest r = {.bands = bands, .planes = planes, .decoder = coder};
    return code_rest(&r, error);
}

uint64_t px_bands_memory(size_t count) {
    return count * (uint64_t)(sizeof(px_band_info) + sizeof(size_t) + sizeof(copy_models));
}
