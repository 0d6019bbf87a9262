#include "mapping/colours.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/status.h"
#include "mapping/stage.h"
#include "planes/planes.h"

/* ---- Encoding ---- */

static prism_status put_chunks(px_coded *mapped, const px_mapping_request *request,
                               const px_colour_set *set, prism_error *error) {
    const px_chunk_role role = {.depth = request->depth + 1};
    px_buffer *payload = &mapped->sections.payload;
    px_pipeline of_table;
    prism_status status = px_inner_put(payload, &mapped->pipeline, request, &set->numbers,
                                       set->places, request->options, role, error);
    return status == PRISM_OK ? px_inner_put(payload, &of_table, request, &set->table, set->colours,
                                             request->options, role, error)
                              : status;
}

prism_status px_colours_encode(px_coded *mapped, const px_mapping_request *request,
                               const px_colour_set *set, prism_error *error) {
    px_buffer *parameters = &mapped->sections.parameters;
    *mapped = (px_coded){.is_mapped = true};
    px_put_u8(parameters, PRISM_MAPPING_COLOURS);
    px_put_u8(parameters, (uint8_t)set->axis);
    px_put_varint(parameters, px_colour_count(set));
    prism_status status = put_chunks(mapped, request, set, error);
    mapped->pipeline.axis = set->axis;
    mapped->pipeline.roles = (px_roles){.rank = 0};
    return px_coded_finish(mapped, status, error);
}

/* ---- Decoding ---- */

/* The next chunk of the payload as places. */
static prism_status read_places(px_integers *places, px_mapping_source *source, int axis,
                                prism_error *error) {
    prism_array array = source->chunk->array;
    array.dims[axis] = 1;
    return px_inner_decode_integers(source, &array, PX_NARROW_INTEGERS, places, error);
}

static prism_status read_table(void **colours, px_mapping_source *source, size_t planes,
                               size_t count, prism_error *error) {
    const prism_array *whole = &source->chunk->array;
    prism_array array = {.type = whole->type, .rank = 2, .dims = {planes, count}};
    prism_status status = px_inner_decode(source, &array, 1u << whole->type, colours, error);
    return status == PRISM_OK && array.order != whole->order
               ? px_fail(error, PRISM_E_CORRUPT, "a table of colours has another byte order")
               : status;
}

/* A plane of the colours' elements. */
static prism_status look_up(uint8_t *elements, const px_layout *layout, size_t k, size_t size,
                            const uint8_t *column, size_t count, const px_integers *places,
                            prism_error *error) {
    for (size_t o = 0; o < layout->outer; o++) {
        uint8_t *to = elements + (o * layout->count + k) * layout->inner * size;
        for (size_t i = 0; i < layout->inner; i++) {
            const uint64_t place = px_integer_at(places, o * layout->inner + i);
            if (place >= count)
                return px_fail(error, PRISM_E_CORRUPT, "place %llu of a table of %zu colours",
                               (unsigned long long)place, count);
            memcpy(to + i * size, column + place * size, size);
        }
    }
    return PRISM_OK;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    const prism_array *array = &source->chunk->array;
    const int axis = px_get_u8(&source->parameters);
    const uint64_t count = px_get_varint(&source->parameters);
    if (source->depth || source->chunk->mask || axis >= (int)array->rank || !count ||
        count > PX_MOST_COLOURS)
        return px_fail(error, PRISM_E_CORRUPT, "colours are not those of this array");
    const px_layout layout = px_layout_make(array, axis);
    const size_t size = prism_type_size(array->type);
    px_integers places = {.elements = NULL};
    void *colours = NULL;
    prism_status status = read_places(&places, source, axis, error);
    if (status == PRISM_OK)
        status = read_table(&colours, source, layout.count, (size_t)count, error);
    for (size_t k = 0; k < layout.count && status == PRISM_OK; k++)
        status = look_up(elements, &layout, k, size, (uint8_t *)colours + k * count * size,
                         (size_t)count, &places, error);
    free(places.elements);
    free(colours);
    return status;
}

const px_mapping_stage px_mapping_colours = {
    .number = PRISM_MAPPING_COLOURS, .decode = decode, .chunks = 2};
