/*
 * The turns of a chunk: what comes again, few colours, recent values, coder zstd, planes apart,
 * masks; then all elements, by a mapping or as integers. The smallest one is written.
 */
#include "base/array.h"
#include "base/effort.h"
#include "choose/apart.h"
#include "choose/choose.h"
#include "choose/mappings.h"
#include "choose/masked.h"
#include "choose/rival.h"
#include "choose/symbols.h"
#include "chunk/bounded.h"
#include "chunk/chunk.h"
#include "chunk/content.h"
#include "mapping/recent.h"
#include "mapping/repeats.h"
#include "mapping/split.h"
#include "pipeline/pipeline.h"

typedef struct encoding {
    px_content content;
    px_chunk_role role;
    px_gaps mask;
    px_survey survey;
    px_mapping_request request;
    px_rival rival;
    bool rivals;    /* coder zstd is considered, */
    bool alone;     /* or is all that need be tried */
    bool kept;      /* the elements are coded as they are: integers in blocks */
    bool sure;      /* nothing else can be smaller than `parts` */
    px_coded parts; /* the smallest one of chunks that hold others */
    px_coded plain; /* of all elements; in the end the smallest one of all */
} encoding;

/* Methods that know of holes are ahead of coder zstd within masks; low efforts have none. */
static bool may_rival(const prism_array *array, const prism_options *options, px_chunk_role role) {
    return !px_blocks_asked(options) &&
           (!role.mask || role.trial || px_efforts.brisk[options->effort]) &&
           px_rival_suits(array, options, role.depth);
}

/* In place: the request leads to other members. */
static prism_status encoding_make(encoding *e, const prism_array *array, const void *elements,
                                  const prism_options *options, px_chunk_role role,
                                  prism_error *error) {
    *e = (encoding){.role = role};
    prism_status status = px_content_make(&e->content, array, elements, options, error);
    if (status != PRISM_OK)
        return status;
    if (role.mask)
        e->mask = px_gaps_squeezed(role.mask, &e->content.squeezed);
    e->request = (px_mapping_request){.array = &e->content.squeezed.array,
                                      .elements = elements,
                                      .options = &e->content.options,
                                      .depth = role.depth,
                                      .trial = role.trial,
                                      .inner = &px_chunk_codec,
                                      .scales = role.scales,
                                      .survey = &e->survey,
                                      .mask = role.mask ? &e->mask : NULL};
    e->rival.request = &e->request;
    e->rivals = may_rival(array, options, role);
    e->alone = options->coder == PRISM_CODER_ZSTD;
    e->kept = px_blocks_asked(options) && px_type_is_narrow(array->type);
    return px_stages_check(options->transform, options->predictor, options->coder, error);
}

static void encoding_free(encoding *e) {
    px_rival_free(&e->rival);
    px_survey_free(&e->survey);
    px_coded_free(&e->parts);
    px_coded_free(&e->plain);
}

/* ---- Chunks that hold others ---- */

static bool is_too_large(const encoding *e, const px_coded *coded) {
    const px_chunk chunk = px_chunk_of_coded(coded, e->request.array);
    return px_chunk_codec.memory(&chunk, e->role.depth) >
           px_decoding_limit(e->content.options.effort, e->content.size);
}

/* What takes too much to decode makes nothing sure. */
static void keep_part(encoding *e, px_coded *coded) {
    if (!coded->is_mapped)
        return;
    if (is_too_large(e, coded)) {
        px_coded_free(coded);
        e->sure = false;
    } else {
        px_coded_keep_smaller(&e->parts, coded);
    }
}

/* What stands elsewhere, too, left out. */
static prism_status try_repeats(encoding *e, prism_error *error) {
    px_coded coded = {.is_mapped = false};
    prism_status status = PRISM_OK;
    if (!e->role.distinct)
        status = px_repeats_encode(&coded, &e->sure, &e->request, error);
    keep_part(e, &coded);
    return status;
}

/* Tuples along an axis as symbols. */
static prism_status try_colours(encoding *e, prism_error *error) {
    px_colour_set set;
    px_coded coded = {.is_mapped = false};
    if (e->alone || e->kept || e->sure)
        return PRISM_OK;
    prism_status status = px_symbols_find(&set, &e->sure, &e->request, error);
    if (status == PRISM_OK && px_colour_count(&set))
        status = px_colours_encode(&coded, &e->request, &set, error);
    keep_part(e, &coded);
    px_colour_set_free(&set);
    return status;
}

/* Places in a list of the values used last. */
static prism_status try_recent(encoding *e, prism_error *error) {
    px_coded coded = {.is_mapped = false};
    prism_status status = PRISM_OK;
    if (!e->sure)
        status = px_recent_encode(&coded, &e->request, error);
    keep_part(e, &coded);
    return status;
}

/* Planes as chunks of their own. */
static prism_status try_split(encoding *e, prism_error *error) {
    int axis;
    px_coded coded = {.is_mapped = false};
    if (e->alone || e->sure)
        return PRISM_OK;
    prism_status status = px_apart_find(&axis, &e->sure, &e->request, error);
    if (status == PRISM_OK && axis >= 0)
        status = px_split_encode(&coded, &e->request, axis, error);
    keep_part(e, &coded);
    return status;
}

