/*
 * Prediction with the reconstruction in the loop: cells lie about what neighbours and other frames,
 * as they are decoded, predict. Where noise is below the width of a cell, most elements are what
 * was predicted, and the prediction is smooth; on a fixed grid, noise about an edge would be coded.
 * docs/format-near.md.
 */
#include <stdlib.h>

#include "base/effort.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "coders/ans/frames/frames.h"
#include "lossy/grid.h"

enum { FINE_CELL = 9 /* places of a float's lattice, if there is room for them */ };

/* Samples of an array of places, and how the array falls into frames. */
static prism_array array_of_places(const prism_array *array, const px_quantiser *q) {
    prism_array places = *array;
    places.type = px_quantiser_last(q) <= UINT8_MAX ? PRISM_UINT8 : PRISM_UINT16;
    places.order = px_native_order();
    return places;
}

/* ---- Encoding ---- */

/* The finest lattice whose places have 16 bits; places of a cell about a prediction, or 0 if there
 * is none. */
static int32_t make_lattice(px_quantiser *q, const px_numbers *values, double error) {
    if (values->words.number->fraction) {
        for (int32_t cell = FINE_CELL; cell > 1; cell -= 2)
            if (px_quantiser_make(q, values, error / cell) &&
                px_quantiser_last(q) <= PX_LAST_NARROW_PLACE)
                return cell;
        return 0;
    }
    if (!px_quantiser_make(q, values, error))
        return 0;
    const uint64_t whole = q->half, range = q->most - q->least;
    q->half = range / PX_LAST_NARROW_PLACE / 2;
    q->half += px_quantiser_last(q) > PX_LAST_NARROW_PLACE;
    if (q->half >= whole)
        return 0;
    const uint64_t half = (whole - q->half) / px_quantiser_width(q);
    return half > PX_LAST_NARROW_PLACE / 2 ? PX_LAST_NARROW_PLACE : (int32_t)(2 * half + 1);
}

static void load_places(px_planes *planes, const prism_array *array, const px_layout *layout,
                        const uint16_t *places, uint8_t *bytes) {
    const size_t count = (size_t)px_array_count(array);
    if (array->type == PRISM_UINT16) {
        px_planes_load(planes, array, layout, places);
        return;
    }
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)places[i];
    px_planes_load(planes, array, layout, bytes);
}

static void restore(void *elements, const prism_array *array, const px_quantiser *q,
                    const px_planes *planes, const px_layout *layout) {
    const int32_t half = planes->depth == 8 ? 1 << 7 : 1 << 15;
    const size_t size = prism_type_size(array->type);
    const bool swapped = px_is_swapped(array);
    size_t i = 0;
    for (size_t o = 0; o < layout->outer; o++)
        for (size_t k = 0; k < layout->count; k++)
            for (size_t n = 0; n < layout->inner; n++) {
                const int16_t sample = px_plane(planes, k)[o * layout->inner + n];
                px_word_put(elements, i++, size, swapped,
                            px_quantiser_word(q, (uint64_t)(sample + half)));
            }
}

/* What decoding gives: of the planes, which coding has made what they become. */
static prism_status leave_decoded(const px_lossy_request *request, const px_grid *grid,
                                  const px_planes *planes, const px_layout *layout,
                                  prism_error *error) {
    const px_word_view *words = &request->values->words;
    void *elements = px_alloc(words->count, words->size);
    if (!elements)
        return px_out_of_memory(error, px_product(words->count, words->size));
    restore(elements, request->mapping->array, &grid->quantiser, planes, layout);
    for (size_t i = 0; i < words->count && grid->has_exceptions; i++)
        if (grid->is_exception[i])
            px_word_put(elements, i, words->size, words->swapped, px_view_word(words, i));
    *request->decoded = elements;
    return PRISM_OK;
}

static prism_status encode_frames(px_sections *coded, const px_lossy_request *request,
                                  const px_grid *grid, int axis, int32_t cell, prism_error *error) {
    const prism_array array = array_of_places(request->mapping->array, &grid->quantiser);
    const px_layout layout = px_layout_make(&array, axis);
    px_planes planes = {.samples = NULL};
    uint8_t *bytes = array.type == PRISM_UINT8 ? malloc((size_t)px_array_count(&array)) : NULL;
    prism_status status = px_planes_alloc(&planes, &array, &layout, error);
    if (status == PRISM_OK && array.type == PRISM_UINT8 && !bytes)
        status = px_out_of_memory(error, (size_t)px_array_count(&array));
    if (status == PRISM_OK && px_frames_fit(&planes)) {
        load_places(&planes, &array, &layout, grid->places, bytes);
        status = px_frames_encode_cells(&planes, cell, request->mapping->options->effort,
                                        request->limit, coded, error);
        if (status == PRISM_OK && px_sections_size(coded) < request->limit)
            status = leave_decoded(request, grid, &planes, &layout, error);
    }
    free(bytes);
    px_planes_free(&planes);
    return status;
}

enum { FEW_CHANNELS = 4 };

/* That of the places on a grid, or of frames, if places were coded as something else. */
static int axis_of_frames(const px_lossy_request *request) {
    const bool asked = request->mapping->options->axis != PRISM_AXIS_AUTO;
    if (!asked && request->found.transform != PRISM_TRANSFORM_STACK &&
        px_are_frames(request->mapping->array))
        return 0;
    return request->found.axis < 0 ? PRISM_AXIS_AUTO : request->found.axis;
}

/* Whether planes that are coded as channels may be frames, of which a grid leaves little. */
static bool may_be_frames(const px_lossy_request *request) {
    static const double FEW_BITS = 1.2; /* of an element */
    const prism_array *array = request->mapping->array;
    const int axis = axis_of_frames(request);
    return axis < 0 || array->dims[axis] <= FEW_CHANNELS ||
           (axis == 0 && px_are_frames(array) &&
            8 * (double)request->limit < FEW_BITS * (double)request->values->words.count);
}

