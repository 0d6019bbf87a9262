#include "kernels_support.h"

#include <string.h>

#include "linear/geometry.h"

int32_t number_next(numbers *n) {
    const uint32_t bits = random_next(&n->random);
    const int32_t largest = (int32_t)((1u << (n->bits - 1)) - 1);
    if (n->extreme)
        return bits & 1 << 9 ? largest : -largest - 1;
    return (int32_t)bits >> (32 - n->bits);
}

void fill_16(int16_t *to, size_t count, numbers *n) {
    for (size_t i = 0; i < count; i++)
        to[i] = (int16_t)number_next(n);
}

void fill_32(int32_t *to, size_t count, numbers *n) {
    for (size_t i = 0; i < count; i++)
        to[i] = number_next(n);
}

void fill_couples(int32_t *to, size_t count, numbers *n) {
    for (size_t i = 0; i < count; i++)
        to[i] = px_couple(number_next(n), number_next(n));
}

/* ---- Planes as px_wave has them ---- */

static const size_t heights[] = {1, 2, 15, 16, 17, 33}, widths[] = {1, 2, 15, 16, 17, 48, 49, 70};
enum {
    HEIGHTS = sizeof heights / sizeof *heights,
    WIDTHS = sizeof widths / sizeof *widths,
    LOG_BITS = 8 /* logs are up to 255 */
};

/* Magnitudes as the fits of an encoder give them. */
static void set_parameters(px_wave *w, numbers *n) {
    numbers taps = {.random = n->random, .bits = 12};
    w->fraction = (int)(n->random % 5);
    fill_couples(w->taps_mixed, PX_SQUARE_TAPS, &taps);
    fill_32(w->taps_own, PX_OWN_TAPS, &taps);
    w->bias = number_next(&taps) % 16;
    w->start_error = ((1 + (number_next(&taps) & 1023)) << n->random % 7) - 1;
    w->scale_offset = number_next(&taps);
    w->scale_error = 16;
    w->scale_running = number_next(&taps) % 64;
    w->scale_blur = number_next(&taps) % 16;
}

void wave_case_sized(wave_case *c, size_t height, size_t width, numbers n) {
    const px_geometry geometry = px_geometry_make(height, width);
    numbers logs = {.random = 99, .bits = LOG_BITS};
    *c = (wave_case){.room = geometry.tile_count * PX_TILE - geometry.origin};
    c->mixed = px_padded_take(&c->pool, &geometry, sizeof *c->mixed);
    c->running = px_padded_take(&c->pool, &geometry, sizeof *c->running);
    px_wave *w = &c->wave;
    *w = (px_wave){.height = geometry.height,
                   .width = geometry.width,
                   .stride = geometry.stride,
                   .mixed = c->mixed,
                   .running = c->running,
                   .logs_stride = geometry.stride,
                   .mixed_stride = geometry.stride,
                   .running_stride = geometry.stride,
                   .samples = px_padded_take(&c->pool, &geometry, sizeof *w->samples),
                   .logs = px_padded_take(&c->pool, &geometry, sizeof *w->logs),
                   .errors = px_padded_take(&c->pool, &geometry, sizeof *w->errors)};
    w->edge = px_pool_take_zeroed(&c->pool, 2 * (w->width + PX_WAVE_LANES) * sizeof *w->edge);
    assert_int_equal(px_pool_status(&c->pool, NULL), PRISM_OK);
    const size_t before = geometry.origin, all = before + c->room;
    fill_couples(c->mixed - before, all, &n);
    fill_16(w->samples - before, all, &n);
    for (size_t i = 0; i < all; i++) {
        w->logs[(ptrdiff_t)(i - before)] = (int16_t)(number_next(&logs) + 128);
        c->running[(ptrdiff_t)(i - before)] =
            (int16_t)(n.extreme ? number_next(&n) : 16 * number_next(&logs));
        w->errors[(ptrdiff_t)(i - before)] = (uint16_t)number_next(&n);
    }
    set_parameters(w, &n);
}

bool wave_case_make(wave_case *c, size_t index, int bits, bool extreme) {
    if (index >= HEIGHTS * WIDTHS)
        return false;
    wave_case_sized(c, heights[index / WIDTHS], widths[index % WIDTHS],
                    (numbers){.random = 1 + (uint32_t)index, .bits = bits, .extreme = extreme});
    return true;
}

void wave_case_free(wave_case *c) {
    px_pool_free(&c->pool);
}

void wave_case_copy(wave_case *to, const wave_case *from) {
    const size_t before = PX_PAD_TOP * from->wave.stride + PX_PAD_LEFT, all = before + from->room;
    memcpy(to->wave.samples - before, from->wave.samples - before, all * sizeof(int16_t));
    memcpy(to->wave.logs - before, from->wave.logs - before, all * sizeof(int16_t));
    memcpy(to->wave.errors - before, from->wave.errors - before, all * sizeof(uint16_t));
}

void assert_planes_equal(const wave_case *c, const void *a, const void *b, size_t element_size) {
    for (size_t y = 0; y < c->wave.height; y++) {
        const size_t row = y * c->wave.stride * element_size;
        assert_memory_equal((const uint8_t *)a + row, (const uint8_t *)b + row,
                            c->wave.width * element_size);
    }
}
