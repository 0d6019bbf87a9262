#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "chunk/chunk.h"
#include "filter/chunk.h"

static const plugin_host nobody; /* the codec's memory is not HDF5's here */

/* What is in blocks, of a chunk that may be mapped. */
static const px_block_reader *blocks_of(const px_region_reader *reader) {
    while (reader->inner)
        reader = reader->inner;
    return &reader->blocks;
}

static void list_damaged(tool_damage *damage, const px_block_reader *reader) {
    const size_t blocks = px_blocks_count(&reader->blocks.grid);
    damage->damaged = px_alloc(blocks, sizeof *damage->damaged);
    damage->blocks = damage->damaged ? blocks : 0;
    for (size_t i = 0; i < damage->blocks; i++)
        if (!px_block_reader_is_intact(reader, i))
            damage->damaged[damage->count++] = i;
}

/* Blocks have checks of their own, which are worth something if the head is right. */
static void look_at_blocks(tool_damage *damage, const tool_stored *stored) {
    px_chunk chunk;
    size_t head;
    px_region_reader reader;
    if (px_chunk_read_head(&chunk, &head, stored->bytes, stored->size, NULL) != PRISM_OK ||
        !chunk.has_blocks ||
        (chunk.has_checksum && px_chunk_verify_head(&chunk, stored->bytes, NULL) != PRISM_OK))
        return;
    if (px_chunk_open_regions(&reader, &chunk, NULL) == PRISM_OK)
        list_damaged(damage, blocks_of(&reader));
    px_region_reader_close(&reader);
}

void tool_check_chunk(tool_damage *damage, const tool_chunked *dataset, const hsize_t *offset,
                      const tool_stored *stored) {
    const plugin_input input = {.words = dataset->words,
                                .count = dataset->word_count,
                                .bytes = stored->bytes,
                                .size = stored->size};
    plugin_output elements = {0};
    *damage = (tool_damage){.count = 0};
    memcpy(damage->offset, offset, (size_t)dataset->rank * sizeof *offset);
    damage->error.status = plugin_chunk_decode(&nobody, &input, &elements, &damage->error);
    plugin_host_free(&nobody, elements.bytes);
    if (damage->error.status != PRISM_OK)
        look_at_blocks(damage, stored);
}

void tool_damage_free(tool_damage *damage) {
    free(damage->damaged);
    damage->damaged = NULL;
}
