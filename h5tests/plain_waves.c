/* docs/FORMAT.md: "Shapes", "The entropy coder", methods 2 and 1. */
#include <stdlib.h>

#include "plain.h"

/* ---- Numbers ---- */

int32_t plain_wrap_16(int64_t value) {
    return (int16_t)(uint16_t)(uint64_t)value;
}

int32_t plain_wrap_32(int64_t value) {
    return (int32_t)(uint32_t)(uint64_t)value;
}

int32_t plain_limit(int64_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : (int32_t)value;
}

int32_t plain_log(uint32_t value) {
    int exponent = 31;
    while (!(value >> exponent))
        exponent--;
    return exponent * 16 + (int32_t)((uint64_t)value * 16 >> exponent & 15);
}

/* ---- Distributions ---- */

void plain_tables_make(plain_tables *tables, const uint8_t shapes[PX_SHAPE_CLASSES]) {
    for (int t = 0; t < PX_SHAPE_CLASSES; t++)
        px_slots_make(&tables->wave[t], 12, shapes[t], t);
    for (int t = 0; t < PX_QUICK_TABLES; t++)
        px_slots_make(&tables->quick[t], 11, shapes[t], 2 * t + 10);
}

static uint32_t first_slot(const px_slots *table, int digit, int fraction) {
    if (digit <= -table->limit)
        return 0;
    if (digit > table->limit)
        return 1u << table->bits;
    return (uint32_t)px_slot_of(table, 16 * digit - 8 - fraction);
}

static int digit_of(const px_slots *table, uint32_t slot, int fraction) {
    int digit = -table->limit, end = table->limit + 1;
    while (end - digit > 1) {
        const int middle = digit + (end - digit) / 2;
        if (first_slot(table, middle, fraction) <= slot)
            digit = middle;
        else
            end = middle;
    }
    return digit;
}

static bool is_escape(const plain_symbol *symbol) {
    return abs(symbol->digit) >= symbol->table->limit;
}

/* ---- Decoding ---- */

static void refill(px_rans_stream *s, size_t lane) {
    if (s->states[lane] < 1u << 16)
        s->states[lane] = s->states[lane] * 65536 + *s->words++;
}

static uint32_t take_bits(px_rans_stream *s, size_t lane, int count) {
    const uint32_t value = s->states[lane] % (1u << count);
    s->states[lane] >>= count;
    refill(s, lane);
    return value;
}

static void take_digit(px_rans_stream *s, size_t lane, plain_symbol *symbol) {
    const px_slots *table = symbol->table;
    const uint32_t state = s->states[lane], slot = state % (1u << table->bits);
    symbol->digit = digit_of(table, slot, symbol->fraction);
    const uint32_t first = first_slot(table, symbol->digit, symbol->fraction);
    const uint32_t behind = first_slot(table, symbol->digit + 1, symbol->fraction);
    s->states[lane] = (behind - first) * (state >> table->bits) + slot - first;
    refill(s, lane);
}

static void take_escape(px_rans_stream *s, size_t lane, plain_symbol *symbol) {
    const int read = (int)take_bits(s, lane, 5), size = read < 20 ? read : 20;
    uint32_t value = take_bits(s, lane, size < 12 ? size : 12);
    if (size > 12)
        value |= take_bits(s, lane, size - 12) << 12;
    const int32_t beyond = (int32_t)((1u << size) - 1 + value);
    symbol->digit += symbol->digit < 0 ? -beyond : beyond;
}

void plain_decode_step(plain_place *places, size_t count, px_rans_stream *s) {
    for (size_t i = 0; i < count; i++)
        take_digit(s, places[i].lane, &places[i].symbol);
    for (size_t i = 0; i < count; i++)
        if (places[i].symbol.low_bits)
            places[i].symbol.low = take_bits(s, places[i].lane, places[i].symbol.low_bits);
    for (size_t i = 0; i < count; i++)
        if (is_escape(&places[i].symbol))
            take_escape(s, places[i].lane, &places[i].symbol);
}

void plain_stop(px_rans_stream *s) {
    if (s->words > s->end) {
        s->words = s->end + 1;
        s->failed = 1;
    }
}

int32_t plain_sample(const plain_symbol *symbol) {
    const int64_t sum = (int64_t)symbol->base + symbol->digit;
    return plain_wrap_16(sum * (1 << symbol->low_bits) + symbol->low);
}

/* ---- Encoding: the reverse ---- */

static void put_word(px_rans_stream *s, size_t lane) {
    *--s->head = (uint16_t)s->states[lane];
    s->states[lane] >>= 16;
}