/* Places without data left out. */
static prism_status try_mask(encoding *e, prism_error *error) {
    px_coded coded = {.is_mapped = false};
    if (e->alone || e->sure)
        return PRISM_OK;
    prism_status status = px_masked_encode(&coded, &e->sure, &e->request, error);
    keep_part(e, &coded);
    return status;
}

/* ---- Coder zstd ---- */

static prism_status look_at_rival(encoding *e, prism_error *error) {
    const px_mapping_request *request = &e->request;
    e->rivals &= !e->sure;
    if (!e->rivals)
        return PRISM_OK;
    prism_status status =
        px_survey_begin(&e->survey, request->array, request->elements, request->options, error);
    return status == PRISM_OK && !e->alone ? px_rival_is_clear(&e->alone, &e->rival, error)
                                           : status;
}

/* Bytes that another way must stay below: raw takes as many as the elements have. */
static size_t size_to_beat(const px_coded *coded, const px_content *content) {
    const size_t size = px_coded_size(coded);
    return size && size < content->size ? size : content->size;
}

/* Where deflate is the best of all else, repetitions are what counts, and zstd finds more of those
 * that are far away. */
static bool is_sure(const px_coded *coded, const px_content *content) {
    enum { LONG = 1 << 16 /* bytes */ };
    return content->size >= LONG && !coded->is_mapped && px_coded_size(coded) &&
           coded->pipeline.coder == PRISM_CODER_DEFLATE;
}

/* Of the integers of a mapping, where bytes of the elements themselves may come again, too. */
static bool has_repetitions(const px_coded *coded, const px_content *content) {
    enum { LITTLE_LEFT = 3 }; /* else looks at the elements say enough */
    return coded->is_mapped && coded->pipeline.coder == PRISM_CODER_ZSTD &&
           px_coded_size(coded) < content->size / LITTLE_LEFT;
}

static prism_status try_rival(encoding *e, prism_error *error) {
    px_coded other;
    bool worth = true;
    prism_status status = PRISM_OK;
    if (!e->alone && !is_sure(&e->plain, &e->content))
        status = px_rival_may_win(&worth, &e->rival, size_to_beat(&e->plain, &e->content),
                                  has_repetitions(&e->plain, &e->content), error);
    if (status != PRISM_OK || !worth)
        return status;
    status = px_rival_encode(&other, &e->rival, error);
    if (status == PRISM_OK && px_coded_size(&other))
        px_coded_keep_smaller(&e->plain, &other);
    else
        px_coded_free(&other);
    return status;
}

/* ---- All elements ---- */

static bool is_plain(const encoding *e) {
    return !e->alone && (!e->sure || px_blocks_asked(e->request.options));
}

/* For mappings and integers. */
static prism_status look(encoding *e, prism_error *error) {
    const px_mapping_request *request = &e->request;
    const prism_array *array = request->array;
    const bool mapped = px_mapping_suits(array, e->role.depth);
    const px_survey_request asked = {mapped && px_type_is_narrow(array->type), e->role.of_wide};
    return mapped || px_choice_needs_sample(array, request->options)
               ? px_survey_finish(&e->survey, array, request->elements, request->options, &asked,
                                  error)
               : PRISM_OK;
}

/* The smaller one, but that what is asked for in blocks is in blocks if either is. */
static void keep_better(encoding *e) {
    const bool blocks = px_blocks_asked(e->request.options);
    const bool plain_is = blocks && px_chunk_of_coded(&e->plain, e->request.array).has_blocks;
    const bool parts_are = blocks && px_chunk_of_coded(&e->parts, e->request.array).has_blocks;
    if (plain_is == parts_are) {
        px_coded_keep_smaller(&e->plain, &e->parts);
    } else {
        px_coded_free(plain_is ? &e->parts : &e->plain);
        if (parts_are)
            e->plain = e->parts;
    }
    e->parts = (px_coded){.is_mapped = false};
}

/* ---- In turn ---- */

static prism_status (*const turns[])(encoding *e, prism_error *error) = {
    try_repeats, try_colours, try_recent, look_at_rival, try_split, try_mask};

prism_status px_chunk_encode(px_buffer *out, px_pipeline *used, const prism_array *array,
                             const void *elements, const prism_options *options, px_chunk_role role,
                             prism_error *error) {
    if (options->bound != PRISM_BOUND_NONE)
        return px_bounded_encode(out, used, array, elements, options, role.scales, error);
    encoding e;
    prism_status status = encoding_make(&e, array, elements, options, role, error);
    for (size_t i = 0; i < sizeof turns / sizeof *turns && status == PRISM_OK; i++)
        status = turns[i](&e, error);
    const bool plain = status == PRISM_OK && is_plain(&e);
    if (plain)
        status = look(&e, error);
    if (status == PRISM_OK && plain && !e.kept)
        status = px_encode_mapped(&e.plain, &e.request, error);
    if (status == PRISM_OK && plain && !e.plain.is_mapped && px_type_is_narrow(array->type)) {
        px_coded_free(&e.plain);
        status = px_encode_integers(&e.plain, &e.request, error);
    }
    if (e.parts.is_mapped)
        keep_better(&e);
    if (status == PRISM_OK && e.rivals)
        status = try_rival(&e, error);
    if (status == PRISM_OK)
        status = px_content_write(out, used, &e.content, &e.plain, elements, error);
    encoding_free(&e);
    return status;
}
