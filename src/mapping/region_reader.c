#include "mapping/region_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"

/* ---- Opening ---- */

static prism_status open_integers(px_region_reader *reader, px_mapping_source *source,
                                  prism_error *error) {
    px_chunk inner;
    size_t head;
    prism_status status = px_inner_read_head(&inner, &head, &source->payload, error);
    if (status == PRISM_OK)
        status =
            px_inner_check(&inner, source, &source->chunk->array, reader->regions->types, error);
    if (status != PRISM_OK)
        return status;
    reader->integers = px_alloc_zeroed(sizeof *reader->integers);
    if (!reader->integers)
        return px_out_of_memory(error, sizeof *reader->integers);
    return px_region_reader_open(reader->integers, &inner, source->depth + 1, source->inner, error);
}

static prism_status open_mapped(px_region_reader *reader, unsigned depth,
                                const px_inner_codec *codec, prism_error *error) {
    const px_chunk *chunk = &reader->chunk;
    px_chunk squeezed = *chunk;
    squeezed.array = reader->shape.array;
    px_mapping_source source = px_mapping_source_make(&squeezed, 1, depth, codec);
    if (!chunk->head_payload || chunk->head_payload != px_mapping_head(chunk, codec))
        return px_fail(error, PRISM_E_CORRUPT, "a mapped chunk says another head than it has");
    reader->regions = px_mapping_stage_of(px_get_u8(&source.parameters), codec)->regions;
    prism_status status = reader->regions->open(&reader->rule, &reader->exceptions, &source, error);
    if (status == PRISM_OK && (source.parameters.failed || px_reader_left(&source.parameters)))
        status = px_fail(error, PRISM_E_CORRUPT, "the parameters of a mapping are not its own");
    return status == PRISM_OK ? open_integers(reader, &source, error) : status;
}

prism_status px_region_reader_open(px_region_reader *reader, const px_chunk *chunk, unsigned depth,
                                   const px_inner_codec *codec, prism_error *error) {
    *reader = (px_region_reader){.chunk = *chunk, .shape = px_squeeze(&chunk->array)};
    return chunk->is_mapped ? open_mapped(reader, depth, codec, error)
                            : px_block_reader_open(&reader->blocks, &reader->chunk, error);
}

void px_region_reader_close(px_region_reader *reader) {
    if (!reader->chunk.is_mapped)
        px_block_reader_close(&reader->blocks);
    if (reader->integers)
        px_region_reader_close(reader->integers);
    if (reader->regions)
        reader->regions->close(reader->rule);
    px_exception_list_free(&reader->exceptions);
    free(reader->integers);
}

static const px_block_reader *blocks_of(const px_region_reader *reader) {
    while (reader->integers)
        reader = reader->integers;
    return &reader->blocks;
}

size_t px_region_reader_planes(const px_region_reader *reader) {
    return blocks_of(reader)->planes.count;
}

size_t px_region_reader_needs(const px_region_reader *reader, const void *bytes, size_t planes) {
    return planes == px_region_reader_planes(reader)
               ? px_chunk_size(&reader->chunk)
               : px_block_reader_needs(blocks_of(reader), bytes, planes);
}

uint64_t px_region_reader_memory(const px_chunk *chunk, const px_inner_codec *codec) {
    return chunk->is_mapped ? px_mapping_memory(chunk, 0, codec) : px_block_reader_memory(chunk);
}

/* ---- Reading ---- */

/* Boxes of the squeezed array. */
typedef struct squeezed_boxes {
    px_boxes boxes;
    uint64_t count[PRISM_MAX_RANK];
    uint64_t *starts; /* owned */
} squeezed_boxes;

static prism_status squeeze_boxes(squeezed_boxes *s, const px_region_reader *reader,
                                  const px_boxes *boxes, prism_error *error) {
    const unsigned rank = reader->shape.array.rank;
    *s = (squeezed_boxes){.starts = px_alloc(boxes->boxes, rank, sizeof *s->starts)};
    if (!s->starts)
        return px_out_of_memory(error, px_product(boxes->boxes, rank, sizeof *s->starts));
    for (unsigned i = 0; i < rank; i++) {
        const unsigned axis = (unsigned)reader->shape.axes[i];
        s->count[i] = boxes->count[axis];
        for (size_t b = 0; b < boxes->boxes; b++)
            s->starts[b * rank + i] = boxes->starts[b * boxes->rank + axis];
    }
    s->boxes = (px_boxes){s->starts, s->count, boxes->boxes, rank};
    return PRISM_OK;
}

/* From `integers`, `each` bytes of each box. */
static prism_status map_boxes(const px_region_reader *reader, const px_boxes *boxes,
                              const uint8_t *integers, size_t each, uint8_t *elements, size_t size,
                              prism_error *error) {
    const prism_array *inner = &reader->integers->chunk.array, *whole = &reader->shape.array;
    px_mapped_region region = {.whole = whole, .array = *whole};
    region.integers.size = prism_type_size(inner->type);
    region.integers.swapped = inner->order != px_native_order();
    memcpy(region.array.dims, boxes->count, boxes->rank * sizeof *boxes->count);
    prism_status status = PRISM_OK;
    for (size_t b = 0; b < boxes->boxes && status == PRISM_OK; b++) {
        const px_box box = px_boxes_get(boxes, b);
        region.box = &box;
        region.integers.elements = (void *)(uintptr_t)(integers + b * each);
        status = reader->regions->map(reader->rule, &region, elements + b * size, error);
        px_exception_list_put(&reader->exceptions, &box, whole, elements + b * size);
    }
    return status;
}

static prism_status read_mapped(px_region_reader *reader, const px_boxes *boxes, uint8_t *elements,
                                size_t size, prism_error *error) {
    const size_t count = size / prism_type_size(reader->chunk.array.type);
    const size_t each = px_product(count, prism_type_size(reader->integers->chunk.array.type));
    uint8_t *integers = px_alloc(boxes->boxes, each);
    if (!integers)
        return px_out_of_memory(error, px_product(boxes->boxes, each));
    prism_status status = px_region_reader_read(reader->integers, boxes, integers, each, error);
    if (status == PRISM_OK)
        status = map_boxes(reader, boxes, integers, each, elements, size, error);
    free(integers);
    return status;
}

prism_status px_region_reader_read(px_region_reader *reader, const px_boxes *boxes,
                                   uint8_t *elements, size_t size, prism_error *error) {
    if (!reader->chunk.is_mapped)
        return px_block_reader_read(&reader->blocks, boxes, elements, size, error);
    squeezed_boxes squeezed;
    prism_status status = squeeze_boxes(&squeezed, reader, boxes, error);
    if (status == PRISM_OK)
        status = read_mapped(reader, &squeezed.boxes, elements, size, error);
    free(squeezed.starts);
    return status;
}

prism_status px_region_reader_ranges(const px_region_reader *reader, const px_boxes *boxes,
                                     const uint8_t *bytes, prism_range *ranges, size_t capacity,
                                     size_t *found, prism_error *error) {
    if (!reader->chunk.is_mapped)
        return px_block_reader_ranges(&reader->blocks, boxes, bytes, ranges, capacity, found,
                                      error);
    squeezed_boxes squeezed;
    prism_status status = squeeze_boxes(&squeezed, reader, boxes, error);
    if (status == PRISM_OK)
        status = px_region_reader_ranges(reader->integers, &squeezed.boxes, bytes, ranges, capacity,
                                         found, error);
    free(squeezed.starts);
    return status;
}
