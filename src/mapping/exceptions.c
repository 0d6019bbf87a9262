#include "mapping/exceptions.h"

#include <math.h>
#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "entropy/field_coder.h"

/* The patterns of the last runs, the latest first: fewer than RECENT at the start. */
enum { RECENT = 8 };

typedef struct models {
    px_integer gap, length, pattern, fresh;
    px_bit more;
    uint64_t recent[RECENT];
    int known;
} models;

static void models_init(models *m) {
    px_integer *all[] = {&m->gap, &m->length, &m->pattern, &m->fresh};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        px_integer_init(all[i]);
    m->more = (px_bit)PX_BIT_INIT;
    m->known = 0;
}

static int place_of(const models *m, uint64_t pattern) {
    int place = 0;
    while (place < m->known && m->recent[place] != pattern)
        place++;
    return place;
}

static void move_to_front(models *m, int place, uint64_t pattern) {
    if (place == m->known && m->known < RECENT)
        m->known++;
    for (int i = place < RECENT ? place : RECENT - 1; i > 0; i--)
        m->recent[i] = m->recent[i - 1];
    m->recent[0] = pattern;
}

typedef struct run {
    uint64_t gap; /* words since the end of the run before */
    uint64_t length, pattern;
} run;

static void code_run(px_field_coder *side, models *m, run *r, const px_number *number) {
    uint64_t more = r->length - 1;
    int place = side->out ? place_of(m, r->pattern) : 0;
    px_field_number(side, &m->gap, &r->gap);
    px_field_number(side, &m->length, &more);
    px_field_integer(side, &m->pattern, &place, 0, 0, m->known);
    r->length = more + 1;
    if (place == m->known)
        px_field_number(side, &m->fresh, &r->pattern);
    else
        r->pattern = m->recent[place];
    side->bad |= r->pattern > px_word_last(number);
    move_to_front(m, place, r->pattern);
}

/* ---- Outliers ---- */

enum {
    MOST_OUTLIERS = 4, /* values */
    LONG_RUN = 8
};

/* Without an outlier, the range is by this much smaller. */
static const double FAR = 4;

typedef struct extremes {
    double least, second, second_last, most; /* least < second, second_last < most */
} extremes;

/* Words, of which values are asked for many at a time. */
typedef struct valued_words {
    bool *is_exception;
    size_t count;
    px_values_of values_of;
    const void *context;
} valued_words;

enum { VALUES_AT_ONCE = 64 };

/* Of the words from `first` on; how many. */
static size_t take_values(double values[VALUES_AT_ONCE], const valued_words *w, size_t first) {
    const size_t count = px_smaller(w->count - first, VALUES_AT_ONCE);
    w->values_of(values, w->context, w->is_exception, first, count);
    return count;
}

static void add_extreme(extremes *x, double v) {
    if (v < x->least) {
        x->second = x->least;
        x->least = v;
    } else if (v > x->least && v < x->second) {
        x->second = v;
    }
    if (v > x->most) {
        x->second_last = x->most;
        x->most = v;
    } else if (v < x->most && v > x->second_last) {
        x->second_last = v;
    }
}

static extremes extremes_of(const valued_words *w) {
    extremes x = {HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
    double values[VALUES_AT_ONCE];
    for (size_t first = 0, count; first < w->count; first += count) {
        count = take_values(values, w, first);
        for (size_t i = 0; i < count; i++)
            if (!(values[i] >= x.second && values[i] <= x.second_last) &&
                !w->is_exception[first + i])
                add_extreme(&x, values[i]);
    }
    return x;
}

/* Where `v` stands; to be exceptions unless they are too many runs. */
static bool isolate(const valued_words *w, double v) {
    size_t runs = 0;
    bool inside = false;
    double values[VALUES_AT_ONCE];
    for (size_t first = 0, count; first < w->count; first += count) {
        count = take_values(values, w, first);
        for (size_t i = 0; i < count; i++) {
            const bool equal = !w->is_exception[first + i] && values[i] == v;
            runs += equal && !inside;
            inside = equal;
        }
    }
    if (runs > w->count / PX_ELEMENTS_PER_RUN)
        return false;
    for (size_t first = 0, count; first < w->count; first += count) {
        count = take_values(values, w, first);
        for (size_t i = 0; i < count; i++)
            w->is_exception[first + i] |= values[i] == v;
    }
    return true;
}

void px_exceptions_add_outliers(bool *is_exception, size_t count, px_values_of values_of,
                                const void *context) {
    const valued_words words = {is_exception, count, values_of, context};
    for (int i = 0; i < MOST_OUTLIERS; i++) {
        const extremes x = extremes_of(&words);
        const double range = x.most - x.least;
        const bool low = x.second < HUGE_VAL && range > FAR * (x.most - x.second);
        const bool high = x.second < HUGE_VAL && range > FAR * (x.second_last - x.least);
        if (!(x.second < x.most) || (!low && !high) || !isolate(&words, low ? x.least : x.most))
            return;
    }
}

static size_t end_of_run(const bool *is_exception, size_t count, size_t start) {
    while (start < count && is_exception[start])
        start++;
    return start;
}

void px_exceptions_fill(uint16_t *integers, const bool *is_exception, size_t count) {
    uint64_t sum = 0, regular = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_exception[i]) {
            sum += integers[i];
            regular++;
        }
    const uint16_t usual = (uint16_t)(regular ? sum / regular : 0);
    for (size_t i = 0; i < count;) {
        const size_t end = end_of_run(is_exception, count, i);
        const uint16_t fill = end - i < LONG_RUN && i ? integers[i - 1] : usual;
        for (; i < end; i++)
            integers[i] = fill;
        i += i < count;
    }
}

