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
static prism_status encode_wide(px_mapped *mapped, const px_mapping_request *request,
                                const int64_t *places, prism_error *error) {
    prism_array array = *request->array;
    array.type = PRISM_INT64;
    array.order = px_native_order();
    return px_inner_encode(mapped, request, &array, places, error);
}

static prism_status encode_grid(px_mapped *mapped, px_grid *grid, const px_lossy_request *request,
                                double largest, prism_error *error) {
    prism_status status = px_grid_fill(grid, request->values, largest, error);
    if (status != PRISM_OK)
        return status;
    px_grid_write(&mapped->sections.parameters, grid, request->values);
    mapped->used = true;
    return grid->wide
               ? encode_wide(mapped, request->mapping, grid->wide_places, error)
               : px_inner_encode_integers(mapped, request->mapping, grid->places, false, error);
}

static prism_status encode(px_mapped *mapped, const px_lossy_request *request, prism_error *error) {
    const double largest = px_lossy_error(request);
    px_grid grid = {.wide = false};
    if (!px_quantiser_make(&grid.quantiser, request->values, largest) ||
        px_quantiser_last(&grid.quantiser) > INT64_MAX)
        return PRISM_OK;
    if (!request->values->words.number->fraction)
        px_phase_choose(&grid.quantiser, request->values);
    prism_status status = encode_grid(mapped, &grid, request, largest, error);
    px_grid_free(&grid);
    return status;
}

/* ---- Decoding ---- */

static prism_status decode_words(px_bit_patterns *words, const px_grid *grid,
                                 const px_integers *places, px_mapping_source *source,
                                 prism_error *error) {
    for (size_t i = 0; i < words->count; i++)
        words->bits[i] = px_quantiser_word(&grid->quantiser, px_integer_at(places, i));
    return px_grid_restore_exceptions(words, grid, &source->parameters, error);
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    px_bound bound;
    px_grid grid;
    if (!px_bound_read(&bound, &source->parameters) ||
        !px_grid_read(&grid, source->chunk->array.type, &source->parameters))
        return px_fail(error, PRISM_E_CORRUPT, "the quantiser of the elements is damaged");
    px_integers places;
    prism_status status = px_inner_decode_integers(source, true, &places, error);
    if (status != PRISM_OK)
        return status;
    px_bit_patterns words;
    status = px_bit_patterns_alloc(&words, &source->chunk->array, error);
    if (status == PRISM_OK)
        status = decode_words(&words, &grid, &places, source, error);
    if (status == PRISM_OK)
        px_bit_patterns_store(&words, elements);
    px_bit_patterns_free(&words);
    free(places.elements);
    return status;
}

const px_lossy_stage px_lossy_uniform = {
    .number = PRISM_MAPPING_UNIFORM,
    .suits = {[PRISM_BOUND_MAX_ERROR] = true, [PRISM_BOUND_REL_MAX_ERROR] = true},
    .encode = encode,
    .decoder = {.decode = decode, .decode_bytes = PX_WORD_BYTES, .chunks = 1}};