static void put_bits(px_rans_stream *s, size_t lane, uint32_t value, int count) {
    if ((uint64_t)s->states[lane] << count > UINT32_MAX)
        put_word(s, lane);
    s->states[lane] = (s->states[lane] << count) + value;
}

static void put_escape(px_rans_stream *s, size_t lane, const plain_symbol *symbol) {
    const uint32_t beyond = (uint32_t)(abs(symbol->digit) - symbol->table->limit);
    int size = 0;
    while (beyond + 1 >= 2u << size)
        size++;
    const uint32_t value = beyond + 1 - (1u << size);
    if (size > 12)
        put_bits(s, lane, value >> 12, size - 12);
    put_bits(s, lane, value % (1u << 12), size < 12 ? size : 12);
    put_bits(s, lane, (uint32_t)size, 5);
}

static void put_digit(px_rans_stream *s, size_t lane, const plain_symbol *symbol) {
    const px_slots *table = symbol->table;
    const int digit = plain_limit(symbol->digit, -table->limit, table->limit);
    const uint32_t first = first_slot(table, digit, symbol->fraction);
    const uint32_t share = first_slot(table, digit + 1, symbol->fraction) - first;
    if (((uint64_t)(s->states[lane] / share) << table->bits) > UINT32_MAX)
        put_word(s, lane);
    const uint32_t state = s->states[lane];
    s->states[lane] = (state / share << table->bits) + state % share + first;
}

void plain_encode_step(const plain_place *places, size_t count, px_rans_stream *s) {
    for (size_t i = count; i-- > 0;)
        if (is_escape(&places[i].symbol))
            put_escape(s, places[i].lane, &places[i].symbol);
    for (size_t i = count; i-- > 0;)
        if (places[i].symbol.low_bits)
            put_bits(s, places[i].lane, places[i].symbol.low, places[i].symbol.low_bits);
    for (size_t i = count; i-- > 0;)
        put_digit(s, places[i].lane, &places[i].symbol);
}

/* ---- Method lsq: what stands around ---- */

static int32_t couple_at(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    return w->mixed[y * (ptrdiff_t)w->mixed_stride + x];
}

static int32_t predicted_at(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    return px_couple_low(couple_at(w, y, x));
}

static ptrdiff_t nearest_column(const px_wave *w, ptrdiff_t x) {
    return plain_limit(x, 0, (int32_t)w->width - 1);
}

int32_t plain_sample_at(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    const ptrdiff_t column = nearest_column(w, x);
    if (y < 0 || (y == 0 && x < 0))
        return predicted_at(w, 0, column) >> w->fraction;
    if (x >= 0)
        return w->samples[y * (ptrdiff_t)w->stride + column];
    const int32_t moved = predicted_at(w, y, 0) - predicted_at(w, y - 1, 0);
    return plain_limit(plain_sample_at(w, y - 1, 0) + (moved >> w->fraction), INT16_MIN, INT16_MAX);
}

uint32_t plain_error_at(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    const ptrdiff_t row = x < 0 ? y - 1 : y;
    if (row < 0)
        return (uint32_t)w->start_error;
    return w->errors[row * (ptrdiff_t)w->stride + nearest_column(w, x)];
}

static int64_t square_sum(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    static const int columns[] = {0, -1, 0, -1, 1, 1, 0, 1, -1};
    static const int rows[] = {0, 0, -1, -1, -1, 0, 1, 1, 1};
    int64_t sum = 0;
    for (int t = 0; t < PX_SQUARE_TAPS; t++) {
        const int32_t couple = couple_at(w, y + rows[t], x + columns[t]), tap = w->taps_mixed[t];
        sum += (int64_t)px_couple_low(couple) * px_couple_low(tap);
        sum += (int64_t)px_couple_high(couple) * px_couple_high(tap);
    }
    return sum;
}

int32_t plain_mean(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    const int32_t *c = w->taps_own;
    const int64_t own = (int64_t)c[0] * plain_sample_at(w, y, x - 1) +
                        (int64_t)c[1] * plain_sample_at(w, y - 1, x) +
                        (int64_t)c[2] * plain_sample_at(w, y - 1, x - 1) +
                        (int64_t)c[3] * plain_sample_at(w, y - 1, x + 1) +
                        (int64_t)c[4] * plain_sample_at(w, y, x - 2) +
                        (int64_t)c[5] * plain_sample_at(w, y - 2, x);
    const int f = w->fraction;
    return (plain_wrap_32(square_sum(w, y, x) + own * (1 << f) + (1 << (f + 7))) >> (f + 8)) +
           w->bias;
}

int32_t plain_around(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    return plain_log(2 * plain_error_at(w, y, x - 1) + 2 * plain_error_at(w, y - 1, x) +
                     plain_error_at(w, y - 1, x - 1) + plain_error_at(w, y - 1, x + 1) + 6);
}

