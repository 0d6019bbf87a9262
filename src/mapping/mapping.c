/* Which mapping an array gets: the first one whose rule fits all of its elements, or the last. */
#include "mapping/mapping.h"

#include "base/array.h"
#include "base/effort.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "mapping/dequantiser.h"
#include "mapping/mask.h"
#include "mapping/stage.h"
#include "planes/sample.h"

typedef struct candidate {
    prism_mapping number;
    const px_mapping_stage *stage;
} candidate;

/* Integers that the pipeline could code as they are. */
static const candidate for_narrow[] = {{PRISM_MAPPING_TABLE, &px_mapping_levels}};

static const candidate for_integers[] = {{PRISM_MAPPING_LATTICE, &px_mapping_lattice},
                                         {PRISM_MAPPING_TABLE, &px_mapping_table},
                                         {PRISM_MAPPING_LATTICE, &px_mapping_smooth},
                                         {PRISM_MAPPING_LATTICE, &px_mapping_ranks}};

static const candidate for_floats[] = {
    {PRISM_MAPPING_FIXED, &px_mapping_grid},       {PRISM_MAPPING_LATTICE, &px_mapping_lattice},
    {PRISM_MAPPING_TABLE, &px_mapping_table},      {PRISM_MAPPING_SCALED, &px_mapping_scaled},
    {PRISM_MAPPING_LATTICE, &px_mapping_decimals}, {PRISM_MAPPING_FIXED, &px_mapping_smooth_fixed},
    {PRISM_MAPPING_FIXED, &px_mapping_fixed},      {PRISM_MAPPING_LATTICE, &px_mapping_ranks}};

#define LIST(array) ((candidates){array, sizeof array / sizeof *array})

typedef struct candidates {
    const candidate *items;
    size_t count;
} candidates;

static candidates candidates_for(prism_type type) {
    if (px_type_is_narrow(type))
        return LIST(for_narrow);
    return px_number_of(type)->fraction ? LIST(for_floats) : LIST(for_integers);
}

/* *size: of the sample; SIZE_MAX where the rule does not fit it. */
static prism_status sample_size(size_t *size, const px_mapping_request *request,
                                const px_bit_patterns *words, const px_mapping_stage *stage,
                                prism_error *error) {
    px_coded mapped = {.is_mapped = false};
    prism_status status = stage->encode(&mapped, request, words, error);
    if (status == PRISM_OK)
        status = px_sections_status(&mapped.sections, error);
    *size = mapped.is_mapped ? px_sections_size(&mapped.sections) : SIZE_MAX;
    px_coded_free(&mapped);
    return status;
}

static prism_status compare(bool *smaller, const px_mapping_request *request,
                            const px_bit_patterns *words, const px_mapping_stage *first,
                            const px_mapping_stage *second, prism_error *error) {
    size_t sizes[2] = {0};
    prism_status status = sample_size(&sizes[0], request, words, first, error);
    if (status == PRISM_OK && sizes[0] < SIZE_MAX)
        status = sample_size(&sizes[1], request, words, second, error);
    *smaller = sizes[0] < sizes[1];
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

prism_status px_mapping_compare(bool *smaller, const px_mapping_request *request,
                                const px_bit_patterns *words, const px_mapping_stage *first,
                                const px_mapping_stage *second, prism_error *error) {
    const bool tiny = px_inner_is_tiny(request);
    prism_options options = *request->options;
    px_sample sample;
    px_bit_patterns part;
    options.effort = (tiny ? px_efforts.small_trial : px_efforts.trial)[options.effort];
    if (!tiny)
        rank_by_native(&options);
    prism_status status =
        px_sample_make(&sample, request->array, request->elements, options.effort, error);
    px_mapping_request trial = *request;
    trial.array = &sample.array;
    trial.elements = sample.elements;
    trial.options = &options;
    if (status != PRISM_OK)
        return status;
    if (sample.share == 1) { /* what is known of all words need not be found again */
        trial.array = request->array;
        trial.elements = request->elements;
        status = compare(smaller, &trial, words, first, second, error);
    } else {
        status = px_bit_patterns_alloc(&part, &sample.array, error);
        if (status == PRISM_OK) {
            px_found_rule found = {.known = false};
            px_bit_patterns_load(&part, sample.elements);
            part.found = &found;
            status = compare(smaller, &trial, &part, first, second, error);
        }
        px_bit_patterns_free(&part);
    }
    px_sample_free(&sample);
    return status;
}

static prism_status try_all(px_coded *mapped, const px_mapping_request *request,
                            const px_bit_patterns *words, prism_error *error) {
    const candidates list = candidates_for(request->array->type);
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list.count && status == PRISM_OK && !mapped->is_mapped; i++) {
        px_coded_free(mapped);
        px_put_u8(&mapped->sections.parameters, (uint8_t)list.items[i].number);
        status = list.items[i].stage->encode(mapped, request, words, error);
        if (status == PRISM_OK)
            status = px_sections_status(&mapped->sections, error);
    }
    return status;
}

