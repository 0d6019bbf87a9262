/*
 * The kernels, for the instruction set that the including file is compiled for; it defines
 * PX_KERNELS_SET, the name of its table, and PX_KERNELS_NAME.
 */
#include "estimate.h"
#include "indices/model.h"
#include "kernels.h"
#include "lanes.h"
#include "online_body.h"

#include <stdlib.h>

#include "planes_body.h"
#include "products_body.h"
#include "rows_body.h"
#include "wave_body.h"

#include "blend_body.h"
#include "blend_fit_body.h"
#include "frame_mixer_body.h"
#include "indices_body.h"
#include "mutual_body.h"
#include "quick_body.h"

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
