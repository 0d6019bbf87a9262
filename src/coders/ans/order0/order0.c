/*
 * Method 7, order0: every sample by how often its value comes, wherever it stands. Nothing is
 * better for noise of a few values, where models of neighbours only cost. Four rANS states take
 * turns. docs/FORMAT.md, "Method 7, order0".
 */
#include "coders/ans/order0/order0.h"

#include <math.h>
#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "entropy/field_coder.h"
#include "entropy/rans.h"
#include "planes/values.h"

enum { BITS = 14, SLOTS = 1 << BITS, MOST_VALUES = 1 << 12, STATES = 4, PLACES = 1 << 16 };

typedef struct histogram {
    size_t count;                 /* values */
    int16_t samples[MOST_VALUES]; /* growing */
    uint16_t shares[MOST_VALUES]; /* slots, at least 1; SLOTS in all */
} histogram;

/* ---- Counting ---- */

typedef struct extent {
    uint16_t first, last; /* places */
} extent;

static extent extent_of(const px_planes *planes) {
    extent e = {UINT16_MAX, 0};
    for (size_t k = 0; k < planes->count; k++) {
        const int16_t *samples = px_plane(planes, k);
        for (size_t i = 0; i < px_plane_size(planes); i++) {
            const uint16_t place = px_value_of_sample(samples[i]);
            e.first = place < e.first ? place : e.first;
            e.last = place > e.last ? place : e.last;
        }
    }
    return e;
}

/* How often each place from `first` on comes. Returns the sum. */
static uint64_t count_samples(uint32_t *counts, const px_planes *planes, uint16_t first) {
    for (size_t k = 0; k < planes->count; k++) {
        const int16_t *samples = px_plane(planes, k);
        for (size_t i = 0; i < px_plane_size(planes); i++)
            counts[px_value_of_sample(samples[i]) - first]++;
    }
    return (uint64_t)planes->count * px_plane_size(planes);
}

prism_status px_order0_bytes(size_t *bytes, const px_planes *planes, prism_error *error) {
    enum { SIDE_BYTES = 2 }; /* for a value */
    const extent e = extent_of(planes);
    const size_t places = (uint16_t)(e.last - e.first) + (size_t)1;
    uint32_t *counts = calloc(places, sizeof *counts);
    size_t values = 0;
    double bits = 0;
    if (!counts)
        return px_out_of_memory(error, places * sizeof *counts);
    const double all = (double)count_samples(counts, planes, e.first);
    for (size_t i = 0; i <= (size_t)(e.last - e.first); i++)
        values += counts[i] > 0;
    for (size_t i = 0; i <= (size_t)(e.last - e.first) && values <= MOST_VALUES; i++)
        if (counts[i])
            bits += counts[i] * log2(all / counts[i]);
    free(counts);
    *bytes = values <= MOST_VALUES ? (size_t)(bits / 8) + SIDE_BYTES * values : SIZE_MAX;
    return PRISM_OK;
}

/* Shares as near to the counts as whole slots allow: what is over or missing goes to the values
 * that feel it least, the most frequent ones. */
static void share_out(histogram *h, const uint32_t *counts, extent e, uint64_t all) {
    int left = SLOTS;
    h->count = 0;
    for (size_t i = 0; i <= (size_t)(e.last - e.first); i++) {
        if (!counts[i])
            continue;
        const uint64_t share = (counts[i] * (uint64_t)SLOTS + all / 2) / all;
        h->samples[h->count] = (int16_t)((int)i + e.first + INT16_MIN);
        h->shares[h->count] = (uint16_t)(share ? share : 1);
        left -= h->shares[h->count++];
    }
    while (left) {
        size_t most = 0;
        for (size_t i = 1; i < h->count; i++)
            if (h->shares[i] > h->shares[most])
                most = i;
        const int step = left > 0                      ? left
                         : -left < h->shares[most] / 2 ? left
                                                       : -h->shares[most] / 2;
        h->shares[most] = (uint16_t)(h->shares[most] + step);
        left -= step;
    }
}

/* ---- Side information ---- */

static void code_histogram(px_field_coder *side, histogram *h, unsigned depth) {
    const int low = depth == 8 ? INT8_MIN : INT16_MIN;
    px_integer count, first, gap, share;
    px_integer *models[] = {&count, &first, &gap, &share};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        px_integer_init(models[i]);
    int values = (int)h->count, left = SLOTS;
    px_field_integer(side, &count, &values, 0, 1, MOST_VALUES);
    h->count = (size_t)values;
    for (size_t i = 0; i < h->count && !side->bad; i++) {
        int sample = h->samples[i], slots = h->shares[i];
        px_field_integer(side, i ? &gap : &first, &sample, i ? h->samples[i - 1] + 1 : low,
                         i ? h->samples[i - 1] + 1 : low, -low - 1);
        if (i + 1 < h->count)
            px_field_integer(side, &share, &slots, 1, 1, left - 1);
        else
            slots = left;
        left -= slots;
        h->samples[i] = (int16_t)sample;
        h->shares[i] = (uint16_t)slots;
    }
}

/* ---- Encoding ---- */

typedef struct encoder {
    uint16_t first[PLACES], share[PLACES]; /* slots of a sample */
    px_rans_stream stream;
} encoder;

static void encode_planes(encoder *e, const px_planes *planes) {
    const size_t size = px_plane_size(planes);
    for (size_t k = planes->count; k-- > 0;)
        for (size_t i = size; i-- > 0;) {
            const uint16_t place = px_value_of_sample(px_plane(planes, k)[i]);
            uint32_t *state = &e->stream.states[(k * size + i) % STATES];
            px_rans_writer out = {*state, e->stream.head};
            px_rans_write(&out, e->first[place], e->share[place], BITS);
            *state = out.state;
            e->stream.head = out.head;
        }
}

