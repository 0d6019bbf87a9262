#include "lossy/grid.h"

#include <math.h>
#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "mapping/exceptions.h"

/* The quotient of the error and the range must not pass the bound, however it is rounded. */
static double share_of_range(double bound, double range) {
    double error = bound * range;
    while (error > 0 && error / range > bound)
        error = nextafter(error, 0);
    return error;
}

double px_lossy_error(const px_lossy_request *request) {
    const px_numbers *values = request->values;
    const double bound = (double)request->bound.value;
    const double error = request->bound.kind == PRISM_BOUND_REL_MAX_ERROR
                             ? share_of_range(bound, values->most - values->least)
                             : bound;
    return values->words.number->fraction ? error : floor(error);
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
