/*
 * Places on a fixed grid, coded as integers are. For integers, the grid has the phase that costs
 * least.
 */
#include <stdlib.h>

#include "base/status.h"
#include "lossy/grid.h"
#include "lossy/phase.h"

/* ---- Encoding ---- */

/* What lies beyond 16 bits is an array of wide integers, with a mapping of its own. */
static prism_status encode_wide(px_coded *mapped, const px_mapping_request *request,
                                const int64_t *places, prism_error *error) {
    prism_array array = *request->array;
    array.type = PRISM_INT64;
    array.order = px_native_order();
    return px_inner_encode(mapped, request, &array, places, error);
}

static prism_status encode_grid(px_coded *mapped, px_grid *grid, const px_lossy_request *request,
                                double largest, prism_error *error) {
    prism_status status = px_grid_fill(grid, request->values, largest, error);
    if (status != PRISM_OK)
        return status;
    px_grid_write(&mapped->sections.parameters, grid, request->values);
    mapped->is_mapped = true;
    return grid->wide
               ? encode_wide(mapped, request->mapping, grid->wide_places, error)
               : px_inner_encode_integers(mapped, request->mapping, grid->places, false, error);
}

/* Where the mean of errors matters, the commonest integer has none. */
static void choose_phase(px_quantiser *q, const px_lossy_request *request) {
    if (request->bound.kind == PRISM_BOUND_REL_RMSE)
        px_quantiser_centre(q, request->grid_error.middle);
    else
        px_phase_choose(q, request->values);
}

static prism_status encode(px_coded *mapped, const px_lossy_request *request, prism_error *error) {
    const double largest = px_lossy_error(request);
    px_grid grid = {.wide = false};
    if (!px_quantiser_make(&grid.quantiser, request->values, largest) ||
        px_quantiser_last(&grid.quantiser) > INT64_MAX)
        return PRISM_OK;
    if (!request->values->words.number->fraction)
        choose_phase(&grid.quantiser, request);
    prism_status status = encode_grid(mapped, &grid, request, largest, error);
    px_grid_free(&grid);
    return status;
}

/* ---- Decoding ---- */

static void restore(void *elements, const prism_array *array, const px_quantiser *q,
                    const px_integers *places) {
    const size_t count = (size_t)px_array_count(array), size = prism_type_size(array->type);
    const bool swapped = px_is_swapped(array);
    for (size_t i = 0; i < count; i++)
        px_word_put(elements, i, size, swapped, px_quantiser_word(q, px_integer_at(places, i)));
}

static bool read_header(px_grid *grid, const prism_array *array, px_reader *in) {
    px_bound bound;
    return px_bound_read(&bound, in) && px_grid_read(grid, array->type, in);
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    const prism_array *array = &source->chunk->array;
    px_grid grid;
    if (!read_header(&grid, array, &source->parameters))
        return px_fail(error, PRISM_E_CORRUPT, "the grid of the elements is damaged");
    px_integers places;
    prism_status status =
        px_inner_decode_integers(source, &source->chunk->array, PX_WIDE_INTEGERS, &places, error);
    if (status != PRISM_OK)
        return status;
    restore(elements, array, &grid.quantiser, &places);
    free(places.elements);
    return px_grid_restore_exceptions(elements, array, &grid, &source->parameters, error);
}

const px_lossy_stage px_lossy_uniform = {.number = PRISM_MAPPING_UNIFORM,
                                         .suits = {[PRISM_BOUND_MAX_ERROR] = true,
                                                   [PRISM_BOUND_REL_MAX_ERROR] = true,
                                                   [PRISM_BOUND_REL_RMSE] = true},
                                         .encode = encode,
                                         .decoder = {.decode = decode, .chunks = 1}};
