#include "pipeline/block_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "pipeline/pipeline.h"

bool px_is_in_blocks(const px_chunk *chunk) {
    return !chunk->is_mapped && px_pipeline_method(chunk) == PRISM_METHOD_BLOCKS;
}

/* Planes with room for a block in each lane, or for all where they are fewer. */
static px_planes row_of_blocks(const px_planes *planes, size_t side) {
    const px_grid_of_blocks grid = px_grid_of_blocks_make(planes->height, planes->width, side);
    const size_t blocks = px_smaller(PX_BLOCK_LANES, px_blocks_count(&grid));
    px_planes row = {.count = planes->count,
                     .height = px_smaller(side, planes->height),
                     .width = blocks * px_smaller(side, planes->width),
                     .depth = planes->depth};
    row.stride = px_plane_stride(px_plane_size(&row));
    return row;
}

prism_status px_block_reader_open(px_block_reader *reader, const px_chunk *chunk,
                                  prism_error *error) {
    const px_layout layout = px_pipeline_layout(&chunk->pipeline, &chunk->array);
    const px_planes planes = px_planes_shape(&chunk->array, &layout);
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_get_u8(&parameters); /* the method */
    *reader = (px_block_reader){.chunk = *chunk};
    if (!px_is_in_blocks(chunk))
        return px_fail(error, PRISM_E_CORRUPT, "a chunk says that it is in blocks and is not");
    reader->places = px_places_of_axes_make(&chunk->array, &chunk->pipeline);
    prism_status status = px_blocks_open(&reader->blocks, &planes, &chunk->pipeline, &parameters,
                                         chunk->payload_size, 1, error);
    if (status == PRISM_OK && px_reader_left(&parameters))
        return px_fail(error, PRISM_E_CORRUPT, "bytes after the index of blocks");
    if (status != PRISM_OK)
        return status;
    reader->planes = row_of_blocks(&planes, reader->blocks.grid.side);
    return px_planes_take(&reader->planes, error);
}

void px_block_reader_close(px_block_reader *reader) {
    px_blocks_free(&reader->blocks);
    px_planes_free(&reader->planes);
}

uint64_t px_block_reader_memory(const px_chunk *chunk) {
    const px_layout layout = px_pipeline_layout(&chunk->pipeline, &chunk->array);
    const px_planes planes = px_planes_shape(&chunk->array, &layout);
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_get_u8(&parameters); /* the method */
    const size_t side = px_blocks_side(&planes, parameters);
    const px_planes row = row_of_blocks(&planes, side ? side : PX_BLOCK_SIDE);
    return px_pipeline_memory(chunk) - px_planes_bytes(&planes) + px_planes_bytes(&row);
}

size_t px_block_reader_needs(const px_block_reader *reader, const void *chunk, size_t planes) {
    if (planes == reader->planes.count)
        return px_chunk_size(&reader->chunk);
    return (size_t)(reader->chunk.payload - (const uint8_t *)chunk) +
           px_blocks_payload(&reader->blocks, planes);
}

bool px_block_reader_is_intact(const px_block_reader *reader, size_t block) {
    const px_blocks_chunk *blocks = &reader->blocks;
    for (size_t l = 0; l < blocks->form.layers; l++) {
        const px_block_entry *entry = px_blocks_entry(blocks, l, block);
        const uint8_t *bytes = reader->chunk.payload + entry->offset;
        if (entry->size && (entry->offset + entry->size > reader->chunk.payload_there ||
                            px_block_check(blocks, l, block, bytes, entry->size) != entry->check))
            return false;
    }
    return true;
}

/* ---- Blocks ---- */