int32_t plain_scale_before(const px_wave *w, ptrdiff_t y, ptrdiff_t x, bool blurred) {
    const int16_t *running = w->running + y * (ptrdiff_t)w->running_stride + x;
    int32_t blur = 0;
    for (ptrdiff_t dy = -1; blurred && dy <= 1; dy++)
        for (ptrdiff_t dx = -1; dx <= 1; dx++)
            blur += running[dy * (ptrdiff_t)w->running_stride + dx];
    const int32_t sum = 8 * w->scale_running * running[0] + w->scale_blur * plain_wrap_16(blur);
    return plain_wrap_16(sum >> 8) + w->scale_offset;
}

/* ---- Method lsq: coding ---- */

size_t plain_steps(const px_wave *w) {
    const size_t period = w->width > 48 ? w->width : 48;
    return (w->height + 15) / 16 * period + 2 * 15 + w->width;
}

size_t plain_places(plain_place to[PX_WAVE_LANES], const px_wave *w, size_t step) {
    const size_t period = w->width > 48 ? w->width : 48;
    size_t count = 0;
    for (size_t lane = 0; lane < 16 && 2 * lane <= step; lane++) {
        const size_t y = (step - 2 * lane) / period * 16 + lane, x = (step - 2 * lane) % period;
        if (y < w->height && x < w->width)
            to[count++] = (plain_place){.lane = lane, .y = (ptrdiff_t)y, .x = (ptrdiff_t)x};
    }
    return count;
}

static const px_slots *wave_table(const px_slots *tables, int32_t class) {
    return &tables[class > 31 ? 28 + (class & 3) : class];
}

static int wave_low_bits(int32_t class) {
    return class > 31 ? (class - 28) >> 2 : 0;
}

plain_symbol plain_wave_symbol(const px_slots *tables, int32_t class, int32_t mean) {
    const int low_bits = wave_low_bits(class);
    const int32_t m = ((mean + 8) >> low_bits) - 8;
    return (plain_symbol){.table = wave_table(tables, class),
                          .low_bits = low_bits,
                          .fraction = m & 15,
                          .base = m >> 4};
}

int32_t plain_keep(const px_wave *w, const plain_place *place, int32_t sample) {
    const ptrdiff_t at = place->y * (ptrdiff_t)w->stride + place->x;
    const int32_t error = plain_limit(abs(16 * sample - place->mean), 0, UINT16_MAX);
    w->samples[at] = (int16_t)sample;
    w->errors[at] = (uint16_t)error;
    w->logs[at] = (int16_t)plain_log((uint32_t)error + 1);
    return w->logs[at];
}

void plain_expect(const plain_tables *tables, const px_wave *w, plain_place *p) {
    const int32_t around = plain_around(w, p->y, p->x) * w->scale_error >> 4;
    const int32_t class =
        plain_limit((plain_scale_before(w, p->y, p->x, true) + around) >> 6, 0, 83);
    p->mean = plain_mean(w, p->y, p->x);
    p->symbol = plain_wave_symbol(tables->wave, class, p->mean);
}

int64_t plain_wave_decode(const plain_tables *tables, const px_wave *w, px_rans_stream *stream) {
    int64_t sum = 0;
    for (size_t step = 0; step < plain_steps(w); step++) {
        plain_place places[PX_WAVE_LANES];
        const size_t count = plain_places(places, w, step);
        for (plain_place *p = places; p < places + count; p++)
            plain_expect(tables, w, p);
        plain_decode_step(places, count, stream);
        plain_stop(stream);
        for (plain_place *p = places; p < places + count; p++)
            sum += plain_keep(w, p, plain_sample(&p->symbol));
    }
    return sum;
}

/* The lowest bits of a number, with their sign. */
static int32_t signed_bits(int32_t value, int bits) {
    return (int32_t)((uint32_t)value << (32 - bits)) >> (32 - bits);
}

static uint32_t low_of(const px_wave *w, const plain_place *p, int bits) {
    const int32_t sample = w->samples[p->y * (ptrdiff_t)w->stride + p->x];
    return (uint32_t)sample % (1u << bits);
}

void plain_wave_encode(const plain_tables *tables, const px_wave *w, const int32_t *symbols,
                       px_rans_stream *stream) {
    for (size_t step = plain_steps(w); step-- > 0;) {
        plain_place places[PX_WAVE_LANES];
        const size_t count = plain_places(places, w, step);
        for (plain_place *p = places; p < places + count; p++) {
            const int32_t symbol = symbols[p->y * (ptrdiff_t)w->stride + p->x];
            const int32_t class = (int32_t)((uint32_t)symbol >> 25);
            p->symbol = (plain_symbol){.table = wave_table(tables->wave, class),
                                       .low_bits = wave_low_bits(class),
                                       .fraction = symbol >> 21 & 15,
                                       .digit = signed_bits(symbol, 21)};
            p->symbol.low = low_of(w, p, p->symbol.low_bits);
        }
        plain_encode_step(places, count, stream);
    }
}

