#include "mapping/repeats.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"
#include "entropy/field_coder.h"
#include "mapping/repeat_find.h"
#include "mapping/stage.h"

enum { MOST_STEPS = 8, MOST_DEPTH = 1 };

typedef struct steps {
    px_repeat steps[MOST_STEPS];
    prism_array arrays[MOST_STEPS + 1]; /* before each step; the last one is what is left */
    size_t count;
} steps;

static void steps_free(steps *s) {
    for (size_t i = 0; i < s->count; i++)
        free(s->steps[i].places);
}

static size_t bytes_of(const prism_array *array) {
    return px_product(px_array_count(array), prism_type_size(array->type));
}

/* ---- Places of slices ---- */

/* A slice is the next new one, the one of the index before, its neighbours among those that are
 * kept, or any other. */
enum { NEW, SAME, NEXT, PREVIOUS, OTHER, RELATIONS };

typedef struct models {
    px_integer relation[RELATIONS], other; /* by the relation before */
} models;

static models models_make(void) {
    models m;
    for (size_t i = 0; i < RELATIONS; i++)
        px_integer_init(&m.relation[i]);
    px_integer_init(&m.other);
    return m;
}

static int relation_of(uint64_t place, uint64_t before, uint64_t fresh) {
    if (place == fresh)
        return NEW;
    return place == before       ? SAME
           : place == before + 1 ? NEXT
           : place + 1 == before ? PREVIOUS
                                 : OTHER;
}

static uint64_t place_by(int relation, uint64_t before, uint64_t fresh) {
    return relation == NEW ? fresh : before + (relation == NEXT) - (relation == PREVIOUS);
}

/* Index 0 is the first one that is kept. How many are had from any other. */
static size_t code_places(px_field_coder *side, models *m, px_repeat *step, size_t count) {
    uint64_t before = 0, fresh = 1;
    size_t others = 0;
    int relation = NEW;
    step->places[0] = 0;
    for (size_t i = 1; i < count && !side->bad; i++) {
        px_integer *model = &m->relation[relation];
        uint64_t place = step->places[i];
        if (side->out)
            relation = relation_of(place, before, fresh);
        px_field_integer(side, model, &relation, 0, 0, RELATIONS - 1);
        if (relation == OTHER)
            px_field_number(side, &m->other, &place);
        else
            place = place_by(relation, before, fresh);
        others += relation == OTHER;
        fresh += relation == NEW;
        side->bad |= place >= fresh || fresh > step->kept;
        step->places[i] = (uint32_t)place;
        before = place;
    }
    side->bad |= fresh != step->kept;
    return others;
}

/* ---- Encoding ---- */

static void put_step(px_buffer *out, const px_repeat *step) {
    px_put_u8(out, step->kind);
    px_put_u8(out, step->axis);
    if (step->kind == PX_REPEAT_SLICES) {
        px_put_varint(out, step->kept);
        return;
    }
    if (step->kind == PX_REPEAT_SYMMETRY) {
        px_put_u8(out, step->other);
        px_put_u8(out, step->strict);
    } else {
        px_put_varint(out, step->axes);
        px_put_varint(out, step->from_end);
    }
    px_put_u8(out, (uint8_t)(step->signs[0] + PX_REPEAT_SIGNS * step->signs[1]));
    if (step->strict)
        px_put_wide(out, step->diagonal);
}

/* *others: indices whose slices follow from no other one. */
static void put_steps(px_buffer *out, steps *s, size_t *others) {
    px_put_u8(out, (uint8_t)s->count);
    for (size_t i = 0; i < s->count; i++)
        put_step(out, &s->steps[i]);
    px_range_encoder encoder = px_range_encoder_make(out);
    px_field_coder side = {.out = &encoder};
    models m = models_make();
    *others = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->steps[i].kind == PX_REPEAT_SLICES)
            *others +=
                code_places(&side, &m, &s->steps[i], (size_t)s->arrays[i].dims[s->steps[i].axis]);
    px_range_encoder_finish(&encoder);
}

/* What is left by the step, if that gives all elements back; else NULL. */
static prism_status take(void **rest, const px_repeat *step, const prism_array *array,
                         const void *elements, prism_error *error) {
    const prism_array left = px_repeat_rest(step, array);
    const size_t bytes = bytes_of(array);
    void *again = px_alloc(bytes);
    *rest = px_alloc(bytes_of(&left));
    if (!*rest || !again) {
        free(*rest);
        free(again);
        *rest = NULL;
        return px_out_of_memory(error, bytes);
    }
    px_repeat_take(*rest, step, array, elements);
    px_repeat_put(again, step, array, *rest);
    if (memcmp(again, elements, bytes) != 0) {
        free(*rest);
        *rest = NULL;
    }
    free(again);
    return PRISM_OK;
}

/* Steps one after the other, as long as there are any. *rest: what the last one leaves, the
 * caller's; NULL if there is none. */
