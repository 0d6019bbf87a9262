#include "coders/byte_transform.h"

#include <string.h>

#include "base/array.h"
#include "base/status.h"
#include "planes/planes.h"

/* ---- Elements in the order of planes ---- */

/* A part of the elements in the order of planes, as it lies in the array: `runs` of `length`
 * elements each, `stride` apart. Elements of a plane are runs of layout.inner. */
typedef struct piece {
    size_t first, runs, length, stride;
} piece;

/* The piece that begins at element `start` of the planes and has at most `most`. */
static piece piece_at(const px_layout *layout, size_t start, size_t most) {
    const size_t inner = layout->inner, within = start % inner, run = start / inner;
    const size_t plane = run / layout->outer, o = run % layout->outer;
    const size_t left = layout->outer - o, whole = most / inner;
    piece p = {.first = (o * layout->count + plane) * inner + within,
               .runs = 1,
               .length = inner - within < most ? inner - within : most,
               .stride = layout->count * inner};
    if (within == 0 && whole)
        p.runs = left < whole ? left : whole;
    return p;
}

#define DEFINE_PIECES(bits, word, swap)                                                            \
    typedef word __attribute__((aligned(1), may_alias)) loose##bits;                               \
    static inline word read_##bits(const loose##bits *at, bool swapped) {                          \
        return swapped ? swap(*at) : *at;                                                          \
    }                                                                                              \
    static void add_##bits(void *to, const void *elements, const piece *p, bool minus,             \
                           bool swapped) {                                                         \
        word *restrict sum = to;                                                                   \
        const word sign = (word)(minus ? -1 : 0);                                                  \
        const bool single = p->length == 1;                                                        \
        const size_t runs = single ? 1 : p->runs, length = single ? p->runs : p->length;           \
        const size_t step = single ? p->stride : 1;                                                \
        for (size_t r = 0; r < runs; r++, sum += length) {                                         \
            const loose##bits *run = (const loose##bits *)elements + p->first + r * p->stride;     \
            for (size_t i = 0; i < length && step > 1; i++)                                        \
                sum[i] =                                                                           \
                    (word)(sum[i] + (word)((read_##bits(run + i * step, swapped) ^ sign) - sign)); \
            for (size_t i = 0; i < length && step == 1; i++)                                       \
                sum[i] = (word)(sum[i] + (word)((read_##bits(run + i, swapped) ^ sign) - sign));   \
        }                                                                                          \
    }                                                                                              \
    static void put_##bits(void *elements, const void *from, const piece *p, bool swapped) {       \
        const loose##bits *given = from;                                                           \
        for (size_t r = 0; r < p->runs; r++, given += p->length) {                                 \
            loose##bits *run = (loose##bits *)elements + p->first + r * p->stride;                 \
            for (size_t i = 0; i < p->length; i++)                                                 \
                run[i] = read_##bits(given + i, swapped);                                          \
        }                                                                                          \
    }

/* ---- Zigzag, differences back ---- */

#define DEFINE_ARITHMETIC(bits, word)                                                              \
    static void zigzag_##bits(void *words, size_t count) {                                         \
        word *w = words;                                                                           \
        for (size_t i = 0; i < count; i++)                                                         \
            w[i] = (word)((word)(w[i] << 1) ^ (word) - (word)(w[i] >> (bits - 1)));                \
    }                                                                                              \
    static void unzigzag_##bits(void *words, size_t count) {                                       \
        word *w = words;                                                                           \
        for (size_t i = 0; i < count; i++)                                                         \
            w[i] = (word)((word)(w[i] >> 1) ^ (word) - (word)(w[i] & 1));                          \
    }                                                                                              \
    static void sum_##bits(void *words, size_t count, size_t distance) {                           \
        word *w = words;                                                                           \
        for (size_t i = distance; i < count; i++)                                                  \
            w[i] = (word)(w[i] + w[i - distance]);                                                 \
    }

/* ---- Shuffles ---- */

/* Some elements at a time, so that they stay near. */
enum { NEAR_ELEMENTS = 512 };

#define DEFINE_BYTES(bits, word)                                                                   \
    static void bytes_##bits(uint8_t *bytes, const void *words, size_t count) {                    \
        const word *w = words;                                                                     \
        for (size_t start = 0; start < count; start += NEAR_ELEMENTS) {                            \
            const size_t left = count - start, some = left < NEAR_ELEMENTS ? left : NEAR_ELEMENTS; \
            for (size_t k = 0; k < bits / 8; k++) {                                                \
                uint8_t *to = bytes + (bits / 8 - 1 - k) * count + start;                          \
                for (size_t i = 0; i < some; i++)                                                  \
                    to[i] = (uint8_t)(w[start + i] >> 8 * k);                                      \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static void words_##bits(void *words, const uint8_t *bytes, size_t count) {                    \
        word *w = words;                                                                           \
        memset(w, 0, count * sizeof *w);                                                           \
        for (size_t start = 0; start < count; start += NEAR_ELEMENTS) {                            \
            const size_t left = count - start, some = left < NEAR_ELEMENTS ? left : NEAR_ELEMENTS; \
            for (size_t k = 0; k < bits / 8; k++) {                                                \
                const uint8_t *from = bytes + (bits / 8 - 1 - k) * count + start;                  \
                for (size_t i = 0; i < some; i++)                                                  \
                    w[start + i] = (word)(w[start + i] | (word)from[i] << 8 * k);                  \
            }                                                                                      \
        }                                                                                          \
    }

#define SAME(x) (x)
#define DEFINE(bits, word, swap)                                                                   \
    DEFINE_PIECES(bits, word, swap)                                                                \
    DEFINE_ARITHMETIC(bits, word)                                                                  \
    DEFINE_BYTES(bits, word)

DEFINE(8, uint8_t, SAME)
DEFINE(16, uint16_t, __builtin_bswap16)
DEFINE(32, uint32_t, __builtin_bswap32)
DEFINE(64, uint64_t, __builtin_bswap64)

/* What is done to elements of one width. They need not be aligned; words are. */
typedef struct functions {
    void (*add)(void *to, const void *elements, const piece *p, bool minus, bool swapped);
    void (*put)(void *elements, const void *from, const piece *p, bool swapped);
    void (*zigzag)(void *words, size_t count);
    void (*unzigzag)(void *words, size_t count);
    void (*sum)(void *words, size_t count, size_t distance);
    void (*bytes)(uint8_t *bytes, const void *words, size_t count);
    void (*words)(void *words, const uint8_t *bytes, size_t count);
} functions;

#define FUNCTIONS(b)                                                                               \
    { add_##b, put_##b, zigzag_##b, unzigzag_##b, sum_##b, bytes_##b, words_##b }

static const functions *functions_of(size_t width) {
    static const functions all[] = {FUNCTIONS(8), FUNCTIONS(16), FUNCTIONS(32), FUNCTIONS(64)};
    return &all[width == 1 ? 0 : width == 2 ? 1 : width == 4 ? 2 : 3];
}

/* ---- Bits ---- */

/* A matrix of 8 x 8 bits, byte i being row i, on its other side (Hacker's Delight, 7-3). */
static uint64_t transpose_bits(uint64_t x) {
    uint64_t t = (x ^ (x >> 7)) & 0x00aa00aa00aa00aa;
    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & 0x0000cccc0000cccc;
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & 0x00000000f0f0f0f0;
    return x ^ t ^ (t << 28);
}

static size_t bit_plane_size(size_t count) {
    return count / 8 + (count % 8 != 0);
}

static uint64_t bytes_to_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return px_little_endian_64(word);
}

/* Byte k of 8 elements after 8 elements, 8 planes of bits of them. */
static void bits_of_bytes(uint8_t *planes, const uint8_t *bytes, size_t count) {
    const size_t size = bit_plane_size(count);
    for (size_t i = 0; i < size; i++) {
        uint8_t some[8] = {0};
        const size_t left = count - 8 * i;
        memcpy(some, bytes + 8 * i, left < 8 ? left : 8);
        const uint64_t turned = transpose_bits(bytes_to_word(some));
        for (unsigned b = 0; b < 8; b++)
            planes[(7 - b) * size + i] = (uint8_t)(turned >> 8 * b);
    }
}

static void bytes_of_bits(uint8_t *bytes, const uint8_t *planes, size_t count) {
    const size_t size = bit_plane_size(count);
    for (size_t i = 0; i < size; i++) {
        uint64_t turned = 0;
        for (unsigned b = 0; b < 8; b++)
            turned |= (uint64_t)planes[(7 - b) * size + i] << 8 * b;
        const uint64_t word = px_little_endian_64(transpose_bits(turned));
        const size_t left = count - 8 * i;
        memcpy(bytes + 8 * i, &word, left < 8 ? left : 8);
    }
}

enum { MOST_WIDTH = 8 };

static void shuffle_bits(uint8_t *planes, const uint8_t *words, size_t count, size_t width) {
    const size_t size = bit_plane_size(count);
    uint8_t bytes[NEAR_ELEMENTS * MOST_WIDTH], bits[NEAR_ELEMENTS];
    for (size_t i = 0; i < count; i += NEAR_ELEMENTS) {
        const size_t left = count - i, some = left < NEAR_ELEMENTS ? left : NEAR_ELEMENTS;
        const size_t part = bit_plane_size(some);
        functions_of(width)->bytes(bytes, words + i * width, some);
        for (size_t k = 0; k < width; k++) {
            bits_of_bytes(bits, bytes + k * some, some);
            for (size_t b = 0; b < 8; b++)
                memcpy(planes + (8 * k + b) * size + i / 8, bits + b * part, part);
        }
    }
}

static void unshuffle_bits(uint8_t *words, const uint8_t *planes, size_t count, size_t width) {
    const size_t size = bit_plane_size(count);
    uint8_t bytes[NEAR_ELEMENTS * MOST_WIDTH], bits[NEAR_ELEMENTS];
    for (size_t i = 0; i < count; i += NEAR_ELEMENTS) {
        const size_t left = count - i, some = left < NEAR_ELEMENTS ? left : NEAR_ELEMENTS;
        const size_t part = bit_plane_size(some);
        for (size_t k = 0; k < width; k++) {
            for (size_t b = 0; b < 8; b++)
                memcpy(bits + b * part, planes + (8 * k + b) * size + i / 8, part);
            bytes_of_bits(bytes + k * some, bits, some);
        }
        functions_of(width)->words(words + i * width, bytes, some);
    }
}

/* ---- There ---- */

size_t px_transformed_size(px_shuffle shuffle, size_t count, size_t width) {
    return shuffle == PX_SHUFFLE_BITS ? 8 * width * bit_plane_size(count) : width * count;
}

static bool is_little(void) {
    return px_native_order() == PRISM_LITTLE_ENDIAN;
}

/* Elements in the order of planes. */
typedef struct planes_view {
    px_layout layout;
    const functions *f;
    size_t width, count;
    bool swapped; /* the array's bytes, on this machine */
} planes_view;

static planes_view view_of(const prism_array *array, int axis) {
    planes_view v = {.layout = px_layout_make(array, axis),
                     .width = prism_type_size(array->type),
                     .count = (size_t)px_array_count(array),
                     .swapped = px_is_swapped(array)};
    v.f = functions_of(v.width);
    if (v.layout.count == 1 || v.layout.outer == 1)
        v.layout = (px_layout){.count = 1, .outer = 1, .inner = v.count};
    return v;
}

/* To words[count], the elements `back` before those from `start` on are added or taken away. */
static void add_elements(uint8_t *words, const planes_view *v, const void *elements, size_t start,
                         size_t count, size_t back, bool minus) {
    size_t done = back > start ? back - start : 0;
    while (done < count) {
        const piece p = piece_at(&v->layout, start + done - back, count - done);
        v->f->add(words + done * v->width, elements, &p, minus, v->swapped);
        done += p.runs * p.length;
    }
}

/* Differences of differences are elements with the sums of some of the distances between them,
 * those of an odd number of distances taken away. */
static size_t distance_of(const px_byte_transform *t, unsigned some) {
    size_t distance = 0;
    for (unsigned d = 0; d < t->differences; d++)
        distance += some >> d & 1 ? t->distances[d] : 0;
    return distance;
}

void px_byte_transform_words(void *words, const prism_array *array, const void *elements,
                             const px_byte_transform *t, size_t start, size_t count) {
    const planes_view v = view_of(array, t->axis);
    memset(words, 0, count * v.width);
    for (unsigned some = 0; some < 1u << t->differences; some++)
        add_elements(words, &v, elements, start, count, distance_of(t, some),
                     __builtin_popcount(some) % 2 != 0);
    if (t->zigzag)
        v.f->zigzag(words, count);
}

void px_byte_transform_shuffle(uint8_t *bytes, const void *words, size_t count, size_t width,
                               px_shuffle shuffle) {
    const functions *f = functions_of(width);
    if (shuffle == PX_SHUFFLE_BITS)
        shuffle_bits(bytes, words, count, width);
    else if (shuffle == PX_SHUFFLE_BYTES)
        f->bytes(bytes, words, count);
    else
        f->put(bytes, words, &(piece){.runs = 1, .length = count}, !is_little());
}

/* ---- And back ---- */

static void put_elements(void *elements, const planes_view *v, const uint8_t *words) {
    for (size_t done = 0; done < v->count;) {
        const piece p = piece_at(&v->layout, done, v->count - done);
        v->f->put(elements, words + done * v->width, &p, v->swapped);
        done += p.runs * p.length;
    }
}

void px_byte_transform_inverse(void *elements, void *scratch, const prism_array *array,
                               const uint8_t *bytes, const px_byte_transform *t) {
    const planes_view v = view_of(array, t->axis);
    if (t->shuffle == PX_SHUFFLE_BITS)
        unshuffle_bits(scratch, bytes, v.count, v.width);
    else if (t->shuffle == PX_SHUFFLE_BYTES)
        v.f->words(scratch, bytes, v.count);
    else
        v.f->put(scratch, bytes, &(piece){.runs = 1, .length = v.count}, !is_little());
    if (t->zigzag)
        v.f->unzigzag(scratch, v.count);
    for (unsigned d = t->differences; d-- > 0;)
        v.f->sum(scratch, v.count, t->distances[d]);
    put_elements(elements, &v, scratch);
}

/* ---- As parameters ---- */

enum { SHUFFLE_MASK = 3, ZIGZAG = 4, DIFFERENCES_SHIFT = 3 };

void px_byte_transform_write(px_buffer *out, const px_byte_transform *t) {
    px_put_u8(out, (uint8_t)((unsigned)t->shuffle | (t->zigzag ? ZIGZAG : 0) |
                             t->differences << DIFFERENCES_SHIFT));
    for (unsigned d = 0; d < t->differences; d++)
        px_put_varint(out, t->distances[d]);
}

prism_status px_byte_transform_read(px_byte_transform *t, px_reader *in, const prism_array *array,
                                    prism_error *error) {
    const uint64_t count = px_array_count(array);
    const unsigned flags = px_get_u8(in);
    *t = (px_byte_transform){.axis = PRISM_AXIS_AUTO,
                             .differences = flags >> DIFFERENCES_SHIFT,
                             .zigzag = (flags & ZIGZAG) != 0,
                             .shuffle = (px_shuffle)(flags & SHUFFLE_MASK)};
    if (t->shuffle > PX_SHUFFLE_BITS || t->differences > PX_MOST_DIFFERENCES)
        return px_fail(error, PRISM_E_CORRUPT, "byte transform %#x is not known", flags);
    for (unsigned d = 0; d < t->differences; d++) {
        const uint64_t distance = px_get_varint(in);
        if (!in->failed && (distance == 0 || distance >= count))
            return px_fail(error, PRISM_E_CORRUPT, "differences of elements %llu apart, of %llu",
                           (unsigned long long)distance, (unsigned long long)count);
        t->distances[d] = (size_t)distance;
    }
    return in->failed ? px_fail(error, PRISM_E_TRUNCATED, "the byte transform is not all there")
                      : PRISM_OK;
}
