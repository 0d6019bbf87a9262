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
    const px_mapping_encoder *encoder, *rival;
} row;

/* Integers that the pipeline could code as they are. */
static const row for_narrow[] = {{&px_by_levels, NULL}};

static const row for_integers[] = {{&px_by_lattice, NULL},
                                   {&px_by_table, &px_by_ranks},
                                   {&px_by_smooth, &px_by_ranks},
                                   {&px_by_ranks, NULL}};

static const row for_floats[] = {{&px_by_grid, NULL},
                                 {&px_by_lattice, NULL},
                                 {&px_by_table, &px_by_fixed},
                                 {&px_by_scaled, NULL},
                                 {&px_by_smooth, &px_by_decimals},
                                 {&px_by_decimals, NULL},
                                 {&px_by_smooth_fixed, &px_by_fixed},
                                 {&px_by_fixed, NULL},
                                 {&px_by_ranks, NULL}};

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

/* What candidates are tried on, and what trials on all elements came to. */
typedef struct subject {
    const px_mapping_request *request;
    known all, sample; /* the sample only where it is a part, and once someone asks */
    px_sample cut;     /* less than the sample, once mappings are compared by it */
    known of_cut;
    const px_mapping_encoder *tried;
    px_coded coded; /* by the encoder that was tried, as the request asks for */
} subject;

static prism_status part_of(const px_bit_patterns **part, subject *s, prism_error *error) {
    const px_sample *sample = &s->request->survey->part;
    prism_status status = PRISM_OK;
    if (sample->share < 1 && !s->sample.words.bits)
        status = known_make(&s->sample, &sample->array, sample->elements, error);
    *part = sample->share < 1 ? &s->sample.words : &s->all.words;
    return status;
}

static prism_status try_mapping(px_coded *mapped, const px_mapping_encoder *encoder,
                                const px_mapping_request *request, const px_bit_patterns *words,
                                prism_error *error) {
    px_coded_free(mapped);
    *mapped = (px_coded){.is_mapped = false};
    px_put_u8(&mapped->sections.parameters, (uint8_t)encoder->stage->number);
    prism_status status = encoder->encode(mapped, request, words, encoder->variant, error);
    return px_coded_finish(mapped, status, error);
}

static bool is_small(const px_mapping_request *request) {
    enum { SMALL = 1 << 18 /* bytes */ };
    return px_array_count(request->array) * prism_type_size(request->array->type) <= SMALL;
}

/* The project's own coder without a lift ranks mappings of large arrays nearly as well as all that
 * is automatic. */
static void rank_by_native(prism_options *options) {
    px_code_natively(options);
    if (options->transform == PRISM_TRANSFORM_AUTO)
        options->transform = PRISM_TRANSFORM_NONE;
}

/* Where time is short, a part of a small array shows which mapping is smaller, and of what is
 * smooth, a part of any. */
