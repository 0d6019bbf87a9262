/*
 * Coders as docs/FORMAT.md and docs/format-frames.md define them: plain C, one sample at a time,
 * without lanes and without the tables of src/entropy. Kernels are compared with them.
 */
#ifndef H5TESTS_PLAIN_H
#define H5TESTS_PLAIN_H

#include "coders/ans/lsq/wave.h"

enum { PLAIN_MOST = 1 << 14 }; /* positions of a plane with its pads, at most */

/* Distributions of digits by table. */
typedef struct plain_tables {
    px_slots wave[PX_SHAPE_CLASSES], quick[PX_QUICK_TABLES];
} plain_tables;

void plain_tables_make(plain_tables *tables, const uint8_t shapes[PX_SHAPE_CLASSES]);

/* ---- Numbers ---- */

int32_t plain_wrap_16(int64_t value);
int32_t plain_wrap_32(int64_t value);
int32_t plain_limit(int64_t value, int32_t low, int32_t high);

/* floor(16 log2 value) with a linear mantissa. */
int32_t plain_log(uint32_t value);

/* ---- Samples of a step ---- */

/* A sample as the coder sees it: (base + digit) 2^low_bits + low. */
typedef struct plain_symbol {
    const px_slots *table;
    int fraction, low_bits;
    int32_t base, digit;
    uint32_t low;
} plain_symbol;

typedef struct plain_place {
    size_t lane; /* which state codes it */
    ptrdiff_t y, x;
    plain_symbol symbol;
    int32_t mean;
} plain_place;

/* Those that method lsq codes in one step, in order of states; returns how many. */
size_t plain_places(plain_place to[PX_WAVE_LANES], const px_wave *wave, size_t step);
size_t plain_steps(const px_wave *wave);

/* Digits, then low bits, then escapes; encoding is the reverse of it. */
void plain_decode_step(plain_place *places, size_t count, px_rans_stream *stream);
void plain_encode_step(const plain_place *places, size_t count, px_rans_stream *stream);

/* Where a stream has ended, nothing is promised but that the decoder stops one word behind. */
void plain_stop(px_rans_stream *stream);
int32_t plain_sample(const plain_symbol *symbol);

/* What stands around a plane, and its errors, as method lsq has them. */
int32_t plain_sample_at(const px_wave *wave, ptrdiff_t y, ptrdiff_t x);
uint32_t plain_error_at(const px_wave *wave, ptrdiff_t y, ptrdiff_t x);
int32_t plain_mean(const px_wave *wave, ptrdiff_t y, ptrdiff_t x);
int32_t plain_around(const px_wave *wave, ptrdiff_t y, ptrdiff_t x);
int32_t plain_scale_before(const px_wave *wave, ptrdiff_t y, ptrdiff_t x, bool blurred);
plain_symbol plain_wave_symbol(const px_slots *tables, int32_t class, int32_t mean);

/* Mean and symbol of a place, by all that is before it. */
void plain_expect(const plain_tables *tables, const px_wave *wave, plain_place *place);

/* Sets sample, error and log of a place; returns the log. */
int32_t plain_keep(const px_wave *wave, const plain_place *place, int32_t sample);

/* ---- Kernels; wave->errors is written, too ---- */

int64_t plain_wave_decode(const plain_tables *tables, const px_wave *wave, px_rans_stream *stream);
void plain_wave_encode(const plain_tables *tables, const px_wave *wave, const int32_t *symbols,
                       px_rans_stream *stream);
int64_t plain_quick_decode(const plain_tables *tables, const px_wave *wave, px_rans_stream *stream);
void plain_quick_encode(const plain_tables *tables, const px_wave *wave, const int32_t *symbols,
                        px_rans_stream *stream);
void plain_blend_decode(const plain_tables *tables, const px_wave *wave, px_rans_stream *stream);

/* Of a dump, lanes in the plane only, and experts that there are. */
void plain_blend_analyse(const px_wave *wave, int32_t *means, int32_t *near, px_blend_dump *dump);
void plain_blend_slopes(float *rows, size_t length, const int32_t *dump, size_t steps,
                        const px_blend_scores *scores);

#endif
