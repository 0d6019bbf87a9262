/* Memory and initial values of the coder that learns. */
#include "coders/ans/adaptive/model.h"

#include "base/arena.h"
#include "base/sizes.h"

/* ---- Mixer ---- */

enum { VALUE_BITS_MIN = 8, VALUE_BITS_MAX_8 = 14, VALUE_BITS_MAX_16 = 16 };

static void mixer_layout(px_logistic_mixer *mixer, px_arena *arena, size_t bands) {
    mixer->by_scale = px_arena_take(arena, PX_ADAPTIVE_SCALES, sizeof *mixer->by_scale);
    mixer->by_band = px_arena_take(arena, bands, sizeof *mixer->by_band);
    mixer->by_expert = px_arena_take(arena, PX_MIX_CONTEXTS, sizeof *mixer->by_expert);
    mixer->node_counters = px_arena_take(arena, PX_ADAPTIVE_SCALES, sizeof *mixer->node_counters);
    mixer->value_counters =
        px_arena_take(arena, (size_t)1 << mixer->value_bits, sizeof *mixer->value_counters);
    mixer->scale_errors = px_arena_take(arena, PX_ADAPTIVE_SCALES, sizeof *mixer->scale_errors);
}

/* All experts alike, making 1 together, and the two counters at a tenth; 18 bits. */
static void weights_init(int32_t (*sets)[PX_NODES][PX_INPUTS], size_t count) {
    for (size_t s = 0; s < count; s++)
        for (int node = 0; node < PX_NODES; node++)
            for (int i = 0; i < PX_INPUTS; i++)
                sets[s][node][i] = i == PX_INPUT_NODE || i == PX_INPUT_VALUE       ? 26214
                                   : i == PX_INPUT_BIAS || i == PX_INPUT_HISTOGRAM ? 0
                                                                                   : (1 << 18) / 12;
}

static void counters_init(uint32_t *counters, size_t count) {
    for (size_t i = 0; i < count; i++)
        counters[i] = 1u << 31;
}

static int value_bits_of(size_t samples, unsigned depth) {
    const int most = depth == 8 ? VALUE_BITS_MAX_8 : VALUE_BITS_MAX_16;
    int bits = VALUE_BITS_MIN;
    while (bits < most && samples >> bits > 1)
        bits++;
    return bits;
}

uint64_t px_logistic_mixer_memory(size_t bands, size_t samples, unsigned depth) {
    px_logistic_mixer mixer = {.value_bits = value_bits_of(samples, depth)};
    px_arena arena = {NULL, 0};
    mixer_layout(&mixer, &arena, bands);
    return arena.used;
}

prism_status px_logistic_mixer_alloc(px_logistic_mixer *mixer, size_t bands, size_t samples,
                                     unsigned depth, prism_error *error) {
    px_arena arena = {NULL, 0};
    *mixer = (px_logistic_mixer){.value_bits = value_bits_of(samples, depth)};
    mixer_layout(mixer, &arena, bands);
    const size_t size = arena.used;
    mixer->memory = px_arena_allocate(&arena);
    if (!mixer->memory)
        return px_out_of_memory(error, size);
    mixer_layout(mixer, &arena, bands);
    weights_init(mixer->by_scale, PX_ADAPTIVE_SCALES);
    weights_init(mixer->by_band, bands);
    weights_init(mixer->by_expert, PX_MIX_CONTEXTS);
    counters_init(mixer->node_counters[0][0],
                  sizeof *mixer->node_counters / sizeof(uint32_t) * PX_ADAPTIVE_SCALES);
    counters_init(mixer->value_counters[0], (size_t)PX_COUNTER_LINE << mixer->value_bits);
    px_counter_rates(mixer->rates, 256);
    for (int q = 0; q < PX_ADAPTIVE_SCALES; q++) {
        mixer->scale_counts[q] = 3;
        for (int e = 0; e < PX_EXPERTS; e++)
            mixer->scale_errors[q][e] = 65536;
    }
    return PRISM_OK;
}

void px_logistic_mixer_free(px_logistic_mixer *mixer) {
    px_large_free(mixer->memory);
    mixer->memory = NULL;
}

/* ---- Engines ---- */