static prism_array compared_shape(const px_mapping_request *request,
                                  const px_mapping_encoder *encoder) {
    enum { SHARE = 3, FEW = (1 << 14) - 1, SMOOTH = 1 << 15 };
    const prism_array *sample = &request->survey->part.array;
    const uint64_t share = px_array_count(request->array) / SHARE;
    if (px_efforts.brisk[request->options->effort] && is_small(request))
        return px_part_shape(sample, PRISM_AXIS_AUTO, share < FEW ? FEW : share);
    return encoder == &px_by_smooth_fixed && !request->mask
               ? px_part_shape(sample, PRISM_AXIS_AUTO, SMOOTH)
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

/* Whether a trial by these options is what the request asks for. */
static bool is_in_earnest(const px_mapping_request *request, const prism_options *trial) {
    const prism_options *asked = request->options;
    return request->survey->part.share == 1 && trial->effort == asked->effort &&
           trial->transform == asked->transform && trial->predictor == asked->predictor &&
           trial->coder == asked->coder;
}

/* SIZE_MAX where the rule does not fit. */
static size_t mapped_size(const px_coded *mapped) {
    return mapped->is_mapped ? px_coded_size(mapped) : SIZE_MAX;
}

static void keep(subject *s, const px_mapping_encoder *encoder, px_coded *coded) {
    px_coded_free(&s->coded);
    s->tried = encoder;
    s->coded = *coded;
    *coded = (px_coded){.is_mapped = false};
}

static prism_options trial_options(const px_mapping_request *request) {
    const bool tiny = px_inner_is_tiny(request);
    prism_options options = *request->options;
    options.effort = (tiny ? px_efforts.small_trial : px_efforts.trial)[options.effort];
    if (!tiny && !(is_small(request) && !px_efforts.brisk[options.effort]))
        rank_by_native(&options);
    return options;
}

/* Of what the native coder makes of the integers: where zstd makes not much less, it makes as
 * little of the elements themselves. */
static const double CLEARLY_LESS = 0.9;

/* Integers of what is smooth, by coder zstd, too, which has most differences. */
static prism_status try_differences(px_coded *coded, const px_mapping_encoder *encoder,
                                    const px_mapping_request *trial, const px_bit_patterns *words,
                                    prism_error *error) {
    px_mapping_request by_zstd = *trial;
    prism_options options = *trial->options;
    px_coded other = {.is_mapped = false};
    options.transform = PRISM_TRANSFORM_AUTO;
    options.predictor = PRISM_PREDICTOR_AUTO;
    options.coder = PRISM_CODER_ZSTD;
    options.effort = 1;
    by_zstd.options = &options;
    by_zstd.trial = true;
    prism_status status = try_mapping(&other, encoder, &by_zstd, words, error);
    if (status == PRISM_OK && other.is_mapped &&
        (double)px_coded_size(&other) < CLEARLY_LESS * (double)px_coded_size(coded))
        px_coded_keep_smaller(coded, &other);
    else
        px_coded_free(&other);
    return status;
}

/* Elements, of which `words` are known, by an encoder and by its rival. `open`: nothing is asked
 * for.
 */
static prism_status try_both(px_coded coded[2], const row *r, const px_mapping_request *trial,
                             const px_bit_patterns *words, bool open, prism_error *error) {
    prism_status status = try_mapping(&coded[0], r->encoder, trial, words, error);
    if (status == PRISM_OK && coded[0].is_mapped)
        status = try_mapping(&coded[1], r->rival, trial, words, error);
    if (status == PRISM_OK && open && r->encoder == &px_by_smooth_fixed &&
        mapped_size(&coded[0]) >= mapped_size(&coded[1]))
        status = try_differences(&coded[0], r->encoder, trial, words, error);
    return status;
}

/* The same for less than the sample. */
static prism_status try_on_cut(px_coded coded[2], const row *r, px_mapping_request *trial,
                               subject *s, const prism_array *shape, const px_bit_patterns *part,
                               bool open, prism_error *error) {
    prism_status status = s->cut.elements ? PRISM_OK : make_cut(s, shape, part, error);
    trial->array = &s->cut.array;
    trial->elements = s->cut.elements;
    return status == PRISM_OK ? try_both(coded, r, trial, &s->of_cut.words, open, error) : status;
}

/* Whether the sample is smaller by the encoder than by its rival. */
static prism_status compare(bool *smaller, const row *r, subject *s, const px_bit_patterns *part,
                            prism_error *error) {
    const px_mapping_request *request = s->request;
    const prism_array shape = compared_shape(request, r->encoder);
    const prism_options options = trial_options(request);
    const bool is_cut = px_array_count(&shape) < part->count;
    /* Without their mask, places without data are copies, which coder zstd has for nothing. */
    const bool open =
        px_options_are_open(request->options) && !px_inner_is_tiny(request) && !request->mask;
    px_coded coded[2] = {{.is_mapped = false}};
    px_mapping_request trial = *request;
    trial.options = &options;
    trial.array = part->array;
    trial.elements = request->survey->part.elements;
    prism_status status = is_cut ? try_on_cut(coded, r, &trial, s, &shape, part, open, error)
                                 : try_both(coded, r, &trial, part, open, error);
    *smaller = mapped_size(&coded[0]) < mapped_size(&coded[1]);
    if (status == PRISM_OK && !is_cut && is_in_earnest(request, &options))
        keep(s, *smaller ? r->encoder : r->rival, &coded[*smaller ? 0 : 1]);
    px_coded_free(&coded[0]);
    px_coded_free(&coded[1]);
    return status;
}

static prism_status has_chance(bool *chance, const row *r, subject *s, prism_error *error) {
    px_verdict verdict = r->rival ? PX_POSSIBLE : PX_SURE;
    const px_bit_patterns *part = NULL;
    prism_status status = r->encoder->look || r->rival ? part_of(&part, s, error) : PRISM_OK;
    if (status == PRISM_OK && r->encoder->look)
        status = r->encoder->look(&verdict, s->request, &s->all.words, part, error);
    *chance = verdict != PX_UNLIKELY;
    return status == PRISM_OK && verdict == PX_POSSIBLE ? compare(chance, r, s, part, error)
                                                        : status;
}

static void forget_parts(subject *s) {
    known_free(&s->sample);
    known_free(&s->of_cut);
    px_sample_free(&s->cut);
}

/* Takes what a trial on all elements came to, if there was one by that encoder. */
static bool take_trial(px_coded *mapped, const px_mapping_encoder *encoder, subject *s) {
    if (s->tried != encoder || !s->coded.is_mapped)
        return false;
    px_coded_free(mapped);
    *mapped = s->coded;
    s->coded = (px_coded){.is_mapped = false};
    return true;
}

static prism_status try_all(px_coded *mapped, subject *s, prism_error *error) {
    const rows list = rows_for(s->request->array->type);
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list.count && status == PRISM_OK && !mapped->is_mapped; i++) {
        bool chance = false;
        if (px_blocks_asked(s->request->options) && list.items[i].encoder->whole)
            continue;
        status = has_chance(&chance, &list.items[i], s, error);
        if (chance)
            forget_parts(s);
        if (status == PRISM_OK && chance && !take_trial(mapped, list.items[i].encoder, s))
            status = try_mapping(mapped, list.items[i].encoder, s->request, &s->all.words, error);
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
    px_coded_free(&s.coded);
    return status;
}
