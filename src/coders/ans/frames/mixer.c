/* Memory and initial values of the coder of mixed frames. */
#include "coders/ans/frames/mixer.h"

#include "base/arena.h"
#include "base/sizes.h"

enum { ROW_LANES = 16, START_ERROR = 1 << PX_ADAPTIVE_MEAN_BITS };

static size_t error_row(size_t width) {
    return width + 2 * PX_FRAME_ERROR_PADS;
}

/* Differences of samples are then less than 2^8. */
static int window_shift(int32_t low, int32_t high) {
    int shift = 0;
    while ((high - low) >> shift > UINT8_MAX)
        shift++;
    return shift;
}

static void mixer_layout(px_frame_mixer *m, px_arena *arena, size_t width) {
    m->columns = px_arena_take(arena, px_product(width + 2, PX_BLEND_EXPERTS), sizeof *m->columns);
    m->sums = px_arena_take(arena, width + ROW_LANES, sizeof *m->sums);
    m->errors = px_arena_take(arena, px_product(2, error_row(width)), sizeof *m->errors);
    m->decisions.histogram =
        px_arena_take(arena, m->decisions.histogram_size, sizeof *m->decisions.histogram);
    m->past = px_arena_take(arena, px_product(m->past_rows, width), sizeof *m->past);
    m->trusts = px_arena_take(arena, px_product(m->past_rows, width), sizeof *m->trusts);
}

/* All that the sizes of the arrays depend on, and what else is known before the first sample. */
static void mixer_init(px_frame_mixer *m, px_range_coder *coder, const px_planes *planes,
                       const px_frame_mixing *mixing) {
    const int32_t low = mixing->range.low, high = mixing->range.high;
    const int32_t last_cell = (high - low) / mixing->step + 1;
    *m = (px_frame_mixer){
        .decisions = {.coder = coder,
                      .mixer = &m->mixer,
                      .low = low,
                      .high = high,
                      .wide = low < INT8_MIN || high > INT8_MAX,
                      .histogram_size = (size_t)(high - low) + 1 + 2 * PX_HISTOGRAM_MARGIN,
                      .mixes_by_scale = true},
        .cells = {.coder = coder,
                  .mixer = &m->mixer,
                  .low = -last_cell,
                  .high = last_cell,
                  .mixes_by_scale = true},
        .step = mixing->step,
        .log_floor = PX_FRAME_LOG_FLOOR + (mixing->step - 1) * PX_FRAME_CELL_FLOOR,
        .windowed = mixing->windowed,
        .window_shift = window_shift(low, high)};
    if (mixing->windowed)
        m->past_rows = planes->height < PX_WINDOW_ROWS ? planes->height : PX_WINDOW_ROWS;
    for (int t = 0; t < PX_FRAME_TEXTURES; t++)
        m->stack[t].error = START_ERROR;
}

uint64_t px_frame_mixer_memory(const px_planes *planes, bool windowed) {
    const int32_t low = planes->depth == 8 ? INT8_MIN : INT16_MIN;
    const px_frame_mixing mixing = {.range = {low, -low - 1}, .step = 1, .windowed = windowed};
    px_arena arena = {NULL, 0};
    px_frame_mixer m;
    mixer_init(&m, NULL, planes, &mixing);
    mixer_layout(&m, &arena, planes->width);
    return arena.used + px_logistic_mixer_memory(PX_FRAME_TEXTURES,
                                                 planes->count * px_plane_size(planes),
                                                 planes->depth);
}

prism_status px_frame_mixer_alloc(px_frame_mixer *m, px_range_coder *coder, const px_planes *planes,
                                  const px_frame_mixing *mixing, prism_error *error) {
    px_arena arena = {NULL, 0};
    mixer_init(m, coder, planes, mixing);
    mixer_layout(m, &arena, planes->width);
    const size_t size = arena.used;
    m->memory = px_arena_allocate(&arena);
    if (!m->memory)
        return px_out_of_memory(error, size);
    mixer_layout(m, &arena, planes->width);
    return px_logistic_mixer_alloc(&m->mixer, PX_FRAME_TEXTURES,
                                   planes->count * px_plane_size(planes), planes->depth, error);
}

void px_frame_mixer_free(px_frame_mixer *m) {
    px_logistic_mixer_free(&m->mixer);
    px_large_free(m->memory);
    m->memory = NULL;
}

void px_frame_mixer_begin(px_frame_mixer *m, const px_wave *wave, int mean) {
    int32_t start = wave->start_error >> wave->blend->error_shift;
    start = 2 * (start < PX_BLEND_ERROR ? start : PX_BLEND_ERROR);
    m->wave = wave;
    m->mean = mean;
    for (size_t i = 0; i < (wave->width + 2) * PX_BLEND_EXPERTS; i++)
        m->columns[i] = start;
    for (size_t i = 0; i < 2 * error_row(wave->width); i++)
        m->errors[i] = wave->start_error << (PX_ADAPTIVE_MEAN_BITS - PX_MEAN_BITS);
}
