#include "lossy/quantiser.h"

#include <float.h>
#include <math.h>

/* Multiples beyond are not exact as doubles. */
static const double LAST_MULTIPLE = 0x1p52;

static bool is_float(const px_quantiser *q) {
    return px_number_of(q->type)->fraction != 0;
}

static double number_of_rank(const px_quantiser *q, uint64_t rank) {
    return px_value_of_word(px_word_of_rank(rank, px_number_of(q->type)), q->type);
}

/* ---- Making ---- */

bool px_quantiser_range(px_quantiser *q, const px_numbers *values) {
    const px_word_view *words = &values->words;
    *q = (px_quantiser){.type = values->array->type, .least = UINT64_MAX};
    for (size_t i = 0; i < words->count; i++) {
        if (px_is_exact(values, i))
            continue;
        const uint64_t rank = px_word_rank(px_view_word(words, i), words->number);
        q->least = rank < q->least ? rank : q->least;
        q->most = rank > q->most ? rank : q->most;
    }
    return q->least <= q->most;
}

/* What a multiple of the step is rounded to is as far off as half a unit more. */
static bool make_multiples(px_quantiser *q, double error) {
    const double least = number_of_rank(q, q->least), most = number_of_rank(q, q->most);
    const double unit = px_value_unit(fmax(fabs(least), fabs(most)), q->type);
    q->step = 2 * (error - unit) * (1 - 4 * DBL_EPSILON);
    if (!(q->step > unit) || !isfinite(q->step) || !(fabs(least) / q->step < LAST_MULTIPLE) ||
        !(fabs(most) / q->step < LAST_MULTIPLE))
        return false;
    q->first = (int64_t)rint(least / q->step);
    return true;
}

bool px_quantiser_divide(px_quantiser *q, double error) {
    if (is_float(q))
        return make_multiples(q, error);
    q->half = error >= 0x1p62 ? (uint64_t)1 << 62 : (uint64_t)error;
    return true;
}

bool px_quantiser_make(px_quantiser *q, const px_numbers *values, double error) {
    return error > 0 && px_quantiser_range(q, values) && px_quantiser_divide(q, error);
}

void px_quantiser_centre(px_quantiser *q, uint64_t rank) {
    const uint64_t width = px_quantiser_width(q), above = (rank - q->least) % width;
    q->phase = q->half >= above ? q->half - above : q->half + (width - above);
}

/* ---- Places ---- */

uint64_t px_quantiser_width(const px_quantiser *q) {
    return 2 * q->half + 1;
}

static uint64_t multiple_of(const px_quantiser *q, uint64_t word) {
    const double multiple = rint(px_value_of_word(word, q->type) / q->step);
    return (uint64_t)((int64_t)multiple - q->first);
}

uint64_t px_quantiser_place(const px_quantiser *q, uint64_t word) {
    if (is_float(q))
        return multiple_of(q, word);
    const uint64_t above = px_word_rank(word, px_number_of(q->type)) - q->least;
    const uint64_t width = px_quantiser_width(q);
    return above / width + (above % width >= width - q->phase); /* their sum may not fit 64 bits */
}

uint64_t px_quantiser_last(const px_quantiser *q) {
    return px_quantiser_place(q, px_word_of_rank(q->most, px_number_of(q->type)));
}

/* The middle of a place lies place * width + half - phase above the least rank. */
static uint64_t rank_of_place(const px_quantiser *q, uint64_t place) {
    const uint64_t width = px_quantiser_width(q), most = q->most - q->least;
    uint64_t above;
    if (place == 0)
        above = q->half > q->phase ? q->half - q->phase : 0;
    else if (__builtin_mul_overflow(place - 1, width, &above) ||
             __builtin_add_overflow(above, width - q->phase + q->half, &above))
        return q->most;
    return above >= most ? q->most : q->least + above;
}

static uint64_t rank_of_multiple(const px_quantiser *q, uint64_t place) {
    const double number = (double)(int64_t)((uint64_t)q->first + place) * q->step;
    if (!isfinite(number))
        return number < 0 ? q->least : q->most;
    const uint64_t rank = px_word_rank(px_word_of_value(number, q->type), px_number_of(q->type));
    return rank < q->least ? q->least : rank > q->most ? q->most : rank;
}

uint64_t px_quantiser_word(const px_quantiser *q, uint64_t place) {
    return px_word_of_rank(is_float(q) ? rank_of_multiple(q, place) : rank_of_place(q, place),
                           px_number_of(q->type));
}

/* ---- Format ---- */

void px_quantiser_write(px_buffer *out, const px_quantiser *q) {
    px_put_wide(out, q->least);
    px_put_wide(out, q->most - q->least);
    if (is_float(q)) {
        px_put_u64(out, (uint64_t)q->first);
        px_put_double(out, q->step);
    } else {
        px_put_wide(out, q->half);
        px_put_wide(out, q->phase);
    }
}

static bool read_multiples(px_quantiser *q, px_reader *in) {
    const px_number *number = px_number_of(q->type);
    q->first = (int64_t)px_get_u64(in);
    q->step = px_get_double(in);
    return isfinite(q->step) && q->step > 0 && fabs((double)q->first) <= LAST_MULTIPLE &&
           px_float_is_finite(px_word_of_rank(q->least, number), number) &&
           px_float_is_finite(px_word_of_rank(q->most, number), number) &&
           fabs(number_of_rank(q, q->most)) / q->step <= LAST_MULTIPLE;
}

bool px_quantiser_read(px_quantiser *q, px_reader *in) {
    const uint64_t last = px_word_last(px_number_of(q->type));
    q->least = px_get_wide(in);
    const uint64_t range = px_get_wide(in);
    if (in->failed || q->least > last || range > last - q->least)
        return false;
    q->most = q->least + range;
    if (is_float(q))
        return read_multiples(q, in) && !in->failed;
    q->half = px_get_wide(in);
    q->phase = px_get_wide(in);
    return !in->failed && q->half <= (uint64_t)1 << 62 && q->phase <= 2 * q->half;
}
