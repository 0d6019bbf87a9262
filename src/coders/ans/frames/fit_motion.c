/*
 * Blocks that look alike need not predict each other well: where there is noise, something alike is
 * always found, and all positions of the reference say more together. So a frame is fitted with and
 * without motion, and blocks keep their vectors where the blend errs less with them.
 */
#include <math.h>

#include "coders/ans/frames/blend_kernels.h"
#include "coders/ans/frames/fit.h"

enum { ERROR_FLOOR = 8 }; /* half a sample */

/* What a bit of vectors must gain, and what those of a frame. */
static const double BIT_WORTH = 2, FRAME_GAIN = 400;

/* About what the samples of a block need, in bits, once the means are fitted. */
static double cost_of_block(const px_wave *wave, size_t row, size_t column) {
    const size_t top = row * PX_MOTION_BLOCK, left = column * PX_MOTION_BLOCK;
    double sum = 0;
    for (size_t y = top; y < top + PX_MOTION_BLOCK && y < wave->height; y++)
        for (size_t x = left; x < left + PX_MOTION_BLOCK && x < wave->width; x++)
            sum += log2(wave->errors[y * wave->stride + x] + ERROR_FLOOR);
    return sum;
}

static void find_costs(const px_frame_fit *fit, const px_motion *motion, double *costs) {
    px_blend blend;
    const px_wave wave = px_frame_wave(fit->view, &blend, fit->model, fit->frame);
    px_blend_kernels_best()->analyse(&wave, fit->means, fit->near, NULL);
    for (size_t row = 0; row < motion->rows; row++)
        for (size_t column = 0; column < motion->columns; column++)
            *costs++ = cost_of_block(&wave, row, column);
}

/* The costs of blocks with motion, or without. */
static prism_status try_motion(px_frame_fit *fit, const px_motion *motion, bool moves,
                               px_frames_model *model, const px_planes *planes, size_t turn,
                               const px_frame_model *last, prism_error *error) {
    px_frame_view_refer(fit->view, model, planes, turn, moves ? motion : NULL);
    px_frame_view_load(fit->view, model, planes, turn);
    const prism_status status = px_frame_fit_means(fit, last, error);
    if (status == PRISM_OK)
        find_costs(fit, motion, motion->costs + (moves ? motion->rows * motion->columns : 0));
    return status;
}

static int bits_more_than_rest(const px_motion *motion, size_t block) {
    const px_vector rest = {0, 0};
    int bits = 0;
    for (size_t r = 0; r < PX_REFERENCES; r++)
        if (motion->moves[r])
            bits += px_motion_bits(motion, r, block, motion->vectors[r][block]) -
                    px_motion_bits(motion, r, block, rest);
    return bits;
}

/* Where vectors do not help, there are none. */
static void keep_what_helps(px_motion *motion) {
    const size_t blocks = motion->rows * motion->columns;
    const double *at_rest = motion->costs, *moving = motion->costs + blocks;
    const px_vector rest = {0, 0};
    double gain = 0;
    for (size_t b = 0; b < blocks; b++) {
        const double gained = at_rest[b] - moving[b] - BIT_WORTH * bits_more_than_rest(motion, b);
        gain += gained > 0 ? gained : 0;
        for (size_t r = 0; r < PX_REFERENCES && gained <= 0; r++)
            motion->vectors[r][b] = rest;
    }
    for (size_t r = 0; r < PX_REFERENCES; r++)
        motion->moves[r] = motion->moves[r] && gain > FRAME_GAIN;
}

prism_status px_frame_fit_motion(px_frame_fit *fit, px_motion *motion, px_frames_model *model,
                                 const px_planes *planes, size_t turn, const px_frame_model *last,
                                 prism_error *error) {
    prism_status status = try_motion(fit, motion, false, model, planes, turn, last, error);
    if (status == PRISM_OK)
        status = try_motion(fit, motion, true, model, planes, turn, last, error);
    if (status == PRISM_OK)
        keep_what_helps(motion);
    return status;
}
