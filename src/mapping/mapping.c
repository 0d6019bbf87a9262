/* Mapped chunks: what they take, and the way back. Which mapping an array gets: choose/mappings.c.
 */
#include "mapping/mapping.h"

#include "base/array.h"
#include "base/sizes.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "coders/ans/blocks/blocks.h"
#include "mapping/stage.h"

bool px_mapping_suits(const prism_array *array, unsigned depth) {
    return depth < PX_CHUNK_DEPTH && !(px_type_is_narrow(array->type) && px_is_tiny(array));
}

bool px_options_are_open(const prism_options *options) {
    return options->transform == PRISM_TRANSFORM_AUTO &&
           options->predictor == PRISM_PREDICTOR_AUTO && options->coder == PRISM_CODER_AUTO &&
           !px_blocks_asked(options);
}

void px_code_natively(prism_options *options) {
    if (options->predictor == PRISM_PREDICTOR_AUTO && options->coder == PRISM_CODER_AUTO) {
        options->predictor = PRISM_PREDICTOR_LSQ;
        options->coder = PRISM_CODER_ANS;
    }
}

const px_mapping_stage *px_mapping_stage_of(uint8_t number, const px_inner_codec *codec) {
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
    case PRISM_MAPPING_SPLIT:
        return &px_mapping_split;
    case PRISM_MAPPING_COLOURS:
        return &px_mapping_colours;
    case PRISM_MAPPING_REPEATS:
        return &px_mapping_repeats;
    case PRISM_MAPPING_RECENT:
        return &px_mapping_recent;
    default:
        return codec->lossy(number);
    }
}

static prism_status decode_by(void *elements, px_mapping_source *source, prism_error *error) {
    const uint8_t number = px_get_u8(&source->parameters);
    const px_mapping_stage *stage = px_mapping_stage_of(number, source->inner);
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

/* Of mapping scaled, scales come first, and of recent, elements. */
bool px_mapping_inner(px_chunk *inner, const px_chunk *chunk) {
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_there);
    const uint8_t number = chunk->parameter_size ? *chunk->parameters : PRISM_MAPPING_NONE;
    const bool second = number == PRISM_MAPPING_SCALED || number == PRISM_MAPPING_RECENT;
    size_t head;
    return px_inner_read_head(inner, &head, &payload, NULL) == PRISM_OK &&
           (!second || px_inner_read_head(inner, &head, &payload, NULL) == PRISM_OK);
}

size_t px_mapping_head(const px_chunk *chunk, const px_inner_codec *codec) {
    const px_squeezed shape = px_squeeze(&chunk->array);
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_there);
    const px_mapping_stage *stage = px_mapping_stage_of(px_get_u8(&parameters), codec);
    if (!stage || !stage->regions ||
        (stage->regions->fit && !stage->regions->fit(parameters, &shape.array)))
        return 0;
    px_chunk inner = {.has_blocks = false};
    size_t head = 0;
    for (unsigned i = 0; i < stage->chunks; i++)
        if (px_inner_read_head(&inner, &head, &payload, NULL) != PRISM_OK)
            return 0;
    return inner.has_blocks ? (size_t)(inner.parameters - chunk->payload) - inner.header_size + head
                            : 0;
}

/* Mappings know no dimensions of 1. `mask` is memory for that of the chunk. */
static px_chunk squeezed_chunk(const px_chunk *chunk, px_gaps *mask) {
    px_chunk squeezed = *chunk;
    const px_squeezed shape = px_squeeze(&chunk->array);
    squeezed.array = shape.array;
    if (chunk->mask) {
        *mask = px_gaps_squeezed(chunk->mask, &shape);
        squeezed.mask = mask;
    }
    return squeezed;
}

/* Elements of the chunks within stay until the mapping is undone. */
static uint64_t memory_of(const px_chunk *chunk, unsigned depth, const px_inner_codec *codec) {
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_there);
    const px_mapping_stage *stage = px_mapping_stage_of(px_get_u8(&parameters), codec);
    uint64_t kept = 0, most = 0;
    if (!stage)
        return 0;
    if (stage->decode_memory)
        return stage->decode_memory(chunk, depth, codec);
    if (stage->regions && stage->regions->memory)
        kept += stage->regions->memory(chunk);
    if (chunk->mask)
        kept += px_array_count(&chunk->array) * sizeof(bool); /* places without data */
    px_chunk inner;
    size_t head;
    for (unsigned i = 0; i < stage->chunks && depth < PX_CHUNK_DEPTH &&
                         px_inner_read_head(&inner, &head, &payload, NULL) == PRISM_OK;
         i++) {
        kept += px_array_count(&inner.array) * prism_type_size(inner.array.type);
        inner.mask = chunk->mask ? px_gaps_for(chunk->mask, &inner.array) : NULL;
        most = px_larger(most, kept + codec->memory(&inner, depth + 1));
    }
    if (stage->memory)
        kept += stage->memory(chunk);
    return px_larger(most, kept + px_array_count(&chunk->array) * stage->decode_bytes);
}

uint64_t px_mapping_memory(const px_chunk *chunk, unsigned depth, const px_inner_codec *codec) {
    px_gaps mask;
    const px_chunk squeezed = squeezed_chunk(chunk, &mask);
    return memory_of(&squeezed, depth, codec);
}

px_mapping_source px_mapping_source_make(const px_chunk *squeezed, int threads, unsigned depth,
                                         const px_inner_codec *inner) {
    return (px_mapping_source){
        .chunk = squeezed,
        .parameters = px_reader_make(squeezed->parameters, squeezed->parameter_size),
        .payload = px_reader_make(squeezed->payload, squeezed->payload_there),
        .threads = threads,
        .inner = inner,
        .depth = depth};
}

prism_status px_mapping_decode(const px_chunk *chunk, void *elements, int threads, unsigned depth,
                               const px_inner_codec *inner, prism_error *error) {
    px_gaps mask;
    const px_chunk squeezed = squeezed_chunk(chunk, &mask);
    const size_t head = px_mapping_head(chunk, inner);
    if (chunk->has_blocks != (head > 0) || chunk->head_payload != head)
        return px_fail(error, PRISM_E_CORRUPT, "a mapped chunk says another head than it has");
    px_mapping_source source = px_mapping_source_make(&squeezed, threads, depth, inner);
    return decode_by(elements, &source, error);
}
