/*
 * The first mapping of a list whose rule fits all elements, or the last. One that has a rival has
 * to make the sample smaller than that does, unless a look says enough.
 */
#include "choose/mappings.h"

#include "base/array.h"
#include "base/effort.h"
#include "choose/part_trial.h"
#include "coders/ans/blocks/blocks.h"
#include "mapping/dequantiser.h"
#include "mapping/stage.h"

typedef struct row {
    const px_mapping_stage *stage, *rival;
} row;

/* Integers that the pipeline could code as they are. */
static const row for_narrow[] = {{&px_mapping_levels, NULL}};

static const row for_integers[] = {{&px_mapping_lattice, NULL},
                                   {&px_mapping_table, &px_mapping_ranks},
                                   {&px_mapping_smooth, &px_mapping_ranks},
                                   {&px_mapping_ranks, NULL}};

static const row for_floats[] = {{&px_mapping_grid, NULL},
                                 {&px_mapping_lattice, NULL},
                                 {&px_mapping_table, &px_mapping_fixed},
                                 {&px_mapping_scaled, NULL},
                                 {&px_mapping_smooth, &px_mapping_decimals},
                                 {&px_mapping_decimals, NULL},
                                 {&px_mapping_smooth_fixed, &px_mapping_fixed},
                                 {&px_mapping_fixed, NULL},
                                 {&px_mapping_ranks, NULL}};

typedef struct rows {
    const row *items;
    size_t count;
} rows;

#define ROWS(array) ((rows){array, sizeof array / sizeof *array})

static rows rows_for(prism_type type) {
    if (px_type_is_narrow(type))
        return ROWS(for_narrow);
    return px_number_of(type)->fraction ? ROWS(for_floats) : ROWS(for_integers);
}

/* Words, and what is found of them. */
typedef struct known {
    px_bit_patterns words;
    px_found_rule rule;
    px_value_set values;
} known;

static prism_status known_make(known *k, const prism_array *array, const void *elements,
                               prism_error *error) {
    *k = (known){.rule = {.known = false}};
    prism_status status = px_bit_patterns_alloc(&k->words, array, error);
    if (status != PRISM_OK)
        return status;
    px_bit_patterns_load(&k->words, elements);
    k->words.found = &k->rule;
    k->words.values = &k->values;
    return PRISM_OK;
}

static void known_free(known *k) {
    px_value_set_free(&k->values);
    px_bit_patterns_free(&k->words);
}

/* What candidates are tried on. */
typedef struct subject {
    const px_mapping_request *request;
    known all, sample; /* the sample only where it is a part, and once someone asks */
    px_sample cut;     /* less than the sample, once mappings are compared by it */
    known of_cut;
} subject;

static prism_status part_of(const px_bit_patterns **part, subject *s, prism_error *error) {
    const px_sample *sample = &s->request->survey->part;
    prism_status status = PRISM_OK;
    if (sample->share < 1 && !s->sample.words.bits)
        status = known_make(&s->sample, &sample->array, sample->elements, error);
    *part = sample->share < 1 ? &s->sample.words : &s->all.words;
    return status;
}

static prism_status try_mapping(px_coded *mapped, const px_mapping_stage *stage,
                                const px_mapping_request *request, const px_bit_patterns *words,
                                prism_error *error) {
    px_coded_free(mapped);
    *mapped = (px_coded){.is_mapped = false};
    px_put_u8(&mapped->sections.parameters, (uint8_t)stage->number);
    prism_status status = stage->encode(mapped, request, words, error);
    return status == PRISM_OK ? px_sections_status(&mapped->sections, error) : status;
}

/* *size: of the sample; SIZE_MAX where the rule does not fit it. */
static prism_status sample_size(size_t *size, const px_mapping_stage *stage,
                                const px_mapping_request *request, const px_bit_patterns *part,
                                prism_error *error) {
    px_coded mapped = {.is_mapped = false};
    prism_status status = try_mapping(&mapped, stage, request, part, error);
    *size = mapped.is_mapped ? px_coded_size(&mapped) : SIZE_MAX;
    px_coded_free(&mapped);
    return status;
}

/* The project's own coder without a lift ranks mappings as well as all that is automatic. */
static void rank_by_native(prism_options *options) {
    if (options->predictor == PRISM_PREDICTOR_AUTO && options->coder == PRISM_CODER_AUTO) {
        options->predictor = PRISM_PREDICTOR_LSQ;
        options->coder = PRISM_CODER_ANS;
    }
    if (options->transform == PRISM_TRANSFORM_AUTO)
        options->transform = PRISM_TRANSFORM_NONE;
}

