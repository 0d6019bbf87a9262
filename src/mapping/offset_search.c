/*
 * Scale and offset of integers that were unpacked, standardised or stretched. step_estimate.h says
 * which integers some of the values stand for, up to what is added to all of them; then the
 * constants have to be found that give each value to the last bit.
 *
 * Float32 that were rounded once, whatever the formula in doubles was: each value leaves a band for
 * the line k * scale + offset, from half a float below it to half a float above. Bands of two
 * values leave an interval for the scale, and where all these intervals meet, a line goes through
 * all bands (Helly's theorem, for the offset). Simple decimals are preferred, as they are likely
 * what was meant.
 *
 * Where each operation was rounded, it matters which integers these were: all that 16 bits hold,
 * and more, are tried, with what the line through the values says of the constants, and the floats
 * next to that. Most guesses are wrong for the first value already.
 *
 * Either way, values that a guess gets wrong join the others, until a guess is right for all.
 */
#include "mapping/offset_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "mapping/step_estimate.h"

enum {
    MOST_NEW = 64,     /* values that join at a time */
    MOST_OFFSETS = 5,  /* that are tried with a likely scale */
    FURTHEST = 1 << 16 /* from the least value to the integer 0, in steps */
};

/* Constants between these make no denormal numbers on the way, which some programs flush to zero.
 */
static const double LEAST_CONSTANT = 1e-17, LARGEST_CONSTANT = 1e17;

/*
 * Guesses are tried on so many values, at most: for any array, and for each of its elements. In
 * smaller arrays, where that would take longer than all else, so many for each byte; no more than
 * half of those that are left by one form, unless it is the last.
 */
static const double TRIALS = 4e6, TRIALS_FOR_ELEMENT = 8;

/* What the search may take, by the size of the array. */
typedef struct budget {
    size_t below;       /* bytes */
    double trials;      /* for each byte */
    double differences; /* that the step is looked for with, for each byte */
    size_t taken;       /* values, before others join */
    int turns;          /* of a single rounding */
} budget;

static const budget budgets[] = {{PX_TINY_BYTES, 0.5, 4, 64, 3},
                                 {SIZE_MAX, 64, HUGE_VAL, PX_SPACED * 3 / 4, 24}};

static const budget *budget_of(const px_bit_patterns *words) {
    const budget *b = budgets;
    while (words->count * words->number->size >= b->below)
        b++;
    return b;
}

/* A rule is of use if no more words than these are wrong. */
static const double MOST_MISSES = 0.02;

typedef struct search {
    const px_bit_patterns *words;
    const budget *budget;
    bool single;        /* float32 */
    px_spacing spacing; /* grows */
    px_dequantiser best;
    double best_rate; /* of misses */
    double trials;    /* that are left */
    double near;      /* to the lattice are values that lie on it */
    double most;      /* steps from 0 that a value may be away */
} search;

static bool is_usable(double constant) {
    return fabs(constant) >= LEAST_CONSTANT && fabs(constant) <= LARGEST_CONSTANT;
}

static double rounded(double value, bool single) {
    return single ? (double)(float)value : value;
}