static prism_status find_steps(steps *s, void **rest, const px_mapping_request *request,
                               prism_error *error) {
    prism_status status = PRISM_OK;
    *rest = NULL;
    s->arrays[0] = *request->array;
    while (s->count < MOST_STEPS && status == PRISM_OK) {
        const void *elements = *rest ? *rest : request->elements;
        const prism_array *array = &s->arrays[s->count];
        px_repeat *step = &s->steps[s->count];
        void *less = NULL;
        status = px_repeat_find(step, array, elements, error);
        if (status == PRISM_OK && step->kind)
            status = take(&less, step, array, elements, error);
        if (!less) {
            free(step->places);
            break;
        }
        s->arrays[++s->count] = px_repeat_rest(step, array);
        free(*rest);
        *rest = less;
    }
    return status;
}

/* Whoever asks for a pipeline wants just this one. Of an array of one value there is little to
 * leave out. */
static bool may_repeat(const px_mapping_request *request) {
    const size_t bytes = bytes_of(request->array), size = prism_type_size(request->array->type);
    return request->depth <= MOST_DEPTH && !request->mask && request->array->rank > 1 &&
           !px_is_tiny(request->array) && request->options->axis == PRISM_AXIS_AUTO &&
           px_options_are_open(request->options) &&
           memcmp(request->elements, (const uint8_t *)request->elements + size, bytes - size) != 0;
}

/* Of a small array, trials take no time, and headers count. Of long slices, the places are next to
 * nothing. */
static bool is_sure(const steps *s, size_t others, int effort) {
    enum { LARGE = 1 << 20 /* bytes */, INDICES_PER_OTHER = 8, LONG = 1 << 12 /* elements */ };
    size_t indices = 0;
    bool all_long = px_efforts.palette[effort];
    for (size_t i = 0; i < s->count; i++)
        if (s->steps[i].kind == PX_REPEAT_SLICES) {
            const size_t count = (size_t)s->arrays[i].dims[s->steps[i].axis];
            indices += count;
            all_long &= px_array_count(&s->arrays[i]) / count >= LONG;
        }
    return bytes_of(&s->arrays[0]) >= LARGE && (all_long || others * INDICES_PER_OTHER <= indices);
}

static prism_status write_all(px_coded *mapped, bool *sure, const px_mapping_request *request,
                              steps *s, const void *rest, prism_error *error) {
    const px_chunk_role role = {.depth = request->depth, .distinct = true};
    const prism_array *left = &s->arrays[s->count];
    size_t others;
    mapped->is_mapped = true;
    px_put_u8(&mapped->sections.parameters, PRISM_MAPPING_REPEATS);
    put_steps(&mapped->sections.parameters, s, &others);
    *sure = is_sure(s, others, request->options->effort);
    prism_status status = px_inner_put(&mapped->sections.payload, &mapped->pipeline, request, left,
                                       rest, request->options, role, error);
    if (mapped->pipeline.roles.rank)
        mapped->pipeline.axis = PRISM_AXIS_AUTO;
    mapped->pipeline.roles = (px_roles){.rank = 0};
    return status;
}

prism_status px_repeats_encode(px_coded *mapped, bool *sure, const px_mapping_request *request,
                               prism_error *error) {
    steps s = {.count = 0};
    void *rest = NULL;
    *mapped = (px_coded){.is_mapped = false};
    *sure = false;
    prism_status status = may_repeat(request) ? find_steps(&s, &rest, request, error) : PRISM_OK;
    if (status == PRISM_OK && rest)
        status = write_all(mapped, sure, request, &s, rest, error);
    free(rest);
    steps_free(&s);
    return px_coded_finish(mapped, status, error);
}

/* ---- Decoding ---- */

static px_repeat get_step(px_reader *in) {
    px_repeat step = {.kind = px_get_u8(in), .axis = px_get_u8(in)};
    step.other = step.axis;
    if (step.kind == PX_REPEAT_SLICES) {
        step.kept = px_get_varint(in);
        return step;
    }
    if (step.kind == PX_REPEAT_SYMMETRY) {
        step.other = px_get_u8(in);
        const uint8_t strict = px_get_u8(in);
        step.strict = strict == 1;
        in->failed |= strict > 1;
    } else {
        const uint64_t axes = px_get_varint(in), from_end = px_get_varint(in);
        step.axes = (uint32_t)axes;
        step.from_end = (uint32_t)from_end;
        in->failed |= axes > UINT32_MAX || from_end > UINT32_MAX;
    }
    const uint8_t signs = px_get_u8(in);
    step.signs[0] = signs % PX_REPEAT_SIGNS;
    step.signs[1] = signs / PX_REPEAT_SIGNS;
    if (step.strict)
        step.diagonal = px_get_wide(in);
    return step;
}