/* Where time is short, a part of a small array shows which mapping is smaller. */
static prism_array compared_shape(const px_mapping_request *request) {
    enum { SMALL = 1 << 18 /* bytes */, SHARE = 3, FEW = (1 << 14) - 1 };
    const prism_array *sample = &request->survey->part.array;
    const uint64_t count = px_array_count(request->array), share = count / SHARE;
    const bool brisk = px_efforts.brisk[request->options->effort];
    return brisk && count * prism_type_size(request->array->type) <= SMALL
               ? px_part_shape(sample, PRISM_AXIS_AUTO, share < FEW ? FEW : share)
               : *sample;
}

static prism_status make_cut(subject *s, const prism_array *shape, const px_bit_patterns *part,
                             prism_error *error) {
    const px_sample *sample = &s->request->survey->part;
    prism_status status = px_sample_cut(&s->cut, &sample->array, sample->elements, shape, error);
    if (status == PRISM_OK)
        status = known_make(&s->of_cut, &s->cut.array, s->cut.elements, error);
    s->of_cut.rule = *part->found;
    return status;
}

/* What elements come to by a stage and by its rival; SIZE_MAX where the rule does not fit. */
static prism_status measure(size_t sizes[2], const row *r, const px_mapping_request *request,
                            const px_bit_patterns *part, const void *elements, prism_error *error) {
    const bool tiny = px_inner_is_tiny(request);
    prism_options options = *request->options;
    px_mapping_request trial = *request;
    options.effort = (tiny ? px_efforts.small_trial : px_efforts.trial)[options.effort];
    if (!tiny)
        rank_by_native(&options);
    trial.options = &options;
    trial.array = part->array;
    trial.elements = elements;
    prism_status status = sample_size(&sizes[0], r->stage, &trial, part, error);
    if (status == PRISM_OK && sizes[0] < SIZE_MAX)
        status = sample_size(&sizes[1], r->rival, &trial, part, error);
    return status;
}

/* Whether the sample is smaller by the stage than by its rival. */
static prism_status compare(bool *smaller, const row *r, subject *s, const px_bit_patterns *part,
                            prism_error *error) {
    const px_mapping_request *request = s->request;
    const prism_array shape = compared_shape(request);
    size_t sizes[2] = {0};
    prism_status status = PRISM_OK;
    if (px_array_count(&shape) == part->count) {
        status = measure(sizes, r, request, part, request->survey->part.elements, error);
    } else {
        if (!s->cut.elements)
            status = make_cut(s, &shape, part, error);
        if (status == PRISM_OK)
            status = measure(sizes, r, request, &s->of_cut.words, s->cut.elements, error);
    }
    *smaller = sizes[0] < sizes[1];
    return status;
}

static prism_status has_chance(bool *chance, const row *r, subject *s, prism_error *error) {
    px_verdict verdict = r->rival ? PX_POSSIBLE : PX_SURE;
    const px_bit_patterns *part = NULL;
    prism_status status = r->stage->look || r->rival ? part_of(&part, s, error) : PRISM_OK;
    if (status == PRISM_OK && r->stage->look)
        status = r->stage->look(&verdict, s->request, &s->all.words, part, error);
    *chance = verdict != PX_UNLIKELY;
    return status == PRISM_OK && verdict == PX_POSSIBLE ? compare(chance, r, s, part, error)
                                                        : status;
}

static void forget_parts(subject *s) {
    known_free(&s->sample);
    known_free(&s->of_cut);
    px_sample_free(&s->cut);
}

static prism_status try_all(px_coded *mapped, subject *s, prism_error *error) {
    const rows list = rows_for(s->request->array->type);
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list.count && status == PRISM_OK && !mapped->is_mapped; i++) {
        bool chance = false;
        if (px_blocks_asked(s->request->options) && !list.items[i].stage->regions)
            continue;
        status = has_chance(&chance, &list.items[i], s, error);
        if (chance)
            forget_parts(s);
        if (status == PRISM_OK && chance)
            status = try_mapping(mapped, list.items[i].stage, s->request, &s->all.words, error);
    }
    return status;
}

prism_status px_encode_mapped(px_coded *mapped, const px_mapping_request *request,
                              prism_error *error) {
    subject s = {.request = request};
    *mapped = (px_coded){.is_mapped = false};
    if (!px_mapping_suits(request->array, request->depth) ||
        (px_type_is_narrow(request->array->type) && !px_levels_promise(request)))
        return PRISM_OK;
    prism_status status = known_make(&s.all, request->array, request->elements, error);
    if (status == PRISM_OK)
        status = try_all(mapped, &s, error);
    known_free(&s.all);
    forget_parts(&s);
    if (status != PRISM_OK)
        px_coded_free(mapped);
    return status;
}