/* The next float of the type, so many times: bits of floats grow with their magnitudes. */
static double neighbour(double value, int steps, bool single) {
    int64_t bits;
    if (!isfinite(value))
        return value;
    if (single) {
        float narrow = (float)value;
        int32_t few;
        memcpy(&few, &narrow, sizeof few);
        few = (few < 0 ? INT32_MIN - few : few) + steps;
        few = few < 0 ? INT32_MIN - few : few;
        memcpy(&narrow, &few, sizeof narrow);
        return narrow;
    }
    memcpy(&bits, &value, sizeof bits);
    bits = (bits < 0 ? INT64_MIN - bits : bits) + steps;
    bits = bits < 0 ? INT64_MIN - bits : bits;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The decimal of the fewest digits in the interval, if they are fewer than those of which chance
 * would find one as well. */
static bool find_decimal(double *decimal, double low, double high) {
    enum { MOST_DIGITS = 14, BY_CHANCE = 1, LARGEST_POWER = 22 };
    const double largest = fmax(fabs(low), fabs(high));
    if (!(high > low))
        return false;
    const double telling = floor(log10(largest / (high - low))) - BY_CHANCE;
    int places = (int)-floor(log10(largest));
    for (int digits = 1; digits <= fmin(telling, MOST_DIGITS); digits++, places++) {
        double power = 1;
        for (int i = 0; i < abs(places) && i < LARGEST_POWER; i++)
            power *= 10;
        *decimal = places < 0 ? ceil(low / power) * power : ceil(low * power) / power;
        if (*decimal >= low && *decimal <= high)
            return true;
    }
    return false;
}

double px_simplest_between(double low, double high) {
    double decimal;
    return find_decimal(&decimal, low, high) ? decimal : low + (high - low) / 2;
}

/* ---- What a rule is worth ---- */

static bool is_new(const px_spacing *s, size_t first, double value) {
    for (size_t i = first; i < s->count; i++)
        if (s->values[i] == value)
            return false;
    return true;
}

static double last_integer(const px_spacing *s) {
    double last = 1;
    for (size_t i = 0; i < s->count; i++)
        last = fmax(last, s->integers[i]);
    return last;
}

/* Without the rests of start and step. */
static double off_line(const px_spacing *s, double steps, double value) {
    const double away = value - s->start, back = value - away;
    const double lost = (value - (away + back)) + (back - s->start);
    return fma(-steps, s->step, away) + lost;
}

/* A value that a rule gets wrong: whether it lies on the lattice, of which it becomes a part. */
static bool join(search *all, size_t first, double value) {
    px_spacing *s = &all->spacing;
    const double steps = rint((value - s->start) / s->step);
    if (!(fabs(off_line(s, steps, value)) <= all->near && fabs(steps) <= all->most))
        return false;
    if (s->count < PX_SPACED && is_new(s, first, value)) {
        s->values[s->count] = value;
        s->integers[s->count++] = steps;
    }
    return true;
}

/* Whether the rule is right for all words on the lattice. If not, some of the others join. */
static bool judge(search *s, const px_dequantiser *rule) {
    const px_bit_patterns *words = s->words;
    const size_t first = s->spacing.count;
    size_t misses = 0, seen = 0;
    uint64_t k;
    for (; seen < words->count && s->spacing.count < first + MOST_NEW; seen++) {
        const uint64_t word = words->bits[seen];
        if ((seen && word == words->bits[seen - 1]) ||
            px_dequantiser_integer(rule, &k, word, words->number) ||
            !px_float_is_normal(word, words->number))
            continue;
        misses += join(s, first, px_float_value(word, words->number));
    }
    const double rate = (double)misses / (double)seen;
    if (rate < s->best_rate) {
        s->best = *rule;
        s->best_rate = rate;
    }
    s->trials -= (double)seen;
    return !misses;
}

/* ---- One rounding ---- */

/* What values may have been before they were rounded, from s->start + k * s->step on. */
typedef struct bands {
    double low[PX_SPACED], high[PX_SPACED];
} bands;

/* Wider by what other roundings add: in any case, and for a value of 1. */
static void find_bands(bands *b, const search *s, double always, double relative) {
    const px_spacing *line = &s->spacing;
    for (size_t i = 0; i < line->count; i++) {
        const double value = line->values[i], more = always + relative * fabs(value);
        const double off = off_line(line, line->integers[i], value);
        b->low[i] = off - (value - neighbour(value, -1, s->single)) / 2 - more;
        b->high[i] = off + (neighbour(value, 1, s->single) - value) / 2 + more;
    }
}

typedef struct interval {
    double low, high;
} interval;

static double middle(interval i) {
    return i.low + (i.high - i.low) / 2;
}

static void narrow_slope(interval *slope, const bands *b, size_t left, size_t right, double steps) {
    if (b->low[right] - b->high[left] > slope->low * steps)
        slope->low = (b->low[right] - b->high[left]) / steps;
    if (b->high[right] - b->low[left] < slope->high * steps)
        slope->high = (b->high[right] - b->low[left]) / steps;
}

/* What all pairs of bands leave for the slope. */
static interval find_slope(const bands *b, const px_spacing *s) {
    interval slope = {-HUGE_VAL, HUGE_VAL};
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = i + 1; j < s->count; j++) {
            const double steps = s->integers[j] - s->integers[i];
            if (steps > 0)
                narrow_slope(&slope, b, i, j, steps);
            else if (steps < 0)
                narrow_slope(&slope, b, j, i, -steps);
        }
    return slope;
}

