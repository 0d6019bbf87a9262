/* Parts of chunks: opened once, read as often as is wanted. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/sizes.h"
#include "base/status.h"
#include "chunk/chunk.h"
#include "prism.h"

struct prism_reader {
    px_chunk chunk;
    const uint8_t *bytes;    /* all of it */
    px_region_reader blocks; /* of a chunk in blocks; */
    uint8_t *elements;       /* of any other one, all of them; else NULL */
};

static const prism_decode_options default_options = {.threads = 1};

static prism_status check_limit(uint64_t memory, uint64_t limit, prism_error *error) {
    return limit && memory > limit
               ? px_fail(error, PRISM_E_MEMORY, "the parts take %llu bytes, the limit is %llu",
                         (unsigned long long)memory, (unsigned long long)limit)
               : PRISM_OK;
}

static prism_status open_blocks(prism_reader *reader, const void *chunk,
                                const prism_decode_options *options, prism_error *error) {
    prism_status status =
        check_limit(px_chunk_regions_memory(&reader->chunk), options->memory_limit, error);
    if (status == PRISM_OK && !options->skip_checksum && reader->chunk.has_checksum)
        status = px_chunk_verify_head(&reader->chunk, chunk, error);
    return status == PRISM_OK ? px_chunk_open_regions(&reader->blocks, &reader->chunk, error)
                              : status;
}

static prism_status open_whole(prism_reader *reader, const void *chunk, size_t chunk_size,
                               const prism_decode_options *options, prism_error *error) {
    size_t size;
    prism_status status = prism_array_size(&reader->chunk.array, &size, error);
    if (status == PRISM_OK)
        status =
            check_limit(px_chunk_memory(&reader->chunk, 0) + size, options->memory_limit, error);
    if (status != PRISM_OK)
        return status;
    reader->elements = malloc(size);
    return reader->elements
               ? prism_decode(chunk, chunk_size, reader->elements, size, options, error)
               : px_out_of_memory(error, size);
}

prism_status prism_open(const void *chunk, size_t chunk_size, const prism_decode_options *options,
                        prism_reader **reader, prism_error *error) {
    if (!chunk || !reader)
        return px_fail(error, PRISM_E_ARGUMENT, "chunk and reader must not be NULL");
    *reader = NULL;
    options = options ? options : &default_options;
    if (options->reduce)
        return px_fail(error, PRISM_E_OPTION, "reduce=%d goes with whole chunks only",
                       options->reduce);
    prism_reader *opened = calloc(1, sizeof *opened);
    if (!opened)
        return px_out_of_memory(error, sizeof *opened);
    opened->bytes = chunk;
    size_t head;
    prism_status status = px_chunk_read_head(&opened->chunk, &head, chunk, chunk_size, error);
    if (status == PRISM_OK)
        status = opened->chunk.has_blocks ? open_blocks(opened, chunk, options, error)
                                          : open_whole(opened, chunk, chunk_size, options, error);
    if (status != PRISM_OK) {
        prism_close(opened);
        return status;
    }
    *reader = opened;
    return px_succeed(error);
}

void prism_close(prism_reader *reader) {
    if (!reader)
        return;
    if (reader->chunk.has_blocks)
        px_region_reader_close(&reader->blocks);
    free(reader->elements);
    free(reader);
}

/* What it takes to know where the planes end. */
static prism_status measure(size_t *needed, const px_chunk *chunk, const void *start,
                            uint64_t planes, prism_error *error) {
    px_region_reader blocks;
    prism_status status =
        chunk->has_checksum ? px_chunk_verify_head(chunk, start, error) : PRISM_OK;
    if (status != PRISM_OK)
        return status;
    status = px_chunk_open_regions(&blocks, chunk, error);
    if (status == PRISM_OK && planes > px_region_reader_planes(&blocks))
        status = px_fail(error, PRISM_E_ARGUMENT, "%" PRIu64 " planes: the chunk has %zu", planes,
                         px_region_reader_planes(&blocks));
    if (status == PRISM_OK)
        *needed = px_region_reader_needs(&blocks, start, (size_t)planes);
    px_region_reader_close(&blocks);
    return status;
}

