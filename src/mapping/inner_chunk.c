#include "mapping/inner_chunk.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/sizes.h"
#include "base/status.h"
#include "planes/values.h"

enum { SMALL_ARRAY = 1 << 12 }; /* elements */

bool px_inner_is_tiny(const px_mapping_request *request) {
    enum { ELEMENTS = PX_TINY_BYTES / 2 };
    return px_is_tiny(request->array) ||
           (request->depth > 0 && px_array_count(request->array) < ELEMENTS);
}

prism_status px_inner_read(px_chunk *chunk, px_reader *in, prism_error *error) {
    const size_t size = px_get_size(in);
    const uint8_t *bytes = px_get_bytes(in, size);
    return bytes ? px_chunk_read(chunk, bytes, size, error)
                 : px_fail(error, PRISM_E_TRUNCATED, "a chunk within the chunk is not all there");
}

prism_status px_inner_read_head(px_chunk *chunk, size_t *head, px_reader *in, prism_error *error) {
    const size_t size = px_get_size(in);
    const size_t there = px_smaller(size, px_reader_left(in));
    const uint8_t *bytes = px_get_bytes(in, there);
    if (in->failed)
        return px_fail(error, PRISM_E_TRUNCATED, "a chunk within the chunk is not all there");
    prism_status status = px_chunk_read_head(chunk, head, bytes, there, error);
    return status == PRISM_OK && px_chunk_size(chunk) != size
               ? px_fail(error, PRISM_E_CORRUPT, "a chunk within the chunk has another size")
               : status;
}

/* Chunks within chunks are little-endian on every machine: a chunk does not tell where it was made.
 */
static prism_status encode_little_endian(px_coded *mapped, const px_mapping_request *request,
                                         const prism_array *array, const uint8_t *elements,
                                         prism_error *error) {
    const size_t last = prism_type_size(array->type) - 1;
    prism_array little = *array;
    little.order = PRISM_LITTLE_ENDIAN;
    size_t size;
    prism_status status = prism_array_size(array, &size, error);
    if (status != PRISM_OK)
        return status;
    uint8_t *swapped = px_alloc(size);
    if (!swapped)
        return px_out_of_memory(error, size);
    for (size_t i = 0; i < size; i++)
        swapped[i] = elements[i ^ last]; /* sizes are powers of two */
    status = px_inner_encode(mapped, request, &little, swapped, error);
    free(swapped);
    return status;
}

prism_status px_inner_put(px_buffer *out, px_pipeline *used, const px_mapping_request *request,
                          const prism_array *array, const void *elements,
                          const prism_options *given, px_chunk_role role, prism_error *error) {
    prism_options options = *given;
    options.checksum = false;
    px_buffer chunk = {0};
    prism_status status =
        request->inner->encode(&chunk, used, array, elements, &options, role, error);
    if (status == PRISM_OK)
        px_put_sized(out, chunk.data, chunk.size);
    px_buffer_free(&chunk);
    return status;
}

prism_status px_inner_encode(px_coded *mapped, const px_mapping_request *request,
                             const prism_array *array, const void *elements, prism_error *error) {
    if (px_native_order() == PRISM_BIG_ENDIAN && array->order == PRISM_BIG_ENDIAN &&
        prism_type_size(array->type) > 1)
        return encode_little_endian(mapped, request, array, elements, error);
    const px_chunk_role role = {.depth = request->depth + 1,
                                .of_wide =
                                    request->depth > 0 || !px_type_is_narrow(request->array->type),
                                .distinct = true,
                                .trial = request->trial,
                                .mask = px_gaps_for(request->mask, array)};
    return px_inner_put(&mapped->sections.payload, &mapped->pipeline, request, array, elements,
                        request->options, role, error);
}

static prism_status encode_bytes(px_coded *mapped, const px_mapping_request *request,
                                 prism_array *array, const uint16_t *integers, size_t count,
                                 prism_error *error) {
    array->type = PRISM_UINT8;
    array->order = PRISM_LITTLE_ENDIAN;
    uint8_t *bytes = malloc(count);
    if (!bytes)
        return px_out_of_memory(error, count);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)integers[i];
    prism_status status = px_inner_encode(mapped, request, array, bytes, error);
    free(bytes);
    return status;
}

prism_status px_inner_encode_integers(px_coded *mapped, const px_mapping_request *request,
                                      const uint16_t *integers, bool noisy, prism_error *error) {
    prism_options options = *request->options;
    px_mapping_request inner = *request;
    if (noisy && !px_inner_is_tiny(request))
        px_code_natively(&options);
    inner.options = &options;
    prism_array array = *request->array;
    size_t size;
    prism_status status = prism_array_size(&array, &size, error);
    if (status != PRISM_OK)
        return status;
    const size_t count = size / prism_type_size(array.type);
    if (noisy && count >= SMALL_ARRAY)
        inner.depth = PX_CHUNK_DEPTH - 1; /* no table would make them smaller */
    uint16_t all = 0;
    for (size_t i = 0; i < count; i++)
        all |= integers[i];
    if (all <= UINT8_MAX)
        return encode_bytes(mapped, &inner, &array, integers, count, error);
    array.type = PRISM_UINT16;
    array.order = px_native_order();
    return px_inner_encode(mapped, &inner, &array, integers, error);
}

bool px_integers_are_dense(const uint16_t *integers, size_t count) {
    enum { SPARSE = 4 };
    px_values values = {.count = 0};
    size_t range = 0;
    for (size_t i = 0; i < count; i++) {
        px_values_add(&values, integers[i]);
        range = integers[i] > range ? integers[i] : range;
    }
    return values.count * SPARSE > range;
}

static bool is_shaped_like(const prism_array *a, const prism_array *b) {
    return a->rank == b->rank && memcmp(a->dims, b->dims, a->rank * sizeof *a->dims) == 0;
}

prism_status px_inner_check(const px_chunk *inner, const px_mapping_source *source,
                            const prism_array *array, uint32_t types, prism_error *error) {
    return inner->has_checksum || !is_shaped_like(&inner->array, array) ||
                   !(types >> inner->array.type & 1) || source->depth + 1 > PX_CHUNK_DEPTH
               ? px_fail(error, PRISM_E_CORRUPT,
                         "a chunk within the chunk is not what belongs there")
               : PRISM_OK;
}

prism_status px_inner_decode(px_mapping_source *source, prism_array *array, uint32_t types,
                             void **elements, prism_error *error) {
    px_chunk chunk;
    *elements = NULL;
    prism_status status = px_inner_read(&chunk, &source->payload, error);
    if (status == PRISM_OK)
        status = px_inner_check(&chunk, source, array, types, error);
    if (status != PRISM_OK)
        return status;
    *array = chunk.array;
    chunk.mask = px_gaps_for(source->chunk->mask, array);
    size_t room;
    status = prism_array_size(array, &room, error);
    if (status == PRISM_OK && !(*elements = malloc(room)))
        status = px_out_of_memory(error, room);
    if (status == PRISM_OK)
        status =
            source->inner->decode(&chunk, *elements, source->threads, source->depth + 1, error);
    if (status != PRISM_OK) {
        free(*elements);
        *elements = NULL;
    }
    return status;
}

prism_status px_inner_decode_integers(px_mapping_source *source, const prism_array *shape,
                                      uint32_t types, px_integers *integers, prism_error *error) {
    prism_array array = *shape;
    prism_status status = px_inner_decode(source, &array, types, &integers->elements, error);
    integers->size = prism_type_size(array.type);
    integers->swapped = px_is_swapped(&array);
    return status;
}
