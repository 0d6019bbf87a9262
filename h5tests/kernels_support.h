/*
 * Tests of kernels, one for each pointer of a table of kernels: test_kernels.c runs them on every
 * set that this CPU has and fails for a kernel that has none. Each compares with plain C (that of
 * coders is in plain.h), at edge sizes and extreme values; coders that learn with the scalar set.
 */
#ifndef H5TESTS_KERNELS_SUPPORT_H
#define H5TESTS_KERNELS_SUPPORT_H

#include "base/pool.h"
#include "coders/ans/lsq/wave.h"
#include "simd/simd.h"
#include "support.h"

typedef struct kernel_check {
    const char *table, *name;
    size_t offset, size; /* of the pointer in its table, and of the table */
    void (*run)(px_simd set);
} kernel_check;

/* check_TABLE_NAME tests the kernel NAME of px_TABLE_kernels. */
#define KERNEL(table, kernel)                                                                      \
    {                                                                                              \
#table, #kernel, offsetof(px_##table##_kernels, kernel), sizeof(px_##table##_kernels),     \
            check_##table##_##kernel                                                               \
    }
#define LAST_KERNEL                                                                                \
    { NULL, NULL, 0, 0, NULL }

/* One list a file, each ended by LAST_KERNEL. */
extern const kernel_check element_checks[], product_checks[], row_checks[], wave_checks[],
    frame_checks[], model_checks[], component_checks[], block_checks[], cell_checks[],
    estimate_checks[];

/* How numbers are made: random ones of that many bits, or the least and the largest of them. */
typedef struct numbers {
    uint32_t random;
    int bits;
    bool extreme;
} numbers;

int32_t number_next(numbers *n);
void fill_16(int16_t *to, size_t count, numbers *n);
void fill_32(int32_t *to, size_t count, numbers *n);

/* Couples of 16-bit numbers, the first in the low half. */
void fill_couples(int32_t *to, size_t count, numbers *n);

/* ---- Planes as px_wave has them ---- */

typedef struct wave_case {
    px_pool pool;
    px_wave wave;
    size_t room;      /* elements behind row 0, column 0, pads and guards included */
    int16_t *running; /* of the wave, to be written */
    int32_t *mixed;
} wave_case;

/* Sizes around whole vectors, in turn by `index`; false behind the last. */
bool wave_case_make(wave_case *c, size_t index, int bits, bool extreme);
void wave_case_sized(wave_case *c, size_t height, size_t width, numbers n);
void wave_case_free(wave_case *c);

/* The samples, logs and errors of a case again, for another set of kernels. */
void wave_case_copy(wave_case *to, const wave_case *from);

/* Rows and columns of the plane, without its pads, are the same. */
void assert_planes_equal(const wave_case *c, const void *a, const void *b, size_t element_size);

#endif
