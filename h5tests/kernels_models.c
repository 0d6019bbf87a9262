/*
 * Coders that learn while they code keep so much state that a row of them is no test. Here planes
 * must become the same bytes by every set, and come back from them. The factor that they learn with
 * is compared with one in double precision.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coders/ans/adaptive/adaptive_kernels.h"
#include "coders/ans/frames/frame_mixer_kernels.h"
#include "coders/ans/frames/frames.h"
#include "coders/ans/palette/palette_kernels.h"
#include "kernels_inputs.h"

static px_coded encode_with(px_simd set, const px_coder_stage *method, const px_planes *planes,
                            prism_transform transform, int effort) {
    px_simd_force(set);
    px_coded c = encode_by(method, planes, transform, effort, SIZE_MAX / 4);
    px_simd_force(PX_SIMD_SETS);
    return c;
}

static void assert_decodes_with(px_simd set, const px_coder_stage *method, const px_coded *c,
                                const px_planes *planes) {
    px_planes decoded = *planes;
    decoded.samples = calloc(1, px_planes_bytes(planes));
    assert_non_null(decoded.samples);
    px_simd_force(set);
    assert_int_equal(
        decode_by(method, c, c->sections.parameters.size, c->sections.payload.size, &decoded),
        PRISM_OK);
    px_simd_force(PX_SIMD_SETS);
    for (size_t k = 0; k < PLANES; k++)
        assert_memory_equal(px_plane(&decoded, k), px_plane(planes, k),
                            POSITIONS * sizeof *planes->samples);
    free(decoded.samples);
}

static void compare_method(px_simd set, const px_coder_stage *method, prism_transform transform,
                           int effort, content kind) {
    for (unsigned depth = 8; depth <= 16; depth += 8) {
        px_planes planes = planes_make(kind, depth);
        px_coded a = encode_with(PX_SIMD_SCALAR, method, &planes, transform, effort);
        px_coded b = encode_with(set, method, &planes, transform, effort);
        assert_int_equal(a.sections.payload.size, b.sections.payload.size);
        assert_memory_equal(a.sections.payload.data, b.sections.payload.data,
                            a.sections.payload.size);
        assert_int_equal(a.sections.parameters.size, b.sections.parameters.size);
        assert_memory_equal(a.sections.parameters.data, b.sections.parameters.data,
                            a.sections.parameters.size);
        assert_decodes_with(set, method, &a, &planes);
        px_coded_free(&a);
        px_coded_free(&b);
        free(planes.samples);
    }
}

static void check_adaptive_code_row(px_simd set) {
    for (int effort = 8; effort <= 9; effort++) {
        compare_method(set, &px_adaptive, PRISM_TRANSFORM_CHANNELS, effort, RELATED);
        compare_method(set, &px_adaptive, PRISM_TRANSFORM_CHANNELS, effort, EXTREME);
    }
    compare_method(set, &px_adaptive, PRISM_TRANSFORM_NONE, 9, RELATED);
}

/* Frames of cells: every set loses the same. */
static void compare_cells(px_simd set, int32_t step, int effort, content kind) {
    for (unsigned depth = 8; depth <= 16; depth += 8) {
        px_planes planes[3] = {planes_make(kind, depth), planes_make(kind, depth),
                               planes_make(kind, depth)};
        px_sections made[2] = {{.parameters = {0}}, {.parameters = {0}}};
        for (int i = 0; i < 2; i++) {
            px_simd_force(i ? set : PX_SIMD_SCALAR);
            assert_int_equal(
                px_frames_encode_cells(&planes[i], step, effort, SIZE_MAX / 4, &made[i], NULL),
                PRISM_OK);
        }
        assert_int_equal(made[0].payload.size, made[1].payload.size);
        assert_memory_equal(made[0].payload.data, made[1].payload.data, made[0].payload.size);
        px_reader parameters = px_reader_make(made[0].parameters.data, made[0].parameters.size);
        px_reader payload = px_reader_make(made[0].payload.data, made[0].payload.size);
        assert_int_equal(
            px_frames_decode_cells(&planes[2], step, NULL, &parameters, &payload, NULL), PRISM_OK);
        px_simd_force(PX_SIMD_SETS);
        for (size_t k = 0; k < 2 * PLANES; k++)
            assert_memory_equal(px_plane(&planes[k < PLANES ? 0 : 2], k % PLANES),
                                px_plane(&planes[1], k % PLANES),
                                POSITIONS * sizeof *planes->samples);
        for (int i = 0; i < 3; i++)
            free(planes[i].samples);
        px_sections_free(&made[0]);
        px_sections_free(&made[1]);
    }
}