static prism_status encode_grid(px_coded *mapped, px_grid *grid, const px_lossy_request *request,
                                int32_t cell, prism_error *error) {
    const int axis = axis_of_frames(request);
    px_sections coded = {.parameters = {0}};
    px_buffer *out = &mapped->sections.parameters;
    prism_status status = px_grid_fill(grid, request->values, px_lossy_error(request), error);
    if (status == PRISM_OK)
        status = encode_frames(&coded, request, grid, axis, cell, error);
    if (status == PRISM_OK)
        status = px_sections_status(&coded, error);
    if (status == PRISM_OK && coded.payload.size) {
        px_put_varint(out, (uint64_t)cell);
        px_put_u8(out, (uint8_t)(axis + 1));
        px_put_sized(out, coded.parameters.data, coded.parameters.size);
        px_grid_write(out, grid, request->values);
        px_put_bytes(&mapped->sections.payload, coded.payload.data, coded.payload.size);
        mapped->pipeline = (px_pipeline){.transform = PRISM_TRANSFORM_STACK,
                                         .predictor = PRISM_PREDICTOR_LSQ,
                                         .coder = PRISM_CODER_ANS,
                                         .effort = request->mapping->options->effort,
                                         .axis = axis};
        mapped->is_mapped = true;
    }
    px_sections_free(&coded);
    return status;
}

/* Of a bound on the mean of errors: whether cells may be smaller than what there is. They take as
 * little as half of what places on a grid do, but much time. */
static bool may_pay(const px_lossy_request *request) {
    static const double SHARE = 0.6;
    return request->bound.kind != PRISM_BOUND_REL_RMSE ||
           (request->grid_size && SHARE * (double)request->grid_size < (double)request->limit);
}

/* Whether the options leave room for a coder of frames, and planes are such. */
static bool may_be_near(const px_lossy_request *request) {
    const prism_options *options = request->mapping->options;
    return px_efforts.near[options->effort] &&
           (options->coder == PRISM_CODER_AUTO || options->coder == PRISM_CODER_ANS) &&
           options->transform != PRISM_TRANSFORM_CHANNELS &&
           (request->found.transform != PRISM_TRANSFORM_CHANNELS || may_be_frames(request));
}

static prism_status encode(px_coded *mapped, const px_lossy_request *request, prism_error *error) {
    px_grid grid = {.wide = false};
    const int32_t cell = make_lattice(&grid.quantiser, request->values, px_lossy_error(request));
    if (!cell || !may_be_near(request) || !may_pay(request))
        return PRISM_OK;
    prism_status status = encode_grid(mapped, &grid, request, cell, error);
    px_grid_free(&grid);
    return status;
}

/* ---- Decoding ---- */

typedef struct near_header {
    int32_t cell;
    int axis;
    px_reader model; /* of the frames */
    px_grid grid;
} near_header;

static bool read_header(near_header *h, const prism_array *array, px_reader *in) {
    px_bound bound;
    const bool bounded = px_bound_read(&bound, in);
    const uint64_t cell = px_get_varint(in);
    h->axis = (int)px_get_u8(in) - 1;
    const size_t size = px_get_size(in);
    h->model = px_reader_make(px_get_bytes(in, size), in->failed ? 0 : size);
    h->cell = cell <= PX_LAST_NARROW_PLACE ? (int32_t)cell : 0;
    return bounded && !in->failed && h->cell % 2 == 1 && h->axis < (int)array->rank &&
           px_grid_read(&h->grid, array->type, in) &&
           px_quantiser_last(&h->grid.quantiser) <= PX_LAST_NARROW_PLACE;
}

static prism_status decode_planes(px_planes *planes, near_header *h, px_mapping_source *source,
                                  prism_error *error) {
    prism_status status = px_planes_take(planes, error);
    if (status == PRISM_OK)
        status = px_frames_decode_cells(planes, h->cell, NULL, &h->model, &source->payload, error);
    return status;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    const prism_array *array = &source->chunk->array;
    near_header h;
    if (!read_header(&h, array, &source->parameters))
        return px_fail(error, PRISM_E_CORRUPT, "the grid of the elements is damaged");
    const prism_array places = array_of_places(array, &h.grid.quantiser);
    const px_layout layout = px_layout_make(&places, h.axis);
    px_planes planes = px_planes_shape(&places, &layout);
    prism_status status = decode_planes(&planes, &h, source, error);
    if (status == PRISM_OK)
        restore(elements, array, &h.grid.quantiser, &planes, &layout);
    px_planes_free(&planes);
    return status == PRISM_OK
               ? px_grid_restore_exceptions(elements, array, &h.grid, &source->parameters, error)
               : status;
}

static uint64_t decode_memory(const px_chunk *chunk) {
    const prism_array array = px_squeeze(&chunk->array).array;
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_get_u8(&parameters);
    near_header h;
    if (!read_header(&h, &array, &parameters))
        return 0;
    const prism_array places = array_of_places(&array, &h.grid.quantiser);
    const px_layout layout = px_layout_make(&places, h.axis);
    const px_planes planes = px_planes_shape(&places, &layout);
    return px_planes_bytes(&planes) + px_frames_cells_memory(&planes, h.model);
}

const px_lossy_stage px_lossy_near = {.number = PRISM_MAPPING_NEAR,
                                      .suits = {[PRISM_BOUND_MAX_ERROR] = true,
                                                [PRISM_BOUND_REL_MAX_ERROR] = true,
                                                [PRISM_BOUND_REL_RMSE] = true},
                                      .encode = encode,
                                      .decoder = {.decode = decode, .memory = decode_memory}};