/* All but the places of slices. */
static prism_status get_steps(steps *s, px_mapping_source *source, prism_error *error) {
    px_reader *in = &source->parameters;
    const size_t count = px_get_u8(in);
    if (source->depth > MOST_DEPTH || source->chunk->mask || !count || count > MOST_STEPS)
        return px_fail(error, PRISM_E_CORRUPT, "repeats are not those of this chunk");
    s->arrays[0] = source->chunk->array;
    for (size_t i = 0; i < count; i++) {
        s->steps[i] = get_step(in);
        if (in->failed || !px_repeat_fits(&s->steps[i], &s->arrays[i]) ||
            s->steps[i].diagonal > px_word_last(px_number_of(s->arrays[i].type)))
            return px_fail(error, PRISM_E_CORRUPT, "repeats are not those of this array");
        s->arrays[++s->count] = px_repeat_rest(&s->steps[i], &s->arrays[i]);
    }
    return PRISM_OK;
}

static prism_status get_places(steps *s, px_mapping_source *source, prism_error *error) {
    px_range_decoder decoder = px_range_decoder_make(&source->parameters);
    px_field_coder side = {.in = &decoder};
    models m = models_make();
    for (size_t i = 0; i < s->count; i++) {
        px_repeat *step = &s->steps[i];
        const size_t indices = (size_t)s->arrays[i].dims[step->axis];
        if (step->kind != PX_REPEAT_SLICES)
            continue;
        step->places = px_alloc_zeroed(indices, sizeof *step->places);
        if (!step->places)
            return px_out_of_memory(error, indices * sizeof *step->places);
        code_places(&side, &m, step, indices);
        if (side.bad || source->parameters.failed)
            return px_fail(error, PRISM_E_CORRUPT, "slices are not those of this array");
    }
    return PRISM_OK;
}

/* It is of the same depth, so that it must not go on like this. */
static bool repeats_itself(const px_chunk *chunk) {
    return chunk->is_mapped && chunk->parameter_size && *chunk->parameters == PRISM_MAPPING_REPEATS;
}

/* Before anything is allocated: what a chunk takes that has no rest is not known. */
static prism_status read_rest(px_chunk *inner, const steps *s, px_mapping_source *source,
                              prism_error *error) {
    const prism_array *left = &s->arrays[s->count];
    prism_status status = px_inner_read(inner, &source->payload, error);
    if (status == PRISM_OK)
        status = px_inner_check(inner, source, left, 1u << left->type, error);
    return status == PRISM_OK && (repeats_itself(inner) || inner->array.order != left->order)
               ? px_fail(error, PRISM_E_CORRUPT, "what repeats leave is another array")
               : status;
}

static prism_status decode_rest(void **rest, const px_chunk *inner, const px_mapping_source *source,
                                prism_error *error) {
    const size_t size = bytes_of(&inner->array);
    *rest = px_alloc(size);
    return *rest ? source->inner->decode(inner, *rest, source->threads, source->depth, error)
                 : px_out_of_memory(error, size);
}

/* Steps from the last one to the first. */
static prism_status undo(void *elements, const steps *s, void **rest, prism_error *error) {
    for (size_t i = s->count; i-- > 1;) {
        void *more = px_alloc(bytes_of(&s->arrays[i]));
        if (!more)
            return px_out_of_memory(error, bytes_of(&s->arrays[i]));
        px_repeat_put(more, &s->steps[i], &s->arrays[i], *rest);
        free(*rest);
        *rest = more;
    }
    px_repeat_put(elements, &s->steps[0], &s->arrays[0], *rest);
    return PRISM_OK;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    steps s = {.count = 0};
    void *rest = NULL;
    px_chunk inner;
    prism_status status = get_steps(&s, source, error);
    if (status == PRISM_OK)
        status = read_rest(&inner, &s, source, error);
    if (status == PRISM_OK)
        status = get_places(&s, source, error);
    if (status == PRISM_OK)
        status = decode_rest(&rest, &inner, source, error);
    if (status == PRISM_OK)
        status = undo(elements, &s, &rest, error);
    free(rest);
    steps_free(&s);
    return status;
}

static uint64_t decode_memory(const px_chunk *chunk, unsigned depth, const px_inner_codec *codec) {
    px_mapping_source source = px_mapping_source_make(chunk, 1, depth, codec);
    steps s = {.count = 0};
    px_chunk inner;
    px_get_u8(&source.parameters);
    if (get_steps(&s, &source, NULL) != PRISM_OK ||
        px_inner_read(&inner, &source.payload, NULL) != PRISM_OK || repeats_itself(&inner))
        return 0;
    const uint64_t rest = bytes_of(&s.arrays[s.count]);
    uint64_t places = 0, most = rest + codec->memory(&inner, depth);
    for (size_t i = 0; i < s.count; i++) {
        if (s.steps[i].kind == PX_REPEAT_SLICES)
            places += s.arrays[i].dims[s.steps[i].axis] * sizeof *s.steps[i].places;
        most = px_larger(most, bytes_of(&s.arrays[i + 1]) + (i ? bytes_of(&s.arrays[i]) : 0));
    }
    return places + most;
}

const px_mapping_stage px_mapping_repeats = {
    .number = PRISM_MAPPING_REPEATS, .decode = decode, .decode_memory = decode_memory, .chunks = 1};
