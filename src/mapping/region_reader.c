#include "mapping/region_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/sizes.h"
#include "base/status.h"
#include "pipeline/pipeline.h"

/* ---- Opening ---- */

/* Of elements, that is what is left of the chunk: all that integers have is their shape. */
static prism_status check_inner(const px_region_reader *reader, const px_chunk *inner,
                                const px_mapping_source *source, prism_error *error) {
    const prism_array *whole = &source->chunk->array;
    const uint32_t types = reader->regions->types;
    if (!types && inner->array.order != whole->order)
        return px_fail(error, PRISM_E_CORRUPT, "a mask leaves another array than is there");
    return px_inner_check(inner, source, &reader->opened.inner, types ? types : 1u << whole->type,
                          error);
}

static prism_status open_inner(px_region_reader *reader, px_mapping_source *source,
                               prism_error *error) {
    px_chunk inner;
    size_t head;
    prism_status status = px_inner_read_head(&inner, &head, &source->payload, error);
    if (status == PRISM_OK)
        status = check_inner(reader, &inner, source, error);
    if (status != PRISM_OK)
        return status;
    reader->inner = px_alloc_zeroed(sizeof *reader->inner);
    if (!reader->inner)
        return px_out_of_memory(error, sizeof *reader->inner);
    inner.mask = reader->opened.inner_gaps ? reader->opened.inner_gaps
                                           : px_gaps_for(source->chunk->mask, &inner.array);
    return px_region_reader_open(
        reader->inner, &inner, source->depth + (reader->regions->types > 0), source->inner, error);
}

static prism_status open_mapped(px_region_reader *reader, unsigned depth,
                                const px_inner_codec *codec, prism_error *error) {
    const px_chunk *chunk = &reader->chunk;
    px_chunk squeezed = *chunk;
    squeezed.array = reader->opened.inner = reader->shape.array;
    if (chunk->mask) {
        reader->gaps = px_gaps_squeezed(chunk->mask, &reader->shape);
        squeezed.mask = &reader->gaps;
    }
    px_mapping_source source = px_mapping_source_make(&squeezed, 1, depth, codec);
    if (!chunk->head_payload || chunk->head_payload != px_mapping_head(chunk, codec))
        return px_fail(error, PRISM_E_CORRUPT, "a mapped chunk says another head than it has");
    reader->regions = px_mapping_stage_of(px_get_u8(&source.parameters), codec)->regions;
    prism_status status = reader->regions->open(&reader->opened, &source, error);
    if (status == PRISM_OK && (source.parameters.failed || px_reader_left(&source.parameters)))
        status = px_fail(error, PRISM_E_CORRUPT, "the parameters of a mapping are not its own");
    return status == PRISM_OK ? open_inner(reader, &source, error) : status;
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
    if (reader->inner)
        px_region_reader_close(reader->inner);
    if (reader->regions)
        reader->regions->close(reader->opened.rule);
    px_exception_list_free(&reader->opened.exceptions);
    free(reader->inner);
}

static const px_block_reader *blocks_of(const px_region_reader *reader) {
    while (reader->inner)
        reader = reader->inner;
    return &reader->blocks;
}

size_t px_region_reader_planes(const px_region_reader *reader) {
    return px_pipeline_layout(&reader->chunk.pipeline, &reader->chunk.array).count;
}

size_t px_region_reader_needs(const px_region_reader *reader, const void *bytes, size_t planes) {
    const px_block_reader *blocks = blocks_of(reader);
    const size_t all = px_region_reader_planes(reader);
    return planes == all || blocks->planes.count != all
               ? px_chunk_size(&reader->chunk)
               : px_block_reader_needs(blocks, bytes, planes);
}

uint64_t px_region_reader_memory(const px_chunk *chunk, const px_inner_codec *codec) {
    return chunk->is_mapped ? px_mapping_memory(chunk, 0, codec) : px_block_reader_memory(chunk);
}

/* ---- Reading ---- */

/* The elements of a box, from the integers of its part of the inner array, if it has any. */
static prism_status map_box(const px_region_reader *reader, const px_box *box,
                            const uint8_t *integers, uint8_t *elements, prism_error *error) {
    const prism_array *inner = &reader->inner->chunk.array, *whole = &reader->shape.array;
    px_mapped_region region = {
        .whole = whole, .box = box, .array = *whole, .has_gaps = reader->chunk.mask != NULL};
    memcpy(region.array.dims, box->count, whole->rank * sizeof *box->count);
    region.integers = (px_integers){.elements = (void *)(uintptr_t)integers,
                                    .size = prism_type_size(inner->type),
                                    .swapped = px_is_swapped(inner)};
    const prism_status status = reader->regions->map(reader->opened.rule, &region, elements, error);
    px_exception_list_put(&reader->opened.exceptions, box, whole, elements);
    return status;
}