/* The first planes of some that have one size. */
static prism_status take_blocks(px_block_reader *reader, const size_t *numbers, size_t count,
                                size_t planes, prism_error *error) {
    const size_t together = px_blocks_go_together(&reader->blocks, count) ? count : 1;
    px_rectangle places[PX_BLOCK_LANES];
    prism_status status = PRISM_OK;
    reader->held_count = 0;
    for (size_t i = 0; i < count; i++) {
        places[i] = px_block_at(&reader->blocks.grid, numbers[i]);
        places[i].y = 0;
        places[i].x = i * places[i].width;
        reader->held[i] = numbers[i];
    }
    for (size_t i = 0; i < count && status == PRISM_OK; i += together) {
        const px_blocks_request request = {.numbers = numbers + i,
                                           .places = places + i,
                                           .count = together,
                                           .planes = planes,
                                           .payload = reader->chunk.payload,
                                           .payload_size = reader->chunk.payload_there};
        status = px_blocks_read(&reader->blocks, &reader->planes, &request, error);
    }
    if (status == PRISM_OK) {
        reader->held_count = count;
        reader->held_planes = planes;
    }
    return status;
}

static void store(const px_block_reader *reader, size_t slot, const px_box *box, void *elements) {
    const px_rectangle block = px_block_at(&reader->blocks.grid, reader->held[slot]);
    px_planes planes = reader->planes;
    planes.samples += slot * block.width;
    px_box_store(box, &reader->places, &reader->chunk.array, &planes, &block, elements);
}

/* ---- Which box needs which block ---- */

typedef struct need {
    size_t shape; /* px_block_shape */
    size_t block, box;
} need;

typedef struct needs {
    need *items;
    size_t count;
} needs;

static int compare(const void *a, const void *b) {
    const need *first = a, *second = b;
    if (first->shape != second->shape)
        return first->shape < second->shape ? -1 : 1;
    if (first->block != second->block)
        return first->block < second->block ? -1 : 1;
    return first->box < second->box ? -1 : first->box > second->box;
}

/* The blocks that a box meets. */
typedef struct span {
    size_t row, end_row, column, end_column;
} span;

static span span_of(const px_block_reader *reader, const px_box *box) {
    const px_rectangle all = px_box_rectangle(box, &reader->places);
    const size_t side = reader->blocks.grid.side;
    return (span){all.y / side, (all.y + all.height - 1) / side + 1, all.x / side,
                  (all.x + all.width - 1) / side + 1};
}

static void add_needs(needs *list, const px_block_reader *reader, const px_box *box, size_t index) {
    const px_grid_of_blocks *grid = &reader->blocks.grid;
    const span s = span_of(reader, box);
    for (size_t row = s.row; row < s.end_row; row++)
        for (size_t column = s.column; column < s.end_column; column++) {
            const size_t block = row * grid->columns + column;
            list->items[list->count++] = (need){px_block_shape(grid, block), block, index};
        }
}

static prism_status find_needs(needs *list, const px_block_reader *reader, const px_boxes *boxes,
                               prism_error *error) {
    size_t most = 0;
    *list = (needs){.count = 0};
    for (size_t i = 0; i < boxes->boxes; i++) {
        const px_box box = px_boxes_get(boxes, i);
        const span s = span_of(reader, &box);
        most = px_sum(most, px_product(s.end_row - s.row, s.end_column - s.column));
    }
    list->items = px_alloc(most, sizeof *list->items);
    if (!list->items)
        return px_out_of_memory(error, px_product(most, sizeof *list->items));
    for (size_t i = 0; i < boxes->boxes; i++) {
        const px_box box = px_boxes_get(boxes, i);
        add_needs(list, reader, &box, i);
    }
    qsort(list->items, list->count, sizeof *list->items, compare);
    return PRISM_OK;
}

/* ---- Where they are ---- */

/* How many planes, from the first on, boxes need. */
static size_t planes_of(const px_block_reader *reader, const px_boxes *boxes) {
    size_t last = 0;
    for (size_t i = 0; i < boxes->boxes; i++) {
        const px_box box = px_boxes_get(boxes, i);
        const size_t plane = px_box_last_plane(&box, &reader->places);
        last = plane > last ? plane : last;
    }
    return px_blocks_until(&reader->blocks, last);
}