static interval find_start(const bands *b, const px_spacing *s, double slope) {
    interval start = {-HUGE_VAL, HUGE_VAL};
    for (size_t i = 0; i < s->count; i++) {
        start.low = fmax(start.low, b->low[i] - s->integers[i] * slope);
        start.high = fmin(start.high, b->high[i] - s->integers[i] * slope);
    }
    return start;
}

static bool find_line(px_dequantiser *rule, const search *s) {
    const px_spacing *line = &s->spacing;
    bands b;
    find_bands(&b, s, 0, 0);
    interval slope = find_slope(&b, line);
    const double scale = px_simplest_between(line->step + slope.low, line->step + slope.high);
    interval start = find_start(&b, line, scale - line->step);
    const double offset = px_simplest_between(line->start + start.low, line->start + start.high);
    *rule = (px_dequantiser){PX_RULE_DOUBLES, 2, {{PX_MULTIPLY, scale}, {PX_ADD, offset}}};
    return slope.low <= slope.high && start.low <= start.high && is_usable(scale) &&
           is_usable(offset);
}

static bool find_single_rounding(search *s) {
    px_dequantiser rule;
    for (int turn = 0; turn < s->budget->turns && find_line(&rule, s); turn++)
        if (judge(s, &rule))
            return true;
    return false;
}

/* ---- A rounding for each operation ---- */

/* Operations with two constants that are not known: p, by which is multiplied or divided, and q. */
typedef struct form {
    unsigned count, p, q; /* which operations have them */
    px_operation operations[PX_MOST_OPERATIONS];
    bool common; /* p may be any number, else a short decimal only */
    double most; /* integer */
} form;

static const form forms[] = {
    {2, 0, 1, {{PX_MULTIPLY, 0}, {PX_ADD, 0}}, true, UINT16_MAX},
    {2, 1, 0, {{PX_ADD, 0}, {PX_DIVIDE, 0}}, true, UINT16_MAX},
    {2, 0, 1, {{PX_DIVIDE, 0}, {PX_ADD, 0}}, false, UINT16_MAX},
    {3, 2, 1, {{PX_DIVIDE, UINT8_MAX}, {PX_ADD, 0}, {PX_DIVIDE, 0}}, true, UINT8_MAX}};
enum { FORMS = sizeof forms / sizeof *forms };

/* How many floats at and around the likely ones are tried, and what part of all trials is left. */
typedef struct breadth {
    int offsets, scales;
    double left;
} breadth;

static const breadth narrow = {3, 5, 0.5}, wide = {9, 7, 0};

/* 0, 1, -1, 2, -2, ... */
static int alternating(int i) {
    return i % 2 ? (i + 1) / 2 : -i / 2;
}

/* The scale of a rule, by p; and p, by the scale: the function is its own inverse. */
static double slope_of(const form *f, double p) {
    const double whole = f->count == 3 ? p * f->operations[0].constant : p;
    return f->operations[f->p].kind == PX_DIVIDE ? 1 / whole : whole;
}

/* What is added, where the line has this value at 0. */
static double offset_of(const form *f, double p, double at_zero) {
    if (f->q > f->p)
        return at_zero;
    return f->operations[f->p].kind == PX_DIVIDE ? at_zero * p : at_zero / p;
}

/* Values of every kind among the first ones. */
static void shuffle(px_spacing *s) {
    uint32_t random = 1;
    for (size_t i = s->count; i-- > 1;) {
        random = random * 1664525u + 1013904223u;
        const size_t other = (size_t)((uint64_t)random * (i + 1) >> 32);
        const double value = s->values[i], integer = s->integers[i];
        s->values[i] = s->values[other];
        s->integers[i] = s->integers[other];
        s->values[other] = value;
        s->integers[other] = integer;
    }
}

/* Whether the rule is right for all values, the last ones, which joined, first. */
static bool is_right(search *s, const px_dequantiser *rule, double zero) {
    const px_spacing *values = &s->spacing;
    for (size_t i = values->count; i-- > 0;) {
        s->trials--;
        if (rounded(px_dequantiser_value(rule, values->integers[i] - zero), s->single) !=
            values->values[i])
            return false;
    }
    return true;
}

