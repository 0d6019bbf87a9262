/* What the C tests share: generated arrays, and a round trip that asserts everything. */
#ifndef H5TESTS_SUPPORT_H
#define H5TESTS_SUPPORT_H

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "planes/stages.h"
#include "prism.h"

/* Sanitized tests take several times as long: those that try many of a kind try fewer there, and
 * the other build tries all. */
#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* A small deterministic generator (xorshift), so that failures can be repeated. */
uint32_t random_next(uint32_t *state);
uint32_t random_below(uint32_t *state, uint32_t limit);

typedef enum pattern {
    PATTERN_NOISE,    /* every bit random */
    PATTERN_RELATED,  /* channels last, smooth in space and nearly functions of each other */
    PATTERN_CONSTANT, /* one value */
    PATTERN_EXTREMES, /* the smallest and the largest value in turn */
    PATTERN_FEW,      /* three values in runs */
    PATTERN_HOLES,    /* related, with regions of pixels at the smallest value */
    PATTERN_TILES,    /* related, the same every 16 pixels both ways */
    PATTERN_COUNT
} pattern;

/* Elements of `array` in malloc'ed memory; *size is set to their bytes. */
void *make_elements(const prism_array *array, pattern kind, uint32_t seed, size_t *size);

prism_array make_array(prism_type type, unsigned rank, ...);

/* Encodes, inspects, decodes and compares; fails the test on any difference. Returns the chunk's
 * size. */
size_t assert_round_trip(const prism_array *array, const void *elements,
                         const prism_options *options);

/* Encodes into malloc'ed memory of exactly *chunk_size bytes. */
uint8_t *encode_new(const prism_array *array, const void *elements, const prism_options *options,
                    size_t *chunk_size);

/* Every set of kernels that runs here writes the chunk that the scalar one writes of related
 * channels, and decodes it. */
void assert_kernels_agree(const prism_array *array, const prism_options *options);

/* The test fails if the method does; what exceeds the limit does not. Free with px_coded_free. */
px_coded encode_by(const px_coder_stage *method, const px_planes *planes, prism_transform transform,
                   int effort, size_t limit);

/* From copies of exactly these sizes, so that the sanitizer sees reads beyond. */
prism_status decode_by(const px_coder_stage *method, const px_coded *c, size_t parameter_size,
                       size_t payload_size, px_planes *planes);

prism_options options_of(const char *text);

/* Samples of 0, for px_planes_free. */
int16_t *clear_samples(const px_planes *planes);

/* Whether this build has what the options ask for: coder jxl may be left out. */
bool is_built(const char *options);

/* libjxl tells of every damage, in tens of thousands of lines; what others write to stderr goes
 * through. */
typedef struct filtered_stderr {
    int plain;
    FILE *others;
} filtered_stderr;
filtered_stderr leave_out_libjxl(void);
void leave_out_nothing(filtered_stderr filtered);

/* 16 bits that look random, the same for the same place of a scene. */
uint32_t texture(size_t y, size_t x, size_t scene);

/* Smaller numbers, alike from column to column. */
uint32_t streaks(size_t y, size_t x);

#endif