/* Boxes of the inner array that have the data of boxes: of those that have any. */
typedef struct inner_boxes {
    px_pool pool;
    px_boxes boxes;
    uint64_t *starts, *counts; /* [boxes][rank] */
    size_t *numbers;           /* of the boxes that they are of */
    size_t most;               /* elements of the largest one */
} inner_boxes;

static px_box squeezed_box(const px_region_reader *reader, const px_boxes *boxes, size_t number) {
    const px_box box = px_boxes_get(boxes, number);
    px_box squeezed = box;
    for (unsigned i = 0; i < reader->shape.array.rank; i++) {
        squeezed.start[i] = box.start[reader->shape.axes[i]];
        squeezed.count[i] = box.count[reader->shape.axes[i]];
    }
    return squeezed;
}

static void add_inner(inner_boxes *inner, const px_box *box, size_t number) {
    const unsigned rank = inner->boxes.rank;
    size_t elements = 1;
    for (unsigned i = 0; i < rank; i++)
        elements *= (size_t)box->count[i];
    inner->most = elements > inner->most ? elements : inner->most;
    memcpy(inner->starts + inner->boxes.boxes * rank, box->start, rank * sizeof *box->start);
    memcpy(inner->counts + inner->boxes.boxes * rank, box->count, rank * sizeof *box->count);
    inner->numbers[inner->boxes.boxes++] = number;
}

static prism_status inner_boxes_make(inner_boxes *inner, const px_region_reader *reader,
                                     const px_boxes *boxes, prism_error *error) {
    const unsigned rank = reader->shape.array.rank;
    const size_t size = px_product(boxes->boxes, rank, sizeof(uint64_t));
    *inner = (inner_boxes){.boxes = {.rank = rank, .count_step = rank}};
    inner->boxes.starts = inner->starts = px_pool_take(&inner->pool, size);
    inner->boxes.count = inner->counts = px_pool_take(&inner->pool, size);
    inner->numbers = px_pool_take(&inner->pool, px_product(boxes->boxes, sizeof *inner->numbers));
    prism_status status = px_pool_status(&inner->pool, error);
    for (size_t i = 0; i < boxes->boxes && status == PRISM_OK; i++) {
        const px_box box = squeezed_box(reader, boxes, i);
        px_box part = box;
        if (!reader->regions->narrow || reader->regions->narrow(reader->opened.rule, &box, &part))
            add_inner(inner, &part, i);
    }
    return status;
}

static prism_status map_boxes(const px_region_reader *reader, const px_boxes *boxes,
                              const inner_boxes *inner, const uint8_t *integers, size_t each,
                              uint8_t *elements, size_t size, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = 0, n = 0; i < boxes->boxes && status == PRISM_OK; i++) {
        const bool has_data = n < inner->boxes.boxes && inner->numbers[n] == i;
        const px_box box = squeezed_box(reader, boxes, i);
        status = map_box(reader, &box, has_data ? integers + n * each : NULL, elements + i * size,
                         error);
        n += has_data;
    }
    return status;
}

static prism_status read_mapped(px_region_reader *reader, const px_boxes *boxes, uint8_t *elements,
                                size_t size, prism_error *error) {
    inner_boxes inner;
    prism_status status = inner_boxes_make(&inner, reader, boxes, error);
    const size_t each = px_product(inner.most, prism_type_size(reader->inner->chunk.array.type));
    uint8_t *integers = NULL;
    if (status == PRISM_OK && inner.boxes.boxes)
        integers = px_pool_take(&inner.pool, px_product(inner.boxes.boxes, each));
    if (status == PRISM_OK)
        status = px_pool_status(&inner.pool, error);
    if (status == PRISM_OK && inner.boxes.boxes)
        status = px_region_reader_read(reader->inner, &inner.boxes, integers, each, error);
    if (status == PRISM_OK)
        status = map_boxes(reader, boxes, &inner, integers, each, elements, size, error);
    px_pool_free(&inner.pool);
    return status;
}

prism_status px_region_reader_read(px_region_reader *reader, const px_boxes *boxes,
                                   uint8_t *elements, size_t size, prism_error *error) {
    return reader->chunk.is_mapped
               ? read_mapped(reader, boxes, elements, size, error)
               : px_block_reader_read(&reader->blocks, boxes, elements, size, error);
}

prism_status px_region_reader_ranges(const px_region_reader *reader, const px_boxes *boxes,
                                     const uint8_t *bytes, prism_range *ranges, size_t capacity,
                                     size_t *found, prism_error *error) {
    if (!reader->chunk.is_mapped)
        return px_block_reader_ranges(&reader->blocks, boxes, bytes, ranges, capacity, found,
                                      error);
    inner_boxes inner;
    prism_status status = inner_boxes_make(&inner, reader, boxes, error);
    if (status == PRISM_OK)
        status = px_region_reader_ranges(reader->inner, &inner.boxes, bytes, ranges, capacity,
                                         found, error);
    px_pool_free(&inner.pool);
    return status;
}