/* W, N, NW, NE, WW, NN, NEE, NNE. */
static const int neighbour_steps[PX_NEIGHBOURS][2] = {{0, -1}, {-1, 0}, {-1, -1}, {-1, 1},
                                                      {0, -2}, {-2, 0}, {-1, 2},  {-2, 1}};

/* Neighbours in the rows above come first, since they are known a strip ahead. */
static int order_neighbours(px_engine *e) {
    int count = 0, above;
    for (int i = 0; i < e->plan->neighbours; i++)
        if (neighbour_steps[i][0])
            memcpy(e->steps[count++], neighbour_steps[i], sizeof *neighbour_steps);
    above = count;
    for (int i = 0; i < e->plan->neighbours; i++)
        if (!neighbour_steps[i][0])
            memcpy(e->steps[count++], neighbour_steps[i], sizeof *neighbour_steps);
    return above;
}

static void engine_init(px_engine *e, const px_engine_plan *plan, int bands, bool wide) {
    *e = (px_engine){.plan = plan, .bands = bands};
    const int above = order_neighbours(e);
    e->own = 1 + plan->neighbours * bands;
    e->ahead = plan->classes == 1 && above ? 1 + above * bands : 0;
    e->size = e->own + bands;
    e->stride = (e->size + PX_ENGINE_BLOCK - 1) / PX_ENGINE_BLOCK * PX_ENGINE_BLOCK;
    e->wide = wide || plan->residual;
    e->guard = e->wide ? 4 : 8;
}

static void factor_layout(px_factor *f, px_arena *arena, size_t size, size_t stride) {
    f->sums = px_arena_take(arena, (size + 8) * stride, sizeof *f->sums);
    f->rows = px_arena_take(arena, (size + 4) * stride, sizeof *f->rows);
    f->columns = px_arena_take(arena, stride * PX_ENGINE_BLOCK, sizeof *f->columns);
    f->scale = px_arena_take(arena, size, sizeof *f->scale);
    f->exponent = px_arena_take(arena, size, sizeof *f->exponent);
    f->inverse_scale = px_arena_take(arena, size, sizeof *f->inverse_scale);
    f->inverse_pivot = px_arena_take(arena, size, sizeof *f->inverse_pivot);
    f->batch = px_arena_take(arena, PX_ENGINE_BATCH * stride, sizeof *f->batch);
    f->due = 8;
}

static void engine_layout(px_engine *e, px_arena *arena) {
    if (!e->plan->classes)
        return;
    const size_t size = (size_t)e->size, stride = (size_t)e->stride, ahead = (size_t)e->ahead;
    const size_t classes = e->plan->classes;
    e->factors = px_arena_take(arena, classes, sizeof *e->factors);
    for (size_t c = 0; c < classes; c++) {
        px_factor unplaced = {.due = 0};
        factor_layout(arena->base ? &e->factors[c] : &unplaced, arena, size, stride);
    }
    e->whitened = px_arena_take(arena, stride, sizeof *e->whitened);
    e->products = px_arena_take(arena, PX_ENGINE_BLOCK, sizeof *e->products);
    e->strip_vectors = px_arena_take(arena, ahead * PX_ENGINE_STRIP, sizeof *e->strip_vectors);
    e->strip_pairs =
        px_arena_take(arena, (ahead / 2 + 1) * PX_ENGINE_STRIP, sizeof *e->strip_pairs);
    e->strip_sums = px_arena_take(arena, (size - ahead) * PX_ENGINE_STRIP, sizeof *e->strip_sums);
    e->exact = px_arena_take(arena, (size + 4) * stride, sizeof *e->exact);
    e->row_block = px_arena_take(arena, PX_FACTOR_ROWS * stride, sizeof *e->row_block);
    e->reciprocal = px_arena_take(arena, stride, sizeof *e->reciprocal);
    e->root_exponent = px_arena_take(arena, stride, sizeof *e->root_exponent);
    e->pairs = px_arena_take(arena, PX_ENGINE_BATCH * stride, sizeof *e->pairs);
    e->weighted_pairs = px_arena_take(arena, PX_ENGINE_BATCH * stride, sizeof *e->weighted_pairs);
}

