/*
 * Along axes that the mask has, indices at which nothing has data are left out of the array
 * (mask_rest.h). At the other places without data, coders that know of holes code nothing; others
 * find the last element before once more.
 */
#include "mapping/mask.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/sizes.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "mapping/mask_rest.h"
#include "mapping/stage.h"
#include "pipeline/pipeline.h"

/* ---- Elements of places ---- */

/* For elements that belong to one place of the mask: where they lie, from the first of them on. */
typedef struct spots {
    size_t *offsets;
    size_t count, run;            /* bytes that lie together at each */
    size_t steps[PRISM_MAX_RANK]; /* bytes along axes of the mask */
} spots;

static prism_status spots_make(spots *s, const px_gaps *mask, const prism_array *array,
                               prism_error *error) {
    size_t step = prism_type_size(array->type), repeats = 1;
    *s = (spots){.count = 1, .run = step};
    unsigned d = array->rank;
    for (; d > 0 && mask->array.dims[d - 1] == 1; d--)
        s->run *= (size_t)array->dims[d - 1];
    step = s->run;
    for (unsigned i = 0; i < d; i++)
        repeats *= mask->array.dims[i] == 1 ? (size_t)array->dims[i] : 1;
    s->offsets = px_alloc_zeroed(repeats, sizeof *s->offsets);
    if (!s->offsets)
        return px_out_of_memory(error, px_product(repeats, sizeof *s->offsets));
    for (; d-- > 0; step *= (size_t)array->dims[d]) {
        s->steps[d] = mask->array.dims[d] > 1 ? step : 0;
        if (s->steps[d])
            continue;
        for (size_t i = s->count; i < s->count * (size_t)array->dims[d]; i++)
            s->offsets[i] = s->offsets[i - s->count] + step;
        s->count *= (size_t)array->dims[d];
    }
    return PRISM_OK;
}

/* Where the elements of a place begin. */
static size_t spot_of(const spots *s, const prism_array *mask, size_t place) {
    size_t at = 0;
    for (unsigned d = mask->rank; d-- > 0; place /= (size_t)mask->dims[d])
        at += place % (size_t)mask->dims[d] * s->steps[d];
    return at;
}

/* Places without data get the elements of the last place before that has some, or of the first. */
static prism_status repeat_elements(uint8_t *elements, const px_gaps *mask,
                                    const prism_array *array, prism_error *error) {
    const size_t places = (size_t)px_array_count(&mask->array);
    spots s;
    prism_status status = spots_make(&s, mask, array, error);
    size_t last = 0;
    while (status == PRISM_OK && mask->missing[last])
        last++;
    size_t from = status == PRISM_OK ? spot_of(&s, &mask->array, last) : 0;
    for (size_t p = 0; p < places && status == PRISM_OK; p++) {
        const size_t to = spot_of(&s, &mask->array, p);
        if (!mask->missing[p])
            from = to;
        else
            for (size_t i = 0; i < s.count; i++)
                memcpy(elements + to + s.offsets[i], elements + from + s.offsets[i], s.run);
    }
    free(s.offsets);
    return status;
}

/* Places without data get the values that their codes say. */
static prism_status put_values(uint8_t *elements, const px_gaps *codes, const prism_array *array,
                               const uint8_t *values, prism_error *error) {
    const size_t places = (size_t)px_array_count(&codes->array);
    const size_t size = prism_type_size(array->type);
    spots s;
    prism_status status = spots_make(&s, codes, array, error);
    for (size_t p = 0; p < places && status == PRISM_OK; p++) {
        if (!codes->missing[p])
            continue;
        uint8_t *to = elements + spot_of(&s, &codes->array, p);
        const uint8_t *value = values + (codes->missing[p] - 1) * size;
        for (size_t i = 0; i < s.count; i++)
            for (size_t at = 0; at < s.run; at += size)
                memcpy(to + s.offsets[i] + at, value, size);
    }
    free(s.offsets);
    return status;
}

/* ---- Encoding ---- */

/* A mask that many elements share deserves some work. */
static prism_options options_for_mask(const prism_options *given) {
    return (prism_options){.effort = given->effort > PX_EFFORT_DEFAULT ? given->effort
                                                                       : PX_EFFORT_DEFAULT,
                           .axis = PRISM_AXIS_AUTO,
                           .threads = given->threads};
}

