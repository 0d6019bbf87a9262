/*
 * The hot loops. They are written once (*_body.h, in the lanes of lanes.h) and compiled for each
 * instruction set, so that every set computes the same and chunks do not depend on the machine.
 * Internal.
 */
#ifndef PX_KERNELS_H
#define PX_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/wave.h"

/*
 * A tile holds PX_TILE positions of all planes of a group, two by two: an element of pair m is the
 * sample of plane 2m in its low half and that of plane 2m + 1 in its high one. Tile t begins at
 * tiles + t * span, pair m of it PX_TILE * m later.
 */
enum {
    PX_TILE = 32,
    PX_PANEL = 8 /* planes that mix_panel predicts together */
};

/* Where the sums for planes of a panel go: those of a tile lie together. */
typedef struct px_panel_sums {
    int32_t *elements;
    size_t tile_span, plane_span; /* from one tile to the next, from one plane to the next */
    size_t planes;                /* at most PX_PANEL */
} px_panel_sums;

/* How elements become samples: bytes in this machine's order, then the top bit flipped or not. */
typedef struct px_element_format {
    size_t size;  /* 1 or 2 */
    bool swapped; /* the bytes are not in this machine's order */
    uint16_t flip;
} px_element_format;

enum { PX_BLOCK_PLANES = 32, PX_BLOCK_POSITIONS = 16 };

/* A row of numbers for fits: what a tap sees at each position of a row of the plane. */
typedef struct px_tap_rows {
    float *rows; /* row i begins at rows + i * length */
    size_t length;
    int squares;   /* 0, 1 for the taps on P, 2 for those on E, too */
    int own_count; /* of the own taps in their order */
} px_tap_rows;

enum { PX_SCALE_MOMENTS = 14 };
struct px_indices_model;
struct px_online_model;
struct px_frame_mixer;

