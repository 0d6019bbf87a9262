/*
 * Models of blocks are fitted to all of them side by side. Left and right of a block the decoder
 * has pads, not the samples of others: fits that took these for neighbours would lean on what is
 * not there, since in a block of 4 x 4 every other sample stands at such an edge. So blocks may
 * have pads between them, as planes have around them; they are holes, which no fit counts.
 */
#include "coders/ans/lsq/block_row.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "coders/ans/lsq/encoder.h"

typedef struct row_task {
    px_planes *row;
    const px_planes *planes;
    size_t first;
    const px_block_list *list;
    size_t left, pitch; /* columns before the first block, and from one to the next */
} row_task;

/* A row of a block, with the nearest sample in its pads. */
static void copy_row(const row_task *task, int16_t *to, const int16_t *from, size_t width) {
    memcpy(to, from, width * sizeof *to);
    for (size_t x = 1; x <= task->left; x++)
        to[-(ptrdiff_t)x] = to[0];
    for (size_t x = width; x < task->pitch - task->left; x++)
        to[x] = to[width - 1];
}

static prism_status copy_plane(void *context, size_t k, size_t worker, prism_error *error) {
    const row_task *task = context;
    const size_t width = task->planes->width;
    (void)worker;
    (void)error;
    for (size_t i = 0; i < task->list->count; i++) {
        const px_rectangle block = task->list->blocks[i];
        const int16_t *from = px_plane(task->planes, task->first + k) + block.y * width + block.x;
        int16_t *to = px_plane(task->row, k) + i * task->pitch + task->left;
        for (size_t y = 0; y < task->row->height; y++, to += task->row->width) {
            copy_row(task, to, from, block.width);
            from += y + 1 < block.height ? width : 0;
        }
    }
    return PRISM_OK;
}

/* All that lies between blocks is a hole, which is taken for about what the decoder has there: on
 * the left for the sample above, on the right for the last one of the row; and below a block that
 * is lower than others, for the sample above. */
static prism_status add_pads(const row_task *task, prism_error *error) {
    px_planes *row = task->row;
    const px_rectangle *last = &task->list->blocks[task->list->count - 1];
    const size_t blocks = task->list->count, width = last->width;
    row->holes = px_holes_alloc(row->height, row->width, 1);
    if (!row->holes)
        return px_out_of_memory(error, px_plane_size(row));
    uint8_t *place = row->holes->first;
    for (size_t i = 0; i < row->height * blocks; i++, place += task->pitch) {
        memset(place, i < blocks ? PX_HOLE_BLANK : PX_HOLE_NORTH_EAST, task->left);
        memset(place + task->left + width, PX_HOLE_WEST, task->pitch - task->left - width);
    }
    if (last->height < row->height)
        memset(place - task->pitch + task->left, PX_HOLE_NORTH, width);
    return PRISM_OK;
}

static size_t pitch_of(const px_block_list *list) {
    const size_t width = list->blocks[0].width;
    return list->pads ? px_block_pitch(width) : width;
}

static size_t left_of(const px_block_list *list) {
    return list->pads ? PX_PAD_LEFT : 0;
}

prism_status px_block_row_shape(px_planes *row, const px_planes *planes, size_t count,
                                const px_block_list *list, prism_error *error) {
    *row = (px_planes){.count = count,
                       .height = list->blocks[0].height,
                       .width = px_product(list->count, pitch_of(list)),
                       .depth = planes->depth};
    row->stride = px_plane_stride(px_plane_size(row));
    const row_task task = {row, planes, 0, list, left_of(list), pitch_of(list)};
    return list->pads ? add_pads(&task, error) : PRISM_OK;
}

prism_status px_block_row_make(px_planes *row, const px_planes *planes, size_t first, size_t count,
                               const px_block_list *list, int threads, prism_error *error) {
    row_task task = {row, planes, first, list, left_of(list), pitch_of(list)};
    prism_status status = px_block_row_shape(row, planes, count, list, error);
    if (status == PRISM_OK)
        status = px_planes_take(row, error);
    return status == PRISM_OK ? px_run(row->count, threads, copy_plane, &task, error) : status;
}