static void set_slots(encoder *e, const histogram *h) {
    uint32_t first = 0;
    for (size_t i = 0; i < h->count; i++) {
        const uint16_t place = px_value_of_sample(h->samples[i]);
        e->first[place] = (uint16_t)first;
        e->share[place] = h->shares[i];
        first += h->shares[i];
    }
}

/* A sample takes a word at most. */
static prism_status encode_all(const px_planes *planes, const histogram *h, px_buffer *payload,
                               prism_error *error) {
    px_pool pool = {.count = 0};
    encoder *e = px_pool_take(&pool, sizeof *e);
    const size_t words = px_sum(px_product(planes->count, px_plane_size(planes)), 2 * STATES);
    prism_status status = px_pool_status(&pool, error);
    if (status == PRISM_OK)
        status = px_rans_take(&e->stream, &pool, words, error);
    if (status == PRISM_OK) {
        px_rans_start(&e->stream, STATES);
        set_slots(e, h);
        encode_planes(e, planes);
        px_rans_put_states(&e->stream);
        px_rans_put(payload, &e->stream);
    }
    px_pool_free(&pool);
    return status;
}

static prism_status encode(const px_planes *planes, const px_task *task, px_coded *out,
                           prism_error *error) {
    (void)task;
    const extent e = extent_of(planes);
    uint32_t *counts = px_alloc_zeroed((uint64_t)(e.last - e.first + 1), sizeof *counts);
    histogram *h = malloc(sizeof *h);
    prism_status status = counts && h ? PRISM_OK : px_out_of_memory(error, PLACES * 4);
    if (status == PRISM_OK) {
        share_out(h, counts, e, count_samples(counts, planes, e.first));
        px_range_encoder coder = px_range_encoder_make(&out->sections.parameters);
        code_histogram(&(px_field_coder){.out = &coder}, h, planes->depth);
        px_range_encoder_finish(&coder);
        out->pipeline.transform = PRISM_TRANSFORM_NONE;
        status = encode_all(planes, h, &out->sections.payload, error);
    }
    free(counts);
    free(h);
    return status;
}

/* ---- Decoding ---- */

typedef struct slot {
    int16_t sample;
    uint16_t share, offset;
} slot;

static void fill_slots(slot *slots, const histogram *h) {
    for (size_t i = 0; i < h->count; i++)
        for (uint16_t offset = 0; offset < h->shares[i]; offset++)
            *slots++ = (slot){h->samples[i], h->shares[i], offset};
}

/* `turn`: of the state that the first sample is of. */
static void decode_block(int16_t *samples, size_t count, size_t turn, const slot *slots,
                         px_rans_stream *stream) {
    px_rans_reader in = {.words = stream->words};
    for (size_t i = 0; i < count; i++) {
        uint32_t *state = &stream->states[(turn + i) % STATES];
        in.state = *state;
        const slot s = slots[px_rans_slot(&in, BITS)];
        samples[i] = s.sample;
        px_rans_skip(&in, s.offset, s.share, BITS);
        *state = in.state;
    }
    stream->words = in.words;
}

/* In blocks that reach no further beyond the end of the words than there are zeros. */
static void decode_planes(px_planes *planes, const slot *slots, px_rans_stream *stream) {
    const size_t size = px_plane_size(planes);
    for (size_t k = 0; k < planes->count; k++)
        for (size_t i = 0; i < size && !stream->failed; i += PX_RANS_GUARD) {
            const size_t left = size - i, count = left < PX_RANS_GUARD ? left : PX_RANS_GUARD;
            decode_block(px_plane(planes, k) + i, count, k * size + i, slots, stream);
            stream->failed = stream->words > stream->end;
        }
}

static prism_status read_histogram(histogram *h, px_reader *parameters, unsigned depth,
                                   prism_error *error) {
    px_range_decoder coder = px_range_decoder_make(parameters);
    px_field_coder side = {.in = &coder};
    code_histogram(&side, h, depth);
    return side.bad || parameters->failed
               ? px_fail(error, PRISM_E_CORRUPT, "the histogram is damaged")
               : PRISM_OK;
}

static prism_status decode_all(px_planes *planes, const slot *slots, px_reader *payload,
                               prism_error *error) {
    px_pool pool = {.count = 0};
    px_rans_stream stream = {.count = STATES};
    prism_status status = px_rans_get(&stream, payload, &pool, error);
    bool done = status == PRISM_OK && px_rans_begin(&stream);
    if (done) {
        decode_planes(planes, slots, &stream);
        done = px_rans_ended(&stream) && stream.words == stream.end;
    }
    px_pool_free(&pool);
    return status != PRISM_OK || done
               ? status
               : px_fail(error, PRISM_E_CORRUPT, "the payload does not end with the samples");
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)request;
    if (pipeline->transform != PRISM_TRANSFORM_NONE)
        return px_fail(error, PRISM_E_CORRUPT, "a histogram goes with no transform");
    histogram *h = malloc(sizeof *h);
    slot *slots = px_alloc(SLOTS, sizeof *slots);
    prism_status status = h && slots ? read_histogram(h, parameters, planes->depth, error)
                                     : px_out_of_memory(error, SLOTS * sizeof *slots);
    if (status == PRISM_OK) {
        fill_slots(slots, h);
        status = decode_all(planes, slots, payload, error);
    }
    free(h);
    free(slots);
    return status;
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    (void)planes, (void)pipeline, (void)parameters;
    return sizeof(histogram) + SLOTS * sizeof(slot) + px_rans_memory(payload_size);
}

const px_coder_stage px_order0 = {
    .encode = encode, .decode = decode, .decode_memory = decode_memory};