prism_status px_mapping_encode(px_coded *mapped, const px_mapping_request *request,
                               prism_error *error) {
    *mapped = (px_coded){.is_mapped = false};
    bool promise = request->depth < PX_CHUNK_DEPTH;
    prism_status status = PRISM_OK;
    if (promise && px_type_is_narrow(request->array->type)) {
        promise = !px_is_tiny(request->array);
        if (promise)
            status = px_levels_promise(&promise, request, error);
    }
    if (status != PRISM_OK || !promise)
        return status;
    px_bit_patterns words;
    px_found_rule found = {.known = false};
    status = px_bit_patterns_alloc(&words, request->array, error);
    if (status != PRISM_OK)
        return status;
    px_bit_patterns_load(&words, request->elements);
    words.found = &found;
    status = try_all(mapped, request, &words, error);
    px_bit_patterns_free(&words);
    if (status != PRISM_OK)
        px_coded_free(mapped);
    return status;
}

static const px_mapping_stage *stage_of(uint8_t number, const px_inner_codec *codec) {
    switch (number) {
    case PRISM_MAPPING_TABLE:
        return &px_mapping_table;
    case PRISM_MAPPING_LATTICE:
        return &px_mapping_lattice;
    case PRISM_MAPPING_FIXED:
        return &px_mapping_fixed;
    case PRISM_MAPPING_SCALED:
        return &px_mapping_scaled;
    case PRISM_MAPPING_MASK:
        return &px_mapping_mask;
    default:
        return codec->lossy(number);
    }
}

static prism_status decode_by(void *elements, px_mapping_source *source, prism_error *error) {
    const uint8_t number = px_get_u8(&source->parameters);
    const px_mapping_stage *stage = stage_of(number, source->inner);
    if (!stage)
        return px_fail(error, PRISM_E_CORRUPT, "mapping %u is not known", number);
    prism_status status = stage->decode(elements, source, error);
    if (status == PRISM_OK && (source->parameters.failed || source->payload.failed))
        return px_fail(error, PRISM_E_TRUNCATED, "the mapping ends before its content does");
    if (status == PRISM_OK &&
        (px_reader_left(&source->parameters) || px_reader_left(&source->payload)))
        return px_fail(error, PRISM_E_CORRUPT, "bytes after the end of the mapping");
    return status;
}

/* The next chunk within the chunk. */
static bool next_within(px_chunk *within, px_reader *payload) {
    const size_t size = px_get_size(payload);
    const uint8_t *bytes = px_get_bytes(payload, size);
    return bytes && px_chunk_read(within, bytes, size, NULL) == PRISM_OK;
}

bool px_mapping_inner(px_chunk *inner, const px_chunk *chunk) {
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_size);
    return next_within(inner, &payload);
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* Elements of the chunks within stay until the mapping is undone. */
uint64_t px_mapping_memory(const px_chunk *chunk, unsigned depth, const px_inner_codec *codec) {
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_size);
    const uint8_t number = px_get_u8(&parameters);
    const px_mapping_stage *stage = stage_of(number, codec);
    uint64_t kept = 0, most = 0;
    if (!stage)
        return 0;
    if (number == PRISM_MAPPING_MASK)
        return px_mask_memory(chunk, depth, codec);
    if (number == PRISM_MAPPING_TABLE)
        kept += px_get_varint(&parameters) % (PX_MOST_VALUES + 1) * sizeof(uint64_t);
    px_chunk inner;
    for (unsigned i = 0;
         i < stage->chunks && depth < PX_CHUNK_DEPTH && next_within(&inner, &payload); i++) {
        kept += px_array_count(&inner.array) * prism_type_size(inner.array.type);
        most = larger(most, kept + codec->memory(&inner, depth + 1));
    }
    if (stage->memory)
        kept += stage->memory(chunk);
    return larger(most, kept + px_array_count(&chunk->array) * stage->decode_bytes);
}

prism_status px_mapping_decode(const px_chunk *chunk, void *elements, int threads, unsigned depth,
                               const px_inner_codec *inner, prism_error *error) {
    px_chunk squeezed = *chunk;
    px_gaps mask;
    const px_squeezed shape = px_squeeze(&chunk->array);
    squeezed.array = shape.array;
    if (chunk->mask) {
        mask = px_gaps_squeezed(chunk->mask, &shape);
        squeezed.mask = &mask;
    }
    px_mapping_source source = {.chunk = &squeezed,
                                .parameters =
                                    px_reader_make(chunk->parameters, chunk->parameter_size),
                                .payload = px_reader_make(chunk->payload, chunk->payload_size),
                                .threads = threads,
                                .inner = inner,
                                .depth = depth};
    return decode_by(elements, &source, error);
}