static prism_status write_mask(px_buffer *out, const px_mapping_request *request,
                               const px_found_mask *found, prism_error *error) {
    const prism_options options = options_for_mask(request->options);
    const size_t size = prism_type_size(request->array->type);
    px_pipeline used;
    uint64_t axes = 0;
    px_put_u8(out, PRISM_MAPPING_MASK);
    px_put_u8(out, (uint8_t)found->value_count);
    for (size_t v = 0; v < found->value_count; v++) {
        uint8_t element[sizeof(uint64_t)];
        px_word_put(element, 0, size, false, found->values[v]);
        px_put_bytes(out, element, size);
    }
    for (unsigned d = 0; d < found->array.rank; d++)
        axes |= (uint64_t)(found->array.dims[d] > 1) << d;
    px_put_varint(out, axes);
    const px_chunk_role role = {.depth = request->depth + 1,
                                .trial = request->trial,
                                .distinct = true}; /* it has no mask itself */
    return px_inner_put(out, &used, request, &found->array, found->codes, &options, role, error);
}

/* Axes of which a single index is left count planes of the whole array. */
static void complete_roles(px_roles *roles, const prism_array *array, const prism_array *left) {
    for (unsigned d = 0; roles->rank && d < array->rank; d++)
        if (array->dims[d] > 1 && left->dims[d] == 1) {
            uint8_t *pictures = roles->axes + roles->planes;
            memmove(pictures + 1, pictures, (size_t)(roles->rank - roles->planes));
            *pictures = (uint8_t)d;
            roles->planes++;
            roles->rank++;
        }
}

/* What is left of the array, with something at its places without data. */
static prism_status write_rest(px_coded *mapped, const px_mapping_request *request,
                               const px_mask_rest *r, prism_error *error) {
    size_t bytes;
    prism_status status = prism_array_size(&r->array, &bytes, error);
    uint8_t *elements = status == PRISM_OK ? px_alloc(bytes) : NULL;
    if (status == PRISM_OK && !elements)
        status = px_out_of_memory(error, bytes);
    if (status == PRISM_OK) {
        const px_mask_move to_rest = {r, request->array, prism_type_size(r->array.type), false};
        px_mask_move_all(&to_rest, (void *)(uintptr_t)request->elements, elements);
        status = repeat_elements(elements, &r->mask, &r->array, error);
    }
    const px_chunk_role role = {.depth = request->depth, .trial = request->trial, .mask = &r->mask};
    if (status == PRISM_OK)
        status = px_inner_put(&mapped->sections.payload, &mapped->pipeline, request, &r->array,
                              elements, request->options, role, error);
    complete_roles(&mapped->pipeline.roles, request->array, &r->array);
    free(elements);
    return status;
}

static prism_status write_all(px_coded *mapped, const px_mapping_request *request,
                              const px_found_mask *found, prism_error *error) {
    const px_gaps mask = {found->array, found->codes};
    px_mask_rest r;
    prism_status status = px_mask_rest_make(&r, &mask, request->array, error);
    if (status == PRISM_OK)
        status = write_mask(&mapped->sections.parameters, request, found, error);
    if (status == PRISM_OK)
        status = write_rest(mapped, request, &r, error);
    mapped->is_mapped = true;
    px_mask_rest_free(&r);
    return status;
}

bool px_mask_suits(const px_mapping_request *request) {
    const prism_options *options = request->options;
    return request->depth == 0 && !request->mask && !px_is_tiny(request->array) &&
           (options->coder == PRISM_CODER_AUTO || options->coder == PRISM_CODER_ANS) &&
           (options->predictor == PRISM_PREDICTOR_AUTO ||
            options->predictor == PRISM_PREDICTOR_LSQ);
}

bool px_knows_holes(const px_coded *mapped) {
    px_chunk inner = {.is_mapped = true,
                      .payload = mapped->sections.payload.data,
                      .payload_size = mapped->sections.payload.size,
                      .payload_there = mapped->sections.payload.size};
    for (int depth = 0; inner.is_mapped; depth++) {
        const px_chunk outer = inner;
        if (depth > PX_CHUNK_DEPTH || !outer.payload || !px_mapping_inner(&inner, &outer))
            return false;
    }
    const prism_method method = px_pipeline_method(&inner);
    return method == PRISM_METHOD_QUICK || method == PRISM_METHOD_LSQ ||
           method == PRISM_METHOD_ADAPTIVE;
}

prism_status px_mask_encode(px_coded *mapped, const px_mapping_request *request,
                            const px_found_mask *found, prism_error *error) {
    *mapped = (px_coded){.is_mapped = false};
    prism_status status = write_all(mapped, request, found, error);
    return px_coded_finish(mapped, status, error);
}

/* ---- Decoding ---- */

/* What the parameters say. */
typedef struct header {
    const uint8_t *values;
    size_t value_count;
    px_chunk mask; /* of the codes */
} header;