static void check_frame_mixer_code_row(px_simd set) {
    for (int effort = 8; effort <= 9; effort++) {
        compare_method(set, &px_mixed, PRISM_TRANSFORM_STACK, effort, RELATED);
        compare_method(set, &px_mixed, PRISM_TRANSFORM_STACK, effort, EXTREME);
        compare_cells(set, 7, effort, RELATED);
        compare_cells(set, 65535, effort, RELATED);
        compare_cells(set, 3, effort, EXTREME);
    }
}

static void check_palette_code_row(px_simd set) {
    for (int effort = 4; effort <= 9; effort += 5)
        compare_method(set, &px_palette, PRISM_TRANSFORM_NONE, effort, FEW);
}

/* ---- Cholesky factors ---- */

enum { SIZE = 45, STRIDE = 48, ROOM = (SIZE + 3) * STRIDE };

/* Of random vectors that are related to each other. */
static void correlations_make(double exact[SIZE][SIZE], int64_t *fixed) {
    double vectors[SIZE][SIZE];
    numbers n = {.random = 51, .bits = 12};
    for (size_t i = 0; i < SIZE; i++) {
        double length = 0;
        for (size_t k = 0; k < SIZE; k++) {
            vectors[i][k] = number_next(&n) + (i && k ? vectors[i - 1][k] * 900 : 0);
            length += vectors[i][k] * vectors[i][k];
        }
        for (size_t k = 0; k < SIZE; k++)
            vectors[i][k] /= sqrt(length);
    }
    for (size_t i = 0; i < SIZE; i++)
        for (size_t j = 0; j <= i; j++) {
            exact[i][j] = 0;
            for (size_t k = 0; k < SIZE; k++)
                exact[i][j] += vectors[i][k] * vectors[j][k];
            fixed[i * STRIDE + j] = i == j ? 1ll << 60 : llrint(ldexp(exact[i][j], 60));
        }
}

static void factorise(double matrix[SIZE][SIZE]) {
    for (size_t i = 0; i < SIZE; i++)
        for (size_t j = 0; j <= i; j++) {
            for (size_t k = 0; k < j; k++)
                matrix[i][j] -= matrix[i][k] * matrix[j][k];
            matrix[i][j] = i == j ? sqrt(matrix[i][i]) : matrix[i][j] / matrix[j][j];
        }
}

/* As many rows at a time as one likes, beginning at multiples of four. */
static void check_adaptive_cholesky_rows(px_simd set) {
    static const int at_once[] = {4, 12, 20, SIZE};
    static int32_t factor[ROOM], scalar[ROOM];
    static int64_t fixed[SIZE * STRIDE];
    static double exact[SIZE][SIZE];
    correlations_make(exact, fixed);
    factorise(exact);
    px_adaptive_kernels_scalar.cholesky_rows(scalar, STRIDE, fixed, 0, SIZE);
    for (size_t turn = 0; turn < sizeof at_once / sizeof *at_once; turn++) {
        memset(factor, 0x55, sizeof factor);
        for (int first = 0; first < SIZE; first += at_once[turn]) {
            const int count = SIZE - first < at_once[turn] ? SIZE - first : at_once[turn];
            px_adaptive_kernels_of(set)->cholesky_rows(factor, STRIDE, fixed + first * STRIDE,
                                                       first, count);
        }
        assert_memory_equal(factor, scalar, SIZE * STRIDE * sizeof *factor);
    }
    for (size_t i = 0; i < SIZE; i++)
        for (size_t j = 0; j < STRIDE; j++)
            assert_true(fabs(ldexp(factor[i * STRIDE + j], -30) - (j <= i ? exact[i][j] : 0)) <
                        1e-5);
}

const kernel_check model_checks[] = {KERNEL(adaptive, code_row), KERNEL(adaptive, cholesky_rows),
                                     KERNEL(frame_mixer, code_row), KERNEL(palette, code_row),
                                     LAST_KERNEL};