static bool try_rule(search *s, const px_dequantiser *rule, const form *f, double zero) {
    return is_usable(rule->operations[f->p].constant) &&
           is_usable(rule->operations[f->q].constant) && is_right(s, rule, zero) && judge(s, rule);
}

/* With p. */
static bool try_offsets(search *s, px_dequantiser *rule, const form *f, double zero) {
    const px_spacing *line = &s->spacing;
    const double p = rule->operations[f->p].constant, slope = slope_of(f, p);
    const double rest = line->rest + (line->step - slope + line->step_rest) * line->mean;
    const double near = rounded(offset_of(f, p, fma(zero, slope, line->start) + rest), s->single);
    for (int i = 0; i < MOST_OFFSETS; i++) {
        rule->operations[f->q].constant = neighbour(near, alternating(i), s->single);
        if (try_rule(s, rule, f, zero))
            return true;
    }
    return false;
}

/* The slope of the line through the values, by least squares, with this q. */
static double slope_with(const px_spacing *s, const form *f, double q, double zero) {
    const double shift = f->q > f->p ? 0 : f->count == 3 ? q * f->operations[0].constant : q;
    const double more = fma(zero - shift, s->step, f->q > f->p ? s->start - q : s->start) +
                        (s->rest + (zero - shift) * s->step_rest);
    const double mean = s->mean - zero + shift;
    return s->step + (s->step_rest + more * mean / (s->variance + mean * mean));
}

/* Without p: for each q there is one that suits it best. */
static bool try_both(search *s, px_dequantiser *rule, const form *f, double zero, breadth b) {
    const px_spacing *line = &s->spacing;
    const double at_zero =
        fma(zero, line->step, line->start) + (line->rest + zero * line->step_rest);
    const double near = rounded(offset_of(f, slope_of(f, line->step), at_zero), s->single);
    for (int i = 0; i < b.offsets; i++) {
        const double q = neighbour(near, alternating(i), s->single);
        const double p = rounded(slope_of(f, slope_with(line, f, q, zero)), s->single);
        rule->operations[f->q].constant = q;
        for (int k = 0; k < b.scales; k++) {
            rule->operations[f->p].constant = neighbour(p, alternating(k), s->single);
            if (try_rule(s, rule, f, zero))
                return true;
        }
    }
    return false;
}

/* Whether integers from `least` to `last` are of a type that has the most of the form. */
static bool are_of_a_type(const form *f, double least, double last) {
    return last - least > f->most || (least >= 0 && last <= f->most) ||
           (f->most > UINT8_MAX && least >= INT16_MIN && last <= INT16_MAX);
}

/* With p or, if it is 0, any p. Integers reach from -zero to last - zero. */
static bool try_zero(search *s, px_dequantiser *rule, const form *f, double p, double zero,
                     double last, breadth b) {
    return are_of_a_type(f, -zero, last - zero) &&
           (p > 0 ? try_offsets(s, rule, f, zero) : try_both(s, rule, f, zero, b));
}

/* The integer 0 is likely to be close to the least value or to the middle. */
static bool try_constant(search *s, const form *f, double p, breadth b) {
    px_dequantiser rule = {s->single ? PX_RULE_SINGLES : PX_RULE_DOUBLES, f->count, {{0}}};
    memcpy(rule.operations, f->operations, sizeof rule.operations);
    rule.operations[f->p].constant = p;
    const double last = last_integer(&s->spacing), half = rint(last / 2);
    const double left = s->trials * b.left;
    for (int i = 0; i <= 2 * FURTHEST && s->trials > left; i++) {
        const double low = alternating(i), high = half + low;
        if (fabs(low) <= fabs(low - half) && try_zero(s, &rule, f, p, low, last, b))
            return true;
        if (fabs(high - half) < fabs(high) && fabs(high) <= FURTHEST &&
            try_zero(s, &rule, f, p, high, last, b))
            return true;
    }
    return false;
}

/* By how much of itself the step may differ from the true one, for all that the roundings say. */
static double step_error(const search *s) {
    const px_spacing *values = &s->spacing;
    double largest = 0;
    for (size_t i = 0; i < values->count; i++)
        largest = fmax(largest, fabs(values->values[i]));
    return ldexp(1, ilogb(largest) - s->words->number->fraction) /
           (last_integer(values) * values->step);
}