/* ---- Method quick ---- */

/* Rows above the plane are what the caller has put there. */
static ptrdiff_t quick_place(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    return y * (ptrdiff_t)w->stride + (y < 0 ? x : nearest_column(w, x));
}

static int32_t quick_mean(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    const int16_t *s = w->samples;
    const int32_t *c = w->taps_own;
    const int64_t own = (int64_t)c[1] * s[quick_place(w, y - 1, x)] +
                        (int64_t)c[2] * s[quick_place(w, y - 1, x - 1)] +
                        (int64_t)c[3] * s[quick_place(w, y - 1, x + 1)] +
                        (int64_t)c[5] * s[quick_place(w, y - 2, x)];
    const int f = w->fraction;
    return plain_wrap_32(square_sum(w, y, x) + own * (1 << f) + (1 << (f + 11))) >> (f + 12);
}

static int32_t quick_class(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    const uint16_t *e = w->errors;
    const int32_t around =
        plain_log(2 * (e[quick_place(w, y - 1, x)] + 1u) + e[quick_place(w, y - 1, x - 1)] +
                  e[quick_place(w, y - 1, x + 1)]);
    const int32_t before = plain_scale_before(w, y, x, false);
    return plain_limit((before + (around * w->scale_error >> 4)) >> 7, 0, 35);
}

static plain_symbol quick_symbol(const plain_tables *tables, int32_t class, int32_t mean) {
    const int low_bits = class > 13 ? (class - 12) >> 1 : 0;
    return (plain_symbol){.table = &tables->quick[class > 13 ? 12 + (class & 1) : class],
                          .low_bits = low_bits,
                          .base = mean >> low_bits};
}

static int32_t quick_keep(const px_wave *w, const plain_place *p) {
    const ptrdiff_t at = p->y * (ptrdiff_t)w->stride + p->x;
    const int32_t sample = plain_sample(&p->symbol);
    const int32_t error = plain_limit(abs(sample - p->mean), 0, UINT16_MAX);
    w->samples[at] = (int16_t)sample;
    w->errors[at] = (uint16_t)error;
    w->logs[at] = (int16_t)plain_log(2 * (uint32_t)error + 1);
    return w->logs[at];
}

/* Sixteen columns of a row. */
static size_t quick_places(plain_place to[PX_WAVE_LANES], const px_wave *w, size_t y, size_t run) {
    size_t count = 0;
    for (size_t x = 16 * run; x < w->width && count < 16; x++, count++)
        to[count] =
            (plain_place){.lane = 16 * (run % 4) + count, .y = (ptrdiff_t)y, .x = (ptrdiff_t)x};
    return count;
}

int64_t plain_quick_decode(const plain_tables *tables, const px_wave *w, px_rans_stream *stream) {
    int64_t sum = 0;
    const size_t runs = (w->width + 15) / 16;
    for (size_t y = 0; y < w->height; y++)
        for (size_t run = 0; run < runs; run++) {
            plain_place places[PX_WAVE_LANES];
            const size_t count = quick_places(places, w, y, run);
            for (plain_place *p = places; p < places + count; p++) {
                p->mean = quick_mean(w, p->y, p->x);
                p->symbol = quick_symbol(tables, quick_class(w, p->y, p->x), p->mean);
            }
            plain_decode_step(places, count, stream);
            if (run % 4 == 3 || run + 1 == runs)
                plain_stop(stream);
            for (plain_place *p = places; p < places + count; p++)
                sum += quick_keep(w, p);
        }
    return sum;
}

void plain_quick_encode(const plain_tables *tables, const px_wave *w, const int32_t *symbols,
                        px_rans_stream *stream) {
    for (size_t y = w->height; y-- > 0;)
        for (size_t run = (w->width + 15) / 16; run-- > 0;) {
            plain_place places[PX_WAVE_LANES];
            const size_t count = quick_places(places, w, y, run);
            for (plain_place *p = places; p < places + count; p++) {
                const int32_t symbol = symbols[p->y * (ptrdiff_t)w->stride + p->x];
                p->symbol = quick_symbol(tables, (int32_t)((uint32_t)symbol >> 24), 0);
                p->symbol.digit = signed_bits(symbol, 24);
                p->symbol.low = low_of(w, p, p->symbol.low_bits);
            }
            plain_encode_step(places, count, stream);
        }
}
