/* Inputs of coders, for the checks of kernels and for bench_kernels.c. */
#ifndef H5TESTS_KERNELS_INPUTS_H
#define H5TESTS_KERNELS_INPUTS_H

#include "kernels_support.h"
#include "plain.h"

/* ---- Streams ---- */

enum { WORDS = 1 << 15 }; /* of a stream at most */

typedef struct coders {
    px_pool pool;
    const px_shapes *shapes;
    const px_quick_shapes *quick;
    plain_tables plain;
} coders;

/* Shapes in no order; free with px_pool_free. */
coders coders_make(void);
void add_coders(px_wave *w, const coders *c);

/* So many random words, of which there is one set, and random states. */
extern uint16_t stream_words[WORDS + PX_RANS_GUARD];
px_rans_stream decoding(size_t words, int quick, uint32_t seed);

px_rans_stream encoding(uint16_t *words, size_t count, int quick);

/* Classes of all scales, digits that are mostly small. */
void make_symbols(int32_t *symbols, const px_wave *w, bool quick, bool low_bits, uint32_t seed);

/* ---- Blends ---- */

/* As many experts as there are references, in turn. */
void add_blend(wave_case *c, size_t index);

/* Means and samples that are near each other, energies of all magnitudes. */
void fill_dump(int32_t *dump, size_t steps);

/* ---- Planes for coders that learn ---- */

enum { PLANES = 5, POSITIONS = 21 * 35 };

typedef enum content { RELATED, EXTREME, FEW } content;

/* Samples are malloc'ed. */
px_planes planes_make(content kind, unsigned depth);

#endif