static bool has_axes(const prism_array *mask, const prism_array *array, uint64_t axes) {
    bool same = mask->type == PRISM_UINT8 && mask->rank == array->rank &&
                (array->rank == PRISM_MAX_RANK || axes >> array->rank == 0);
    for (unsigned d = 0; d < array->rank && same; d++)
        same = mask->dims[d] == (axes >> d & 1 ? array->dims[d] : 1);
    return same;
}

static prism_status read_header(header *h, px_mapping_source *source, prism_error *error) {
    const prism_array *array = &source->chunk->array;
    px_reader *in = &source->parameters;
    h->value_count = px_get_u8(in);
    h->values = px_get_bytes(in, h->value_count * prism_type_size(array->type));
    const uint64_t axes = px_get_varint(in);
    prism_status status = px_inner_read(&h->mask, in, error);
    if (status == PRISM_OK && (h->mask.has_checksum || !has_axes(&h->mask.array, array, axes) ||
                               !h->value_count || h->value_count > PX_MASK_VALUES))
        return px_fail(error, PRISM_E_CORRUPT, "a mask is not about this array");
    return status;
}

static prism_status decode_codes(uint8_t **codes, const header *h, px_mapping_source *source,
                                 prism_error *error) {
    const size_t places = (size_t)px_array_count(&h->mask.array);
    *codes = px_alloc(places);
    if (!*codes)
        return px_out_of_memory(error, places);
    prism_status status =
        source->inner->decode(&h->mask, *codes, source->threads, source->depth + 1, error);
    for (size_t i = 0; i < places && status == PRISM_OK; i++)
        if ((*codes)[i] > h->value_count)
            status = px_fail(error, PRISM_E_CORRUPT, "a mask has a value that is not there");
    return status;
}

/* The mask, and what it leaves. */
typedef struct opened {
    prism_array array;     /* of the codes */
    uint8_t *codes;        /* of the whole array */
    const uint8_t *values; /* within the parameters */
    px_mask_rest rest;
} opened;

static void opened_free(opened *o) {
    px_mask_rest_free(&o->rest);
    free(o->codes);
}

/* *o is zeroed at first, and to be freed also after a failure. */
static prism_status open_mask(opened *o, px_mapping_source *source, prism_error *error) {
    header h;
    if (source->depth || source->chunk->mask)
        return px_fail(error, PRISM_E_CORRUPT, "a mask within a mapping");
    prism_status status = read_header(&h, source, error);
    if (status == PRISM_OK)
        status = decode_codes(&o->codes, &h, source, error);
    if (status != PRISM_OK)
        return status;
    o->array = h.mask.array;
    o->values = h.values;
    const px_gaps mask = {o->array, o->codes};
    return px_mask_rest_make(&o->rest, &mask, &source->chunk->array, error);
}

static prism_status read_inner(px_chunk *inner, const prism_array *array, px_mapping_source *source,
                               prism_error *error) {
    prism_status status = px_inner_read(inner, &source->payload, error);
    if (status != PRISM_OK)
        return status;
    const prism_array *is = &inner->array;
    if (inner->has_checksum || is->rank != array->rank || is->type != array->type ||
        is->order != array->order ||
        memcmp(is->dims, array->dims, array->rank * sizeof *array->dims) != 0)
        return px_fail(error, PRISM_E_CORRUPT, "a mask leaves another array than is there");
    return PRISM_OK;
}

static prism_status decode_rest(uint8_t *elements, const px_mask_rest *r, px_mapping_source *source,
                                prism_error *error) {
    px_chunk inner;
    size_t bytes;
    prism_status status = read_inner(&inner, &r->array, source, error);
    if (status == PRISM_OK)
        status = prism_array_size(&r->array, &bytes, error);
    if (status != PRISM_OK)
        return status;
    inner.mask = &r->mask;
    if (px_mask_is_whole(r, &source->chunk->array))
        return source->inner->decode(&inner, elements, source->threads, source->depth, error);
    uint8_t *part = px_alloc(bytes);
    if (!part)
        return px_out_of_memory(error, bytes);
    status = source->inner->decode(&inner, part, source->threads, source->depth, error);
    const px_mask_move back = {r, &source->chunk->array, prism_type_size(r->array.type), true};
    if (status == PRISM_OK)
        px_mask_move_all(&back, elements, part);
    free(part);
    return status;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    opened o = {.codes = NULL};
    const prism_array *array = &source->chunk->array;
    prism_status status = open_mask(&o, source, error);
    const px_gaps codes = {o.array, o.codes};
    if (status == PRISM_OK)
        status = decode_rest(elements, &o.rest, source, error);
    if (status == PRISM_OK)
        status = put_values(elements, &codes, array, o.values, error);
    opened_free(&o);
    return status;
}

/* ---- Parts ---- */

static void close_regions(void *rule) {
    if (rule)
        opened_free(rule);
    free(rule);
}