/* ---- Runs ---- */

/* The next run at or after word `at`; false if there is none. */
static bool find_run(run *r, const px_word_view *words, const bool *is_exception, size_t at) {
    size_t start = at;
    while (start < words->count && !is_exception[start])
        start++;
    if (start == words->count)
        return false;
    const uint64_t pattern = px_view_word(words, start);
    size_t end = start + 1;
    while (end < words->count && is_exception[end] && px_view_word(words, end) == pattern)
        end++;
    *r = (run){.gap = start - at, .length = end - start, .pattern = pattern};
    return true;
}

size_t px_exception_runs(const px_word_view *words, const bool *is_exception) {
    size_t count = 0;
    run r;
    for (size_t at = 0; find_run(&r, words, is_exception, at); at += (size_t)(r.gap + r.length))
        count++;
    return count;
}

void px_exceptions_write(px_buffer *out, const px_word_view *words, const bool *is_exception) {
    px_range_encoder encoder = px_range_encoder_make(out);
    px_field_coder side = {.out = &encoder};
    models m;
    run r;
    models_init(&m);
    for (size_t at = 0; find_run(&r, words, is_exception, at); at += (size_t)(r.gap + r.length)) {
        px_encode_bit(&encoder, &m.more, 1);
        code_run(&side, &m, &r, words->number);
    }
    px_encode_bit(&encoder, &m.more, 0);
    px_range_encoder_finish(&encoder);
}

/* Runs as they are read, one after the other. */
typedef struct run_reader {
    px_reader *in;
    px_range_decoder decoder;
    models models;
    const px_number *number;
    size_t count;      /* words */
    size_t start, end; /* of the last run */
    uint64_t pattern;
    prism_status status;
} run_reader;

static run_reader run_reader_make(px_reader *in, const px_number *number, size_t count) {
    run_reader r = {.in = in,
                    .decoder = px_range_decoder_make(in),
                    .number = number,
                    .count = count,
                    .status = PRISM_OK};
    models_init(&r.models);
    return r;
}

/* False behind the last run, and after a failure. */
static bool next_run(run_reader *reader, prism_error *error) {
    px_field_coder side = {.in = &reader->decoder};
    run r = {.length = 1};
    if (!px_decode_bit(&reader->decoder, &reader->models.more))
        return false;
    code_run(&side, &reader->models, &r, reader->number);
    const size_t left = reader->count - reader->end;
    if (side.bad || reader->in->failed || r.gap >= left || !r.length || r.length > left - r.gap) {
        reader->status = px_fail(error, PRISM_E_CORRUPT, "exceptions lie outside of the array");
        return false;
    }
    reader->start = reader->end + (size_t)r.gap;
    reader->end = reader->start + (size_t)r.length;
    reader->pattern = r.pattern;
    return true;
}

static prism_status read_runs(px_reader *in, px_bit_patterns *words, bool **is_exception,
                              prism_error *error) {
    *is_exception = calloc(words->count, sizeof **is_exception);
    if (!*is_exception)
        return px_out_of_memory(error, words->count * sizeof **is_exception);
    run_reader r = run_reader_make(in, words->number, words->count);
    while (next_run(&r, error))
        for (size_t i = r.start; i < r.end; i++) {
            words->bits[i] = r.pattern;
            (*is_exception)[i] = true;
        }
    return r.status;
}

