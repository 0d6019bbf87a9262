#include "lossy/grid.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "mapping/exceptions.h"

bool px_are_frames(const prism_array *array) {
    enum { FEW = 32 };
    return array->rank > 2 && array->dims[0] <= FEW;
}

/* The quotient of the error and the range must not pass the bound, however it is rounded. */
static double share_of_range(double bound, double range) {
    double error = bound * range;
    while (error > 0 && error / range > bound)
        error = nextafter(error, 0);
    return error;
}

/* The integer part of bound * range, of a bound below 1. */
static uint64_t whole_share(float bound, uint64_t range) {
    int exponent;
    const uint64_t factor = (uint64_t)ldexpf(frexpf(bound, &exponent), FLT_MANT_DIG);
    const int down = FLT_MANT_DIG - exponent - 32; /* of the upper part of the product */
    const uint64_t low = (range & UINT32_MAX) * factor;
    const uint64_t high = (range >> 32) * factor + (low >> 32);
    if (down >= 0)
        return down < 64 ? high >> down : 0;
    return high << -down | (low & UINT32_MAX) >> (32 + down);
}

/* Doubles do not hold all ranges of 64 bits: the share of the exact one, or a little less. */
static double share_of_integers(float bound, const px_numbers *values) {
    px_quantiser q;
    if (!px_quantiser_range(&q, values))
        return 0;
    const uint64_t whole = whole_share(bound, q.most - q.least);
    const double error =
        fmin((double)whole, share_of_range((double)bound, values->most - values->least));
    return error >= 0x1p53 ? nextafter(error, 0) : floor(error);
}

double px_lossy_error(const px_lossy_request *request) {
    const px_numbers *values = request->values;
    const bool integers = !values->words.number->fraction;
    const float bound = request->bound.value;
    if (request->bound.kind == PRISM_BOUND_REL_RMSE)
        return request->grid_error.largest;
    if (request->bound.kind != PRISM_BOUND_REL_MAX_ERROR)
        return integers ? floor((double)bound) : (double)bound;
    return integers ? share_of_integers(bound, values)
                    : share_of_range((double)bound, values->most - values->least);
}

/* ---- Encoding ---- */

static bool is_within(const px_quantiser *q, uint64_t place, uint64_t word, double error) {
    return px_value_distance(px_quantiser_word(q, place), word, q->type) <= error;
}

static void fill(px_grid *grid, const px_numbers *values, double error) {
    const px_word_view *words = &values->words;
    for (size_t i = 0; i < words->count; i++) {
        const uint64_t word = px_view_word(words, i);
        const bool exact = px_is_exact(values, i);
        const uint64_t place = exact ? 0 : px_quantiser_place(&grid->quantiser, word);
        const bool exception = exact || !is_within(&grid->quantiser, place, word, error) ||
                               (values->has_missing &&
                                px_is_missing(values, px_quantiser_word(&grid->quantiser, place)));
        if (grid->wide)
            grid->wide_places[i] = (int64_t)place;
        else
            grid->places[i] = (uint16_t)place;
        grid->is_exception[i] = exception;
        grid->has_exceptions |= exception;
    }
}

prism_status px_grid_fill(px_grid *grid, const px_numbers *values, double error,
                          prism_error *message) {
    const size_t count = values->words.count;
    grid->wide = px_quantiser_last(&grid->quantiser) > PX_LAST_NARROW_PLACE;
    grid->places = grid->wide ? NULL : px_alloc(count, sizeof *grid->places);
    grid->wide_places = grid->wide ? px_alloc(count, sizeof *grid->wide_places) : NULL;
    grid->is_exception = px_alloc(count, sizeof *grid->is_exception);
    grid->has_exceptions = false;
    if ((!grid->places && !grid->wide_places) || !grid->is_exception)
        return px_out_of_memory(message, count * sizeof *grid->places);
    fill(grid, values, error);
    if (grid->has_exceptions && !grid->wide)
        px_exceptions_fill(grid->places, grid->is_exception, count);
    if (!grid->has_exceptions) {
        free(grid->is_exception);
        grid->is_exception = NULL;
    }
    return PRISM_OK;
}

void px_grid_free(px_grid *grid) {
    free(grid->places);
    free(grid->wide_places);
    free(grid->is_exception);
    grid->places = NULL;
    grid->wide_places = NULL;
    grid->is_exception = NULL;
}

/* ---- Format ---- */

void px_grid_write(px_buffer *out, const px_grid *grid, const px_numbers *values) {
    px_quantiser_write(out, &grid->quantiser);
    px_put_u8(out, grid->has_exceptions);
    if (grid->has_exceptions)
        px_exceptions_write(out, &values->words, grid->is_exception);
}

bool px_grid_read(px_grid *grid, prism_type type, px_reader *in) {
    *grid = (px_grid){.quantiser = {.type = type}};
    const bool valid = px_quantiser_read(&grid->quantiser, in);
    const uint8_t exceptions = px_get_u8(in);
    grid->has_exceptions = exceptions == 1;
    return valid && !in->failed && exceptions <= 1;
}

prism_status px_grid_restore_exceptions(void *elements, const prism_array *array,
                                        const px_grid *grid, px_reader *in, prism_error *error) {
    return grid->has_exceptions ? px_exceptions_restore(in, array, elements, error) : PRISM_OK;
}