static prism_status open_regions(px_opened_mapping *mapping, px_mapping_source *source,
                                 prism_error *error) {
    opened *o = mapping->rule = px_alloc_zeroed(sizeof *o);
    if (!o)
        return px_out_of_memory(error, sizeof *o);
    prism_status status = open_mask(o, source, error);
    mapping->inner = o->rest.array;
    mapping->inner_gaps = &o->rest.mask;
    return status;
}

static uint64_t kept_before(const bool *kept, uint64_t end) {
    uint64_t count = 0;
    for (uint64_t i = 0; i < end; i++)
        count += kept[i];
    return count;
}

static bool narrow(const void *rule, const px_box *box, px_box *inner) {
    const opened *o = rule;
    bool some = true;
    for (unsigned d = 0; d < o->array.rank; d++) {
        inner->start[d] = kept_before(o->rest.kept[d], box->start[d]);
        inner->count[d] = kept_before(o->rest.kept[d] + box->start[d], box->count[d]);
        some = some && inner->count[d];
    }
    return some;
}

/* A line of a box along the last axis: where it begins in the mask, and whether the rest has it. */
typedef struct line {
    size_t place;
    bool kept;
} line;

static line line_of(const opened *o, const px_box *box, const uint64_t *index) {
    line l = {.kept = true};
    for (unsigned d = 0; d < o->array.rank; d++) {
        const uint64_t at = box->start[d] + index[d];
        const bool last = d + 1 == o->array.rank;
        l.place = l.place * (size_t)o->array.dims[d] + (o->array.dims[d] > 1 ? (size_t)at : 0);
        l.kept = l.kept && (last || o->rest.kept[d][at]);
    }
    return l;
}

/* Elements that the rest has follow each other in its box. */
static prism_status map_region(const void *rule, const px_mapped_region *region, void *elements,
                               prism_error *error) {
    const opened *o = rule;
    const px_box *box = region->box;
    const unsigned last = o->array.rank - 1;
    const size_t size = prism_type_size(region->array.type);
    const size_t step = o->array.dims[last] > 1;
    const bool *kept = o->rest.kept[last] + box->start[last];
    const uint8_t *from = region->integers.elements;
    uint64_t index[PRISM_MAX_RANK] = {0};
    uint8_t *to = elements;
    (void)error;
    for (bool more = true; more; more = px_box_next_line(box, o->array.rank, index)) {
        const line l = line_of(o, box, index);
        for (uint64_t i = 0; i < box->count[last]; i++, to += size) {
            const uint8_t code = o->codes[l.place + i * step];
            memcpy(to, code ? o->values + (code - 1) * size : from, size);
            from += l.kept && kept[i] ? size : 0;
        }
    }
    return PRISM_OK;
}

static const px_mapping_regions regions = {
    .open = open_regions, .close = close_regions, .narrow = narrow, .map = map_region};

static uint64_t chunk_bytes(const px_chunk *chunk) {
    return px_array_count(&chunk->array) * prism_type_size(chunk->array.type);
}

/* Codes are there all the time; beside them the mask's own decoding, then the rest of the array. */
static uint64_t decode_memory(const px_chunk *chunk, unsigned depth, const px_inner_codec *codec) {
    px_mapping_source source = px_mapping_source_make(chunk, 1, depth, codec);
    header h;
    px_chunk inner;
    px_get_u8(&source.parameters);
    if (depth || chunk->mask || read_header(&h, &source, NULL) != PRISM_OK)
        return 0;
    const uint64_t places = px_array_count(&h.mask.array), mask = codec->memory(&h.mask, depth + 1);
    size_t head;
    if (px_inner_read_head(&inner, &head, &source.payload, NULL) != PRISM_OK)
        return places + mask;
    px_gaps shape = {h.mask.array, NULL};
    for (unsigned d = 0; d < shape.array.rank; d++)
        if (shape.array.dims[d] > 1)
            shape.array.dims[d] = inner.array.dims[d];
    inner.mask = &shape;
    uint64_t indices = 0;
    for (unsigned d = 0; d < chunk->array.rank; d++)
        indices += chunk->array.dims[d];
    const bool whole = chunk_bytes(&inner) == chunk_bytes(chunk);
    const uint64_t part = whole ? 0 : chunk_bytes(&inner) + places;
    const uint64_t offsets = sizeof(size_t) * (px_array_count(&chunk->array) / places);
    return places +
           px_larger(mask, indices + px_larger(part + codec->memory(&inner, depth), offsets));
}

const px_mapping_stage px_mapping_mask = {.number = PRISM_MAPPING_MASK,
                                          .decode = decode,
                                          .decode_memory = decode_memory,
                                          .chunks = 1,
                                          .regions = &regions};