static prism_status add_gaps(bool **is_exception, px_bit_patterns *words, const px_gaps *mask,
                             prism_error *error) {
    bool *flags = px_alloc_zeroed(words->count, sizeof *flags);
    if (!flags)
        return px_out_of_memory(error, words->count);
    px_gaps_flag(flags, mask, words->array);
    for (size_t i = 0; i < words->count; i++)
        if (flags[i] && !(*is_exception && (*is_exception)[i]))
            words->bits[i] = 0;
        else if (*is_exception && (*is_exception)[i])
            flags[i] = true;
    free(*is_exception);
    *is_exception = flags;
    return PRISM_OK;
}

prism_status px_exceptions_take(px_bit_patterns *words, bool **is_exception,
                                const prism_array *array, px_reader *runs, const px_gaps *mask,
                                prism_error *error) {
    *is_exception = NULL;
    prism_status status = px_bit_patterns_alloc(words, array, error);
    if (status == PRISM_OK && runs)
        status = read_runs(runs, words, is_exception, error);
    return status == PRISM_OK && mask ? add_gaps(is_exception, words, mask, error) : status;
}

prism_status px_exceptions_restore(px_reader *in, const prism_array *array, void *elements,
                                   prism_error *error) {
    const px_word_view view = px_word_view_of(array, elements);
    run_reader r = run_reader_make(in, view.number, view.count);
    while (next_run(&r, error))
        for (size_t i = r.start; i < r.end; i++)
            px_word_put(elements, i, view.size, view.swapped, r.pattern);
    return r.status;
}

/* ---- Of a part of an array ---- */

static prism_status append_run(px_exception_list *list, const px_exception_run *r, size_t most,
                               prism_error *error) {
    if (list->count == most)
        return px_fail(error, PRISM_E_CORRUPT, "more exceptions than blocks may have");
    if (list->count == list->capacity) {
        const size_t capacity = px_smaller(most, 2 * list->capacity + 16);
        px_exception_run *runs = px_realloc(list->runs, capacity, sizeof *runs);
        if (!runs)
            return px_out_of_memory(error, px_product(capacity, sizeof *runs));
        list->runs = runs;
        list->capacity = capacity;
    }
    list->runs[list->count++] = *r;
    return PRISM_OK;
}

prism_status px_exception_list_read(px_exception_list *list, px_reader *in,
                                    const prism_array *array, prism_error *error) {
    const size_t count = (size_t)px_array_count(array);
    run_reader r = run_reader_make(in, px_number_of(array->type), count);
    prism_status status = PRISM_OK;
    while (status == PRISM_OK && next_run(&r, error))
        status = append_run(list, &(px_exception_run){r.start, r.end - r.start, r.pattern},
                            count / PX_ELEMENTS_PER_RUN, error);
    return status == PRISM_OK ? r.status : status;
}

void px_exception_list_free(px_exception_list *list) {
    free(list->runs);
}

/* The first run that ends behind element `at`. */
static size_t first_run_after(const px_exception_list *list, size_t at) {
    size_t low = 0, high = list->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const px_exception_run *r = &list->runs[middle];
        if (r->start + r->length > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Elements from `at` to `end` of the array, the first of which is `elements`. */
static void put_line(const px_exception_list *list, size_t at, size_t end, const prism_array *array,
                     uint8_t *elements) {
    const size_t size = prism_type_size(array->type);
    const bool swapped = px_is_swapped(array);
    for (size_t i = first_run_after(list, at); i < list->count && list->runs[i].start < end; i++) {
        const px_exception_run *r = &list->runs[i];
        const size_t first = r->start > at ? r->start : at;
        const size_t last = px_smaller(r->start + r->length, end);
        for (size_t e = first; e < last; e++)
            px_word_put(elements, e - at, size, swapped, r->pattern);
    }
}

void px_exception_list_put(const px_exception_list *list, const px_box *box,
                           const prism_array *array, void *elements) {
    const unsigned last = array->rank - 1;
    const size_t line = (size_t)box->count[last];
    const size_t bytes = line * prism_type_size(array->type);
    uint64_t index[PRISM_MAX_RANK] = {0};
    uint8_t *to = elements;
    for (bool more = list->count > 0; more; to += bytes) {
        size_t at = 0;
        for (unsigned i = 0; i <= last; i++)
            at = at * (size_t)array->dims[i] + (size_t)(box->start[i] + index[i]);
        put_line(list, at, at + line, array, to);
        more = px_box_next_line(box, array->rank, index);
    }
}
