#include "pipeline/block_reader.h"

#include "base/status.h"
#include "pipeline/pipeline.h"

bool px_is_in_blocks(const px_chunk *chunk) {
    return !chunk->is_mapped && px_pipeline_method(chunk) == PRISM_METHOD_BLOCKS;
}

static px_planes block_planes(const px_planes *planes, size_t side) {
    px_planes block = {.count = planes->count,
                       .height = side < planes->height ? side : planes->height,
                       .width = side < planes->width ? side : planes->width,
                       .depth = planes->depth};
    block.stride = px_plane_stride(px_plane_size(&block));
    return block;
}

prism_status px_block_reader_open(px_block_reader *reader, const px_chunk *chunk,
                                  prism_error *error) {
    const px_layout layout = px_layout_make(&chunk->array, chunk->pipeline.axis);
    const px_planes planes = px_planes_shape(&chunk->array, &layout);
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_get_u8(&parameters); /* the method */
    *reader =
        (px_block_reader){.chunk = *chunk,
                          .places = px_places_of_axes_make(&chunk->array, chunk->pipeline.axis),
                          .block = SIZE_MAX};
    prism_status status = px_blocks_open(&reader->blocks, &planes, &chunk->pipeline, &parameters,
                                         chunk->payload_size, error);
    if (status == PRISM_OK && px_reader_left(&parameters))
        return px_fail(error, PRISM_E_CORRUPT, "bytes after the index of blocks");
    if (status != PRISM_OK)
        return status;
    reader->planes = block_planes(&planes, reader->blocks.grid.side);
    return px_planes_take(&reader->planes, error);
}

void px_block_reader_close(px_block_reader *reader) {
    px_blocks_free(&reader->blocks);
    px_planes_free(&reader->planes);
}

uint64_t px_block_reader_memory(const px_chunk *chunk) {
    const px_layout layout = px_layout_make(&chunk->array, chunk->pipeline.axis);
    const px_planes planes = px_planes_shape(&chunk->array, &layout);
    const px_planes block = block_planes(&planes, PX_BLOCK_SIDE);
    return px_pipeline_memory(chunk) - px_planes_bytes(&planes) + px_planes_bytes(&block);
}

/* The block's samples, at the beginning of planes of its own width. */
static prism_status take_block(px_block_reader *reader, size_t index, px_rectangle *block,
                               prism_error *error) {
    *block = px_block_at(&reader->blocks.grid, index);
    reader->planes.height = block->height;
    reader->planes.width = block->width;
    if (reader->block == index)
        return PRISM_OK;
    reader->block = SIZE_MAX;
    const px_rectangle place = {.height = block->height, .width = block->width};
    const prism_status status = px_blocks_read(&reader->blocks, index, reader->chunk.payload,
                                               &reader->planes, &place, error);
    if (status == PRISM_OK)
        reader->block = index;
    return status;
}

prism_status px_block_reader_read(px_block_reader *reader, const px_box *box, void *elements,
                                  prism_error *error) {
    const px_grid_of_blocks *grid = &reader->blocks.grid;
    const px_rectangle all = px_box_rectangle(box, &reader->places);
    prism_status status = PRISM_OK;
    for (size_t row = all.y / grid->side; row <= (all.y + all.height - 1) / grid->side; row++)
        for (size_t column = all.x / grid->side;
             status == PRISM_OK && column <= (all.x + all.width - 1) / grid->side; column++) {
            px_rectangle block;
            status = take_block(reader, row * grid->columns + column, &block, error);
            if (status == PRISM_OK)
                px_box_store(box, &reader->places, &reader->chunk.array, &reader->planes, &block,
                             elements);
        }
    return status;
}

size_t px_block_reader_first(const px_block_reader *reader, const px_box *box) {
    const px_grid_of_blocks *grid = &reader->blocks.grid;
    const px_rectangle all = px_box_rectangle(box, &reader->places);
    return all.y / grid->side * grid->columns + all.x / grid->side;
}