prism_status prism_planes_size(const void *start, size_t size, uint64_t planes, size_t *needed,
                               prism_error *error) {
    if (!start || !needed)
        return px_fail(error, PRISM_E_ARGUMENT, "start and needed must not be NULL");
    px_chunk chunk;
    prism_status status = px_chunk_read_head(&chunk, needed, start, size, error);
    if (status == PRISM_E_TRUNCATED && *needed && (!planes || !chunk.has_blocks))
        status = PRISM_OK; /* it is what was asked for */
    else if (status == PRISM_OK && planes && chunk.has_blocks)
        status = measure(needed, &chunk, start, planes, error);
    if (status != PRISM_OK)
        *needed = 0;
    return status == PRISM_OK ? px_succeed(error) : status;
}

/* Bytes of the elements of each. */
static size_t box_size(const px_boxes *boxes, const prism_array *array) {
    size_t size = prism_type_size(array->type);
    for (unsigned i = 0; i < array->rank; i++)
        size = px_product(size, (size_t)boxes->count[i]);
    return size;
}

static prism_status check_boxes(const px_boxes *boxes, const prism_array *array,
                                prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < boxes->boxes && status == PRISM_OK; i++) {
        const px_box box = px_boxes_get(boxes, i);
        status = px_box_check(&box, array, error);
    }
    return status;
}

static prism_status check_size(const px_boxes *boxes, const prism_array *array, size_t size,
                               prism_error *error) {
    const size_t all = px_product(box_size(boxes, array), boxes->boxes);
    return all == size ? PRISM_OK
                       : px_fail(error, PRISM_E_ARGUMENT,
                                 "the elements take %zu bytes, the output has %zu", all, size);
}

static prism_status read_boxes(prism_reader *reader, const px_boxes *boxes, uint8_t *data,
                               prism_error *error) {
    const size_t each = box_size(boxes, &reader->chunk.array);
    if (!reader->elements)
        return px_region_reader_read(&reader->blocks, boxes, data, each, error);
    for (size_t i = 0; i < boxes->boxes; i++) {
        const px_box box = px_boxes_get(boxes, i);
        px_box_copy(&box, &reader->chunk.array, reader->elements, data + i * each);
    }
    return PRISM_OK;
}

prism_status prism_read_regions(prism_reader *reader, const uint64_t *starts, size_t regions,
                                const uint64_t *count, void *data, size_t size,
                                prism_error *error) {
    if (!reader || !starts || !count || !data || !regions)
        return px_fail(error, PRISM_E_ARGUMENT, "reader, starts, count and data must not be NULL");
    const prism_array *array = &reader->chunk.array;
    const px_boxes boxes = {starts, count, regions, array->rank, 0};
    prism_status status = check_boxes(&boxes, array, error);
    if (status == PRISM_OK)
        status = check_size(&boxes, array, size, error);
    if (status == PRISM_OK)
        status = read_boxes(reader, &boxes, data, error);
    return status == PRISM_OK ? px_succeed(error) : status;
}

prism_status prism_read_region(prism_reader *reader, const uint64_t *start, const uint64_t *count,
                               void *data, size_t size, prism_error *error) {
    return prism_read_regions(reader, start, 1, count, data, size, error);
}

prism_status prism_region_ranges(prism_reader *reader, const uint64_t *starts, size_t regions,
                                 const uint64_t *count, prism_range *ranges, size_t capacity,
                                 size_t *found, prism_error *error) {
    if (!reader || !starts || !count || !found || !regions)
        return px_fail(error, PRISM_E_ARGUMENT, "reader, starts, count and found must not be NULL");
    *found = 0;
    const px_boxes boxes = {starts, count, regions, reader->chunk.array.rank, 0};
    prism_status status = check_boxes(&boxes, &reader->chunk.array, error);
    if (status == PRISM_OK && reader->chunk.has_blocks)
        status = px_region_reader_ranges(&reader->blocks, &boxes, reader->bytes, ranges, capacity,
                                         found, error);
    return status == PRISM_OK ? px_succeed(error) : status;
}

prism_status prism_decode_region(const void *chunk, size_t chunk_size, const uint64_t *start,
                                 const uint64_t *count, void *data, size_t size,
                                 const prism_decode_options *options, prism_error *error) {
    prism_reader *reader = NULL;
    prism_status status = prism_open(chunk, chunk_size, options, &reader, error);
    if (status == PRISM_OK)
        status = prism_read_region(reader, start, count, data, size, error);
    prism_close(reader);
    return status;
}
