/*
 * The kernels, for the instruction set that the including file is compiled for; it defines
 * PX_KERNELS_SET, the name of its table, and PX_KERNELS_NAME.
 */
#include "planes/estimate.h"
#include "coders/ans/palette/model.h"
#include "simd/kernels.h"
#include "simd/lanes.h"
#include "coders/ans/adaptive/online_lanes.h"

#include <stdlib.h>

#include "planes/element_kernels.c"
#include "linear/product_kernels.c"
#include "coders/ans/lsq/row_lanes.h"
#include "coders/ans/lsq/wave_lanes.h"

#include "coders/ans/frames/blend_kernels.c"
#include "coders/ans/frames/blend_fit_lanes.h"
#include "coders/ans/frames/frame_mixer_lanes.h"
#include "coders/ans/palette/palette_kernels.c"
#include "similarity/mutual_kernels.c"
#include "coders/ans/quick/quick_kernels.c"

const px_kernels PX_KERNELS_SET = {
    .name = PX_KERNELS_NAME,
    .planes_load_block = planes_load_block,
    .planes_store_block = planes_store_block,
    .mix_pairs = mix_pairs,
    .mix_panel = mix_panel,
    .mix_squares = mix_squares,
    .mix_finish = mix_finish,
    .tile_store = tile_store,
    .gram = gram,
    .tile_floats = tile_floats,
    .energies = energies,
    .innovations = innovations,
    .means = means,
    .errors = errors,
    .contexts = contexts,
    .scale_moments = scale_moments,
    .symbols = symbols,
    .run = run,
    .tap_rows = tap_rows,
    .wave_decode = wave_decode,
    .wave_encode = wave_encode,
    .blend_decode = blend_decode,
    .blend_analyse = blend_analyse,
    .blend_slopes = blend_slopes,
    .mutual_products = mutual_products,
    .mutual_linear_symbols = mutual_linear_symbols,
    .mutual_edge_symbols = mutual_edge_symbols,
    .quick_means = quick_means,
    .quick_contexts = quick_contexts,
    .quick_symbols = quick_symbols,
    .quick_decode = quick_decode,
    .quick_encode = quick_encode,
    .online_code_row = online_code_row,
    .online_cholesky_rows = cholesky_rows,
    .frame_code_row = frame_code_row,
    .indices_code_row = indices_code_row,
};