/* A short decimal, or what is nearly single precision already. */
static bool try_likely(search *s, const form *f, double p, double error) {
    const double low = p * (1 - error), high = p * (1 + error), single = rounded(p, true);
    double decimal;
    if (find_decimal(&decimal, low, high) &&
        try_constant(s, f, rounded(decimal, s->single), narrow))
        return true;
    return !s->single && f->common && single >= low && single <= high &&
           try_constant(s, f, single, narrow);
}

/* More values say the step more closely. */
static void take_more(search *s) {
    const px_bit_patterns *words = s->words;
    const size_t first = s->spacing.count, taken = s->budget->taken;
    const size_t step = words->count / taken + 1;
    for (size_t i = step / 2; i < words->count && s->spacing.count < taken; i += step)
        if (px_float_is_normal(words->bits[i], words->number))
            join(s, first, px_float_value(words->bits[i], words->number));
    px_step_fit(&s->spacing);
    shuffle(&s->spacing);
}

static bool fit_between(search *s, double always, double relative) {
    px_spacing *line = &s->spacing;
    bands b;
    find_bands(&b, s, always, relative);
    const interval slope = find_slope(&b, line);
    const interval start = find_start(&b, line, middle(slope));
    if (!(slope.low <= slope.high && start.low <= start.high))
        return false;
    line->step_rest = middle(slope);
    line->rest = middle(start);
    return true;
}

/* The line that a form makes: amidst all that its roundings allow, which says more than least
 * squares where they are all alike. */
static void fit(search *s, const form *f) {
    px_spacing *line = &s->spacing;
    const double half = ldexp(0.5, -(int)s->words->number->fraction), product = half * line->step;
    px_step_fit(line);
    if (f->q < f->p)
        fit_between(s, f->count == 3 ? product * UINT8_MAX : 0, half);
    else if (!fit_between(s, product * last_integer(line), 0))
        fit_between(s, product * FURTHEST, 0);
}

static bool try_any(search *s, const form *f, breadth b) {
    if (!f->common)
        return false;
    fit(s, f);
    return try_constant(s, f, 0, b);
}

static void find_roundings(search *s) {
    const double step = s->spacing.step, error = step_error(s);
    for (size_t i = 0; i < FORMS; i++)
        if (try_likely(s, &forms[i], slope_of(&forms[i], step), error))
            return;
    for (size_t i = 0; i < FORMS; i++)
        if (try_any(s, &forms[i], narrow))
            return;
    for (size_t i = FORMS; i-- > 0;)
        if (try_any(s, &forms[i], wide))
            return;
}

/* ---- All of it ---- */

static void see_extent(search *s) {
    const px_spacing *values = &s->spacing;
    for (size_t i = 0; i < values->count; i++)
        s->near = fmax(s->near, 2 * fabs(off_line(values, values->integers[i], values->values[i])));
    s->near = fmin(s->near, values->step / 4);
    s->most = 2 * last_integer(values);
}

/* All values are multiples of a power of two that is as large as the step: fixed-point numbers. */
static bool is_fixed_point(const px_spacing *s) {
    static const double ABOUT = 1e-3;
    const double power = ldexp(1, ilogb(s->step * (1 + ABOUT)));
    for (size_t i = 0; i < s->count; i++)
        if (fmod(s->values[i], power) != 0)
            return false;
    return true;
}

bool px_offset_find(px_dequantiser *rule, double *values, size_t count,
                    const px_bit_patterns *words) {
    const budget *b = budget_of(words);
    const double bytes = (double)words->count * words->number->size;
    search s = {.words = words,
                .budget = b,
                .single = words->number->size == 4,
                .best_rate = MOST_MISSES,
                .trials =
                    fmin(TRIALS + TRIALS_FOR_ELEMENT * (double)words->count, b->trials * bytes)};
    if (!px_step_find(&s.spacing, values, count, words->number->fraction, b->differences * bytes) ||
        is_fixed_point(&s.spacing))
        return false;
    see_extent(&s);
    if (!s.single || !find_single_rounding(&s)) {
        take_more(&s);
        find_roundings(&s);
    }
    *rule = s.best;
    return s.best_rate < MOST_MISSES;
}
