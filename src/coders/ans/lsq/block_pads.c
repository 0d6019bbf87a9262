/*
 * Models of small blocks are fitted to all of them side by side. Left and right of a block the
 * decoder has pads, not the samples of others: fits that took these for neighbours would lean on
 * what is not there, since in a block of 4 x 4 every other sample stands at such an edge. So blocks
 * have pads between them, as planes have around them; they are holes, which no fit counts.
 */
#include "coders/ans/lsq/encoder.h"

/* Where the first block of a row begins; `width`, that of the row, if there are no pads. */
static size_t first_block(const px_group_task *task, size_t width) {
    return task->block_width ? PX_PAD_LEFT : width;
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
}

void px_lsq_pad_samples(const px_group_task *task, const px_wave *wave) {
    const size_t width = task->block_width;
    for (size_t x = first_block(task, wave->width); x < wave->width; x += px_block_pitch(width)) {
        px_wave block = *wave;
        block.mixed += wave->mixed_stride ? x : 0;
        for (size_t y = 0; y < wave->height; y++) {
            int16_t *row = wave->samples + y * wave->stride + x;
            row[-1] = row[-2] = (int16_t)px_wave_left_pad(&block, y, *(row - wave->stride));
            row[width] = row[width - 1];
        }
    }
}

void px_lsq_pad_errors(const px_group_task *task, const px_wave *wave) {
    const size_t width = task->block_width;
    for (size_t y = 0; y < wave->height; y++)
        for (size_t x = first_block(task, wave->width); x < wave->width;
             x += px_block_pitch(width)) {
            uint16_t *row = wave->errors + y * wave->stride + x;
            row[-1] = *(row - wave->stride);
            row[width] = row[width - 1];
        }
}