static void mark_needs(bool *needed, const px_block_reader *reader, const px_box *box) {
    const span s = span_of(reader, box);
    for (size_t row = s.row; row < s.end_row; row++)
        memset(needed + row * reader->blocks.grid.columns + s.column, true,
               s.end_column - s.column);
}

typedef struct range_list {
    prism_range *items; /* NULL: they are counted only */
    size_t capacity, count;
    uint64_t end; /* of the last one */
} range_list;

static void add_range(range_list *list, uint64_t offset, uint64_t size) {
    const bool begins = !list->count || offset != list->end;
    list->count += begins;
    list->end = offset + size;
    if (!list->items || list->count > list->capacity)
        return;
    prism_range *last = &list->items[list->count - 1];
    *last = begins ? (prism_range){offset, size} : (prism_range){last->offset, last->size + size};
}

prism_status px_block_reader_ranges(const px_block_reader *reader, const px_boxes *boxes,
                                    const uint8_t *bytes, prism_range *ranges, size_t capacity,
                                    size_t *found, prism_error *error) {
    const size_t blocks = px_blocks_count(&reader->blocks.grid);
    const uint64_t payload = (uint64_t)(reader->chunk.payload - bytes);
    range_list list = {.items = ranges, .capacity = capacity};
    bool *needed = px_alloc_zeroed(blocks, sizeof *needed);
    if (!needed)
        return px_out_of_memory(error, blocks);
    for (size_t i = 0; i < boxes->boxes; i++) {
        const px_box box = px_boxes_get(boxes, i);
        mark_needs(needed, reader, &box);
    }
    const size_t layers = px_blocks_layers(&reader->blocks, planes_of(reader, boxes));
    for (size_t i = 0; i < layers * blocks; i++) {
        const px_block_entry *entry = &reader->blocks.entries[i];
        if (needed[i % blocks] && entry->size)
            add_range(&list, payload + entry->offset, entry->size);
    }
    free(needed);
    if (ranges && list.count > capacity)
        return px_fail(error, PRISM_E_CAPACITY, "there are %zu ranges, the output takes %zu",
                       list.count, capacity);
    *found = list.count;
    return PRISM_OK;
}

/* ---- Reading ---- */

/* The first blocks of needs[0, left) that can be read together; returns how many needs are theirs.
 */
static size_t next_blocks(size_t numbers[PX_BLOCK_LANES], size_t *count, const need *items,
                          size_t left) {
    size_t i = 0;
    *count = 0;
    for (; i < left && items[i].shape == items[0].shape; i++) {
        if (*count && numbers[*count - 1] == items[i].block)
            continue;
        if (*count == PX_BLOCK_LANES)
            break;
        numbers[(*count)++] = items[i].block;
    }
    return i;
}

static bool holds(const px_block_reader *reader, const size_t *numbers, size_t count,
                  size_t planes) {
    bool same = count == reader->held_count && planes <= reader->held_planes;
    for (size_t i = 0; i < count && same; i++)
        same = numbers[i] == reader->held[i];
    return same;
}

prism_status px_block_reader_read(px_block_reader *reader, const px_boxes *boxes, uint8_t *elements,
                                  size_t size, prism_error *error) {
    needs list;
    size_t numbers[PX_BLOCK_LANES], blocks;
    const size_t planes = planes_of(reader, boxes);
    prism_status status = px_blocks_prepare(&reader->blocks, planes, error);
    if (status != PRISM_OK)
        return status;
    status = find_needs(&list, reader, boxes, error);
    for (size_t at = 0; at < list.count && status == PRISM_OK;) {
        const size_t end = at + next_blocks(numbers, &blocks, list.items + at, list.count - at);
        if (!holds(reader, numbers, blocks, planes))
            status = take_blocks(reader, numbers, blocks, planes, error);
        for (size_t slot = 0; at < end && status == PRISM_OK; at++) {
            const need *n = &list.items[at];
            const px_box box = px_boxes_get(boxes, n->box);
            slot += n->block != reader->held[slot];
            store(reader, slot, &box, elements + n->box * size);
        }
    }
    free(list.items);
    return status;
}
