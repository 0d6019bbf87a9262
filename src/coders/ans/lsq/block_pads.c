/*
 * What stands between blocks side by side (block_row.c), as their decoder has it.
 */
#include "coders/ans/lsq/bands.h"
#include "coders/ans/lsq/encoder.h"

/* Where the first block of a row begins; `width`, that of the row, if there are no pads. */
static size_t first_block(const px_group_task *task, size_t width) {
    return task->block_width ? PX_PAD_LEFT : width;
}

static void pad_below(const px_group_task *task, const px_geometry *geometry, void *plane,
                      size_t size) {
    const size_t pitch = px_block_pitch(task->block_width);
    if (!task->bands || task->bands[0].height == task->bands[PX_BANDS - 1].height)
        return;
    uint8_t *last = (uint8_t *)plane +
                    ((geometry->height - 1) * geometry->stride + (PX_BANDS - 1) * pitch) * size;
    memcpy(last, last - geometry->stride * size, pitch * size);
}

void px_lsq_pad_blocks(const px_group_task *task, const px_geometry *geometry, void *plane,
                       size_t size) {
    const size_t width = task->block_width;
    for (size_t y = 0; y < geometry->height; y++)
        for (size_t x = first_block(task, geometry->width); x < geometry->width;
             x += px_block_pitch(width)) {
            uint8_t *first = (uint8_t *)plane + (y * geometry->stride + x) * size;
            for (size_t i = 1; i <= PX_PAD_LEFT; i++)
                memcpy(first - i * size, first, size);
            memcpy(first + width * size, first + (width - 1) * size, size);
        }
    pad_below(task, geometry, plane, size);
}

static bool follows(const px_group_task *task) {
    return task->bands && px_bands_follow(task->count);
}

/* (P, E): a band that follows another one has what is above it. */
void px_lsq_pad_mixed(const px_group_task *task, const px_geometry *geometry, int32_t *mixed) {
    px_lsq_pad_blocks(task, geometry, mixed, sizeof *mixed);
    if (task->bands)
        px_replicate_couples(geometry, mixed);
    if (!follows(task))
        return;
    const size_t pitch = px_block_pitch(task->block_width);
    const int32_t *last = mixed + (task->bands[0].height - 1) * geometry->stride;
    memcpy(mixed - geometry->stride + pitch, last, pitch * sizeof *mixed);
}

/* The wave of the block that begins in column x. A band that follows another one has its last rows
 * above it; they are put there. */
static px_wave block_wave(const px_group_task *task, const px_wave *wave, size_t x,
                          px_rows_above *above) {
    px_wave block = *wave;
    block.samples += x;
    block.errors += x;
    block.mixed += wave->mixed_stride ? x : 0;
    block.width = task->block_width;
    if (!follows(task) || x == PX_PAD_LEFT)
        return block;
    const size_t last = (task->bands[0].height - 1) * wave->stride + PX_PAD_LEFT;
    *above = (px_rows_above){.north = wave->samples + last,
                             .north_north = wave->samples + last - wave->stride,
                             .errors = wave->errors + last};
    block.above = above;
    return block;
}

static void for_each_block(const px_group_task *task, const px_wave *wave,
                           void (*pad)(const px_wave *)) {
    for (size_t x = first_block(task, wave->width); x < wave->width;
         x += px_block_pitch(task->block_width)) {
        px_rows_above above;
        const px_wave block = block_wave(task, wave, x, &above);
        pad(&block);
    }
}

static void pad_samples(const px_wave *block) {
    const size_t width = block->width;
    if (block->above)
        px_pad_above(block);
    for (size_t y = 0; y < block->height; y++) {
        int16_t *row = block->samples + y * block->stride;
        row[-1] = row[-2] = (int16_t)px_wave_left_pad(block, y, *(row - block->stride));
        row[width] = row[width - 1];
    }
}

static void pad_errors(const px_wave *block) {
    const size_t width = block->width;
    if (block->above)
        px_pad_errors_above(block);
    for (size_t y = 0; y < block->height; y++) {
        uint16_t *row = block->errors + y * block->stride;
        row[-1] = *(row - block->stride);
        row[width] = row[width - 1];
    }
}

/* Left and right: the nearest sample and error of the row. */
static void pad_quick(const px_wave *block) {
    const size_t width = block->width;
    if (block->above)
        px_quick_pads_above(block);
    for (size_t y = 0; y < block->height; y++) {
        int16_t *samples = block->samples + y * block->stride;
        uint16_t *errors = block->errors + y * block->stride;
        samples[-1] = samples[-2] = samples[0], samples[width] = samples[width - 1];
        errors[-1] = errors[0], errors[width] = errors[width - 1];
    }
}

void px_lsq_pad_quick(const px_group_task *task, const px_wave *wave) {
    px_quick_pads(wave);
    for_each_block(task, wave, pad_quick);
}

void px_lsq_pad_samples(const px_group_task *task, const px_wave *wave) {
    for_each_block(task, wave, pad_samples);
}

void px_lsq_pad_errors(const px_group_task *task, const px_wave *wave) {
    for_each_block(task, wave, pad_errors);
}