/* ---- Model ---- */

/* Values are counted where they are few, or the bands long. */
static size_t most_counted(const px_adaptive_model *model) {
    enum { FEW_COUNTED = 512 };
    const size_t many = 4 * model->height * model->width;
    return many > FEW_COUNTED ? many : FEW_COUNTED;
}

static size_t histogram_size(const px_adaptive_model *model) {
    const size_t size =
        (size_t)(model->decisions.high - model->decisions.low) + 1 + 2 * PX_HISTOGRAM_MARGIN;
    return size <= most_counted(model) ? size : 0;
}

static void model_layout(px_adaptive_model *model, px_arena *arena) {
    const size_t bands = (size_t)model->bands;
    for (int g = 0; g < PX_ENGINES; g++)
        engine_layout(&model->engines[g], arena);
    model->band = px_arena_take(arena, bands, sizeof *model->band);
    model->outlooks = px_arena_take(arena, bands, sizeof *model->outlooks);
    const size_t traces = px_product(model->trace_count, bands);
    model->traces.errors = px_arena_take(arena, traces, sizeof *model->traces.errors);
    model->traces.residuals = px_arena_take(arena, traces, sizeof *model->traces.residuals);
    model->decisions.histogram_size = histogram_size(model);
    model->decisions.histogram =
        px_arena_take(arena, px_product(bands, model->decisions.histogram_size),
                      sizeof *model->decisions.histogram);
    if (!model->decisions.histogram_size)
        model->decisions.histogram = NULL;
    model->centres = px_arena_take(arena, px_product(PX_CLASSES, bands), sizeof *model->centres);
    model->features = px_arena_take(arena, bands, sizeof *model->features);
}

static void band_init(px_band *band, int32_t offset) {
    enum { ERROR = 8 << PX_ADAPTIVE_MEAN_BITS };
    *band = (px_band){.offset = offset,
                      .error = ERROR << PX_ERROR_BITS,
                      .scale_weights = {19661, 29491, 16384, 0}};
    band->inverse_error = (1 << 24) / (ERROR + 26);
    for (int e = 0; e < PX_EXPERTS; e++)
        band->errors[e] = ERROR << PX_ERROR_BITS;
    band->plane.error = band->stack.error = 1 << PX_ADAPTIVE_MEAN_BITS;
}

/* All that the sizes of the arrays depend on. */
static void model_init(px_adaptive_model *model, const px_adaptive_plan *plan) {
    for (int g = 0; g < PX_ENGINES; g++)
        engine_init(&model->engines[g], &plan->engines[g], model->bands, model->decisions.wide);
    model->trace_count = model->height == 1 ? 2 : model->width + 2;
}

uint64_t px_adaptive_model_memory(const px_adaptive_plan *plan, size_t height, size_t width,
                                  unsigned depth) {
    px_adaptive_model model = {.height = height, .width = width, .bands = plan->group_bands};
    const size_t all = ((size_t)1 << depth) + 2 * PX_HISTOGRAM_MARGIN, most = most_counted(&model);
    px_arena arena = {NULL, 0};
    model.decisions.high = (int32_t)(all < most ? all : most) - 2 * PX_HISTOGRAM_MARGIN - 1;
    model_init(&model, plan);
    model_layout(&model, &arena);
    return arena.used;
}

prism_status px_adaptive_model_alloc(px_adaptive_model *model, const px_adaptive_plan *plan,
                                     const int32_t *offsets, prism_error *error) {
    px_arena arena = {NULL, 0};
    model_init(model, plan);
    model->decisions.mixes_by_scale = plan->mixes_by_scale;
    model->fit_mask = ((size_t)1 << plan->fit_bits) - 1;
    model_layout(model, &arena);
    const size_t size = arena.used;
    model->memory = px_arena_allocate(&arena);
    if (!model->memory)
        return px_out_of_memory(error, size);
    model_layout(model, &arena);
    for (int k = 0; k < model->bands; k++)
        band_init(&model->band[k], offsets[k]);
    return PRISM_OK;
}

void px_adaptive_model_free(px_adaptive_model *model) {
    px_large_free(model->memory);
    model->memory = NULL;
}