typedef struct px_kernels {
    const char *name;

    /* ---- Elements (planes_body.h) ---- */

    /* Blocks of PX_BLOCK_PLANES planes by PX_BLOCK_POSITIONS positions; the elements of a position
     * are one after the other, those of the next position `element_stride` bytes later. */
    void (*planes_load_block)(int16_t *planes, size_t plane_stride, const uint8_t *elements,
                              size_t element_stride, const px_element_format *format);
    void (*planes_store_block)(uint8_t *elements, size_t element_stride, const int16_t *planes,
                               size_t plane_stride, const px_element_format *format);

    /* ---- Products (products_body.h) ---- */

    /*
     * sums[i] = sum over m of weights[2m] * pairs[m][i][0] + weights[2m + 1] * pairs[m][i][1],
     * modulo 2^32. `pairs` are the planes, two by two: pair m begins at pairs + m * 2 * stride and
     * holds `count` <= stride couples of samples. pair_count may be 0.
     */
    void (*mix_pairs)(int32_t *sums, const int16_t *pairs, size_t stride, const int16_t *weights,
                      size_t pair_count, size_t count);

    /* The same for the planes of a panel at a time and tiles: weights[m][PX_PANEL] are couples. */
    void (*mix_panel)(const px_panel_sums *sums, const int32_t *tiles, size_t tile_count,
                      size_t span, const int32_t *weights, size_t pair_count);

    /*
     * The same with PX_SQUARE_TAPS weights for each plane, weights[m][PX_SQUARE_TAPS][PX_PANEL],
     * and planes that are not in tiles: pair m is a line at couples + m * span, rows `stride`
     * apart. The sums are added to what is there, or set.
     */
    void (*mix_squares)(const px_panel_sums *sums, const int32_t *couples, size_t span,
                        size_t stride, size_t tile_count, const int32_t *weights, size_t pair_count,
                        bool add);

    /* One plane of such sums (NULL: zeros), one tile of them `sum_span` after the other, with the
     * products of the pairs at `tiles` added, shifted (rounding half up) and saturated to 16 bits:
     * to the high halves of `mixed`, or to the low ones with the high ones cleared. */
    void (*mix_finish)(int32_t *mixed, bool high, const int32_t *sums, size_t sum_span,
                       const int32_t *tiles, size_t tile_count, size_t span, const int32_t *weights,
                       size_t pair_count, int shift);

    /* A plane of tile_count * PX_TILE samples to the high halves of a pair, or to the low ones with
     * the high ones cleared. */
    void (*tile_store)(int32_t *tiles, size_t tile_count, size_t span, bool high,
                       const int16_t *plane);

    /*
     * Adds the products of rows to sums[count][count], on and below the diagonal (and some above
     * it). Rows are `length` floats; count is a multiple of 4, length one of 16 and at most 1024.
     */
    void (*gram)(double *sums, const float *rows, size_t count, size_t length);

    /* Rows 2m and 2m + 1 of floats get the samples of pair m times weights[PX_TILE]. */
    void (*tile_floats)(float *rows, size_t length, const int32_t *tile, size_t pair_count,
                        const float *weights);

    /* energy[PX_TILE] = the sum of squares of `matrix` times rows[count][PX_TILE]; the matrix is
     * lower triangular with zeros above, count a multiple of 4. */
    void (*energies)(float *energy, const float *rows, const float *matrix, size_t count);

    /* ---- Rows (rows_body.h); planes as in px_wave ---- */

    /* innovations = samples - prediction, with the fractional bits of P; the taps on P are the low
     * halves of wave->taps_mixed, the first four own taps count. */
    void (*innovations)(int16_t *innovations, const px_wave *wave);

    /* means[y * stride + x] in sixteenths, without the bias; returns the sum of what samples are
     * more. */
    int64_t (*means)(int32_t *means, const px_wave *wave);

    /* Errors (sixteenths, saturated) and logs of them; returns the sum of the logs. */
    int64_t (*errors)(const px_wave *wave, const int32_t *means);

    /* Row y: logs of the errors around, and the 3 x 3 sums of `running`. */
    void (*contexts)(int16_t *around, int16_t *blur, const px_wave *wave, size_t y);

    /* Adds the moments of (1, around, running, blur; log) over `count` samples: 1, the lower
     * triangle row by row. */
    void (*scale_moments)(int64_t moments[PX_SCALE_MOMENTS], const int16_t *around,
                          const int16_t *running, const int16_t *blur, const int16_t *logs,
                          size_t count);

    /* Row y as symbols: class << 25 | fraction << 21 | digit; returns the largest class. */
    int32_t (*symbols)(int32_t *symbols, const px_wave *wave, const int32_t *means,
                       const int16_t *around, const int16_t *blur, size_t y);

    /* running += (16 logs - mean - running) * rate / 2^15, rounded, over `count` samples. */
    void (*run)(int16_t *running, const int16_t *logs, size_t count, int32_t mean, int32_t rate);

    /* The rows of a fit for `count` samples from column x of row y, times weights: nine taps on P,
     * if asked for nine on E, own taps, and the sample itself. Returns the number of rows. */
    int (*tap_rows)(const px_tap_rows *to, const px_wave *wave, const float *weights, size_t y,
                    size_t x, size_t count);

    /* ---- The wavefront (wave_body.h) ---- */

    /* Decodes wave->samples and wave->logs; returns the sum of the logs. */
    int64_t (*wave_decode)(const px_wave *wave, px_wave_stream *stream);

    /* Encodes symbols (laid out as planes), backwards; `low_bits`: there are classes beyond the
     * tables. */
    void (*wave_encode)(const px_wave *wave, const int32_t *symbols, bool low_bits,
                        px_wave_stream *stream);

    /* ---- The wavefront with blended means (blend_body.h); wave->blend, wave->edge and its edge
     * are needed ---- */

    /* Decodes wave->samples and wave->logs. */
    void (*blend_decode)(const px_wave *wave, px_wave_stream *stream);

    /* Means of samples that are known, and what the blend says of their scales: the spread in the
     * low half, the energy in the high one (planes). Sets wave->logs. `dump` may be NULL. */
    void (*blend_analyse)(const px_wave *wave, int32_t *means, int32_t *near, px_blend_dump *dump);

    /* How the blend moves with the gates of its experts (rows 0..15) and with the power, and what
     * samples are more than it, all weighted: at 16 positions for each of `steps` of a dump. Rows
     * of experts that there are not stay as they are. */
    void (*blend_slopes)(float *rows, size_t length, const int32_t *dump, size_t steps,
                         const px_blend_scores *scores);

    /* ---- What frames tell of each other (mutual_body.h); rows have `n` values, a multiple of
     * PX_MUTUAL_STEP ---- */

    /* Products of rows of magnitudes below 2^12: sums[count][count], on and below the diagonal. */
    void (*mutual_products)(double *sums, const int16_t *const *rows, size_t count, size_t n);

    /* Symbols (estimate.h) of what the target is more than the weighted rows. */
    void (*mutual_linear_symbols)(uint8_t *symbols, const int16_t *const *rows,
                                  const float *weights, size_t count, const int16_t *target,
                                  size_t n);

    /* Symbols of the median edge detector's residuals below `row`, `width` after it, or of its
     * difference from `other`, if that is not NULL. Reads and writes up to PX_MUTUAL_STEP more. */
    void (*mutual_edge_symbols)(uint8_t *symbols, const int16_t *row, const int16_t *other,
                                size_t width, size_t n);

    /* ---- Rows of method quick (quick_body.h) ---- */

    /* Means as integers, errors and logs; returns the sum of the logs. */
    int64_t (*quick_means)(int32_t *means, const px_wave *wave);

    /* Logs of the errors above row y. */
    void (*quick_contexts)(int16_t *around, const px_wave *wave, size_t y);

    /* Class << 24 | digit; returns the largest class. */
    int32_t (*quick_symbols)(int32_t *symbols, const px_wave *wave, const int32_t *means);

    /* As wave_decode and wave_encode. */
    int64_t (*quick_decode)(const px_wave *wave, px_wave_stream *stream);
    void (*quick_encode)(const px_wave *wave, const int32_t *symbols, px_wave_stream *stream);

    /* Codes row `y` of the positions, after the rows before it. */
    void (*online_code_row)(struct px_online_model *model, size_t y);

    /*
     * Rows first..first + count - 1 of the Cholesky factor of a matrix of correlations, after the
     * rows before them: 30 fractional bits, from correlations[count][stride] with 60. `first` and
     * `stride` are multiples of 4 and 16. Rows get zeros beyond the diagonal; there is memory for
     * three more of them.
     */
    void (*online_cholesky_rows)(int32_t *factor, size_t stride, const int64_t *correlations,
                                 int first, int count);

    /* ---- Mixed frames (frame_mixer_body.h) ---- */

    /* Codes row `y` of the frame, after the rows before it. */
    void (*frame_code_row)(struct px_frame_mixer *mixer, size_t y);

    /* ---- Indices (indices_body.h) ---- */

    /* Codes row `y` of plane `k`, after the rows before it; when encoding, that of model->row. */
    void (*indices_code_row)(struct px_indices_model *model, size_t k, size_t y);
} px_kernels;

extern const px_kernels px_kernels_scalar;
#if defined(__x86_64__)
extern const px_kernels px_kernels_avx2;
extern const px_kernels px_kernels_avx512;
#endif

/* The best set that this CPU runs. */
const px_kernels *px_kernels_best(void);

/* Every set that this CPU runs, best last, ended by NULL: for tests that compare them. */
const px_kernels *const *px_kernels_runnable(void);

/* Makes px_kernels_best return `kernels` from now on: for tests. NULL undoes it. */
void px_kernels_force(const px_kernels *kernels);

#endif
