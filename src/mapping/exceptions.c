#include "exceptions.h"

#include <stdlib.h>

#include "side.h"
#include "status.h"

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

static void code_run(px_side *side, models *m, run *r, const px_number *number) {
    uint64_t more = r->length - 1;
    int place = side->out ? place_of(m, r->pattern) : 0;
    px_side_number(side, &m->gap, &r->gap);
    px_side_number(side, &m->length, &more);
    px_side_integer(side, &m->pattern, &place, 0, 0, m->known);
    r->length = more + 1;
    if (place == m->known)
        px_side_number(side, &m->fresh, &r->pattern);
    else
        r->pattern = m->recent[place];
    side->bad |= r->pattern > px_word_last(number);
    move_to_front(m, place, r->pattern);
}

/* The next run at or after word `at`; false if there is none. */
static bool find_run(run *r, const px_words *words, const bool *is_exception, size_t at) {
    size_t start = at;
    while (start < words->count && !is_exception[start])
        start++;
    if (start == words->count)
        return false;
    size_t end = start + 1;
    while (end < words->count && is_exception[end] && words->bits[end] == words->bits[start])
        end++;
    *r = (run){.gap = start - at, .length = end - start, .pattern = words->bits[start]};
    return true;
}

size_t px_exception_runs(const px_words *words, const bool *is_exception) {
    size_t count = 0;
    run r;
    for (size_t at = 0; find_run(&r, words, is_exception, at); at += r.gap + r.length)
        count++;
    return count;
}

void px_exceptions_write(px_buffer *out, const px_words *words, const bool *is_exception) {
    px_range_encoder encoder = px_range_encoder_make(out);
    px_side side = {.out = &encoder};
    models m;
    run r;
    models_init(&m);
    for (size_t at = 0; find_run(&r, words, is_exception, at); at += r.gap + r.length) {
        px_encode_bit(&encoder, &m.more, 1);
        code_run(&side, &m, &r, words->number);
    }
    px_encode_bit(&encoder, &m.more, 0);
    px_range_encoder_finish(&encoder);
}

static void put_run(px_words *words, bool *is_exception, size_t start, const run *r) {
    for (size_t i = start; i < start + r->length; i++) {
        words->bits[i] = r->pattern;
        is_exception[i] = true;
    }
}

prism_status px_exceptions_read(px_reader *in, px_words *words, bool **is_exception,
                                prism_error *error) {
    px_range_decoder decoder = px_range_decoder_make(in);
    px_side side = {.in = &decoder};
    models m;
    models_init(&m);
    *is_exception = calloc(words->count, sizeof **is_exception);
    if (!*is_exception)
        return px_out_of_memory(error, words->count * sizeof **is_exception);
    for (size_t at = 0; px_decode_bit(&decoder, &m.more);) {
        run r = {.length = 1};
        code_run(&side, &m, &r, words->number);
        const size_t left = words->count - at;
        if (side.bad || in->failed || r.gap >= left || !r.length || r.length > left - r.gap)
            return px_fail(error, PRISM_E_CORRUPT, "exceptions lie outside of the array");
        put_run(words, *is_exception, at + r.gap, &r);
        at += r.gap + r.length;
    }
    return PRISM_OK;
}
