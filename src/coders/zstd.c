#include "coders/zstd.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"

/* What libzstd takes for itself to decode into memory of ours: ZSTD_estimateDCtxSize in version
 * 1.5.5 is 95,944; older versions take up to 160 KiB. */
enum { DECODER_BYTES = 1 << 18 };

/* Of a shuffle of bits, at most: that many bytes more than elements have. */
enum { BIT_PADDING = 64 };

prism_status px_zstd_make(px_zstd *z, size_t capacity, prism_error *error) {
    const size_t room = px_sum(capacity, BIT_PADDING);
    *z = (px_zstd){.context = ZSTD_createCCtx(), .room = room};
    z->words = px_alloc(room);
    z->bytes = px_alloc(room);
    z->coded = px_alloc(room);
    z->kept = px_alloc(room);
    return z->context && z->words && z->bytes && z->coded && z->kept
               ? PRISM_OK
               : px_out_of_memory(error, room);
}

void px_zstd_free(px_zstd *z) {
    ZSTD_freeCCtx(z->context);
    free(z->words);
    free(z->bytes);
    free(z->coded);
    free(z->kept);
    *z = (px_zstd){.context = NULL};
}

typedef struct setting {
    ZSTD_cParameter parameter;
    int value;
} setting;

static prism_status set_all(ZSTD_CCtx *context, const setting *settings, size_t count,
                            prism_error *error) {
    size_t result = 0;
    for (size_t i = 0; i < count && !ZSTD_isError(result); i++)
        result = ZSTD_CCtx_setParameter(context, settings[i].parameter, settings[i].value);
    return ZSTD_isError(result)
               ? px_fail(error, PRISM_E_INTERNAL, "zstd: %s", ZSTD_getErrorName(result))
               : PRISM_OK;
}

/* The largest power of two that is no more than `size`, and no more than libzstd's own. */
static int log_of(size_t size) {
    enum { MOST = 26 };
    int log = 0;
    while (log < MOST && size >> log > 1)
        log++;
    return log;
}

/* The tables of the highest levels, which take up to 32 bytes for one of a large array: two links
 * for each place are enough, and half a head. */
static prism_status set_tables(ZSTD_CCtx *context, int effort, size_t count, prism_error *error) {
    enum { LARGE_TABLES = 20, LARGE = 1 << 22 };
    const int log = log_of(count);
    const setting settings[] = {{ZSTD_c_chainLog, log + 1}, {ZSTD_c_hashLog, log - 1}};
    return effort == PX_ZSTD_QUICK || px_efforts.zstd_level[effort] < LARGE_TABLES || count < LARGE
               ? PRISM_OK
               : set_all(context, settings, sizeof settings / sizeof *settings, error);
}

/*
 * Between levels 12 and 19, what costs time is how many places are looked at, and how far ahead.
 * Few places for the optimal parser, but matches of three bytes, come within 1 to 5 % of level 19
 * at two to four times its speed; level 15, which is as fast, misses it by up to 30 %.
 */
static prism_status set_effort(ZSTD_CCtx *context, int effort, prism_error *error) {
    enum { QUICK_LEVEL = 1, SHORTEST_MATCH = 3, FIRST_ENOUGH = 16, HASH_LOG = 19, CHAIN_LOG = 21 };
    const int search = px_efforts.zstd_search[effort];
    const int level = effort == PX_ZSTD_QUICK ? QUICK_LEVEL : px_efforts.zstd_level[effort];
    const setting settings[] = {{ZSTD_c_compressionLevel, level},
                                {ZSTD_c_contentSizeFlag, 0},
                                {ZSTD_c_checksumFlag, 0},
                                {ZSTD_c_strategy, ZSTD_btopt},
                                {ZSTD_c_minMatch, SHORTEST_MATCH},
                                {ZSTD_c_hashLog, HASH_LOG},
                                {ZSTD_c_chainLog, CHAIN_LOG},
                                {ZSTD_c_searchLog, search},
                                {ZSTD_c_targetLength, FIRST_ENOUGH << search}};
    enum { ALWAYS = 3, ALL = sizeof settings / sizeof *settings };
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters); /* nothing goes on */
    return set_all(context, settings, search ? ALL : ALWAYS, error);
}

prism_status px_zstd_frame(size_t *size, px_zstd *z, const uint8_t *bytes, size_t count,
                           size_t most, int effort, prism_error *error) {
    *size = SIZE_MAX;
    prism_status status = set_effort(z->context, effort, error);
    if (status == PRISM_OK)
        status = set_tables(z->context, effort, count, error);
    if (status != PRISM_OK)
        return status;
    const size_t result = ZSTD_compress2(z->context, z->coded, most, bytes, count);
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_no_error:
        *size = result;
        return PRISM_OK;
    case ZSTD_error_dstSize_tooSmall:
        return PRISM_OK;
    case ZSTD_error_memory_allocation:
        return px_out_of_memory(error, count);
    default:
        return px_fail(error, PRISM_E_INTERNAL, "zstd: %s", ZSTD_getErrorName(result));
    }
}

prism_status px_zstd_encode(size_t *size, px_zstd *z, const prism_array *array,
                            const void *elements, const px_byte_transform *t, int effort,
                            prism_error *error) {
    const size_t width = prism_type_size(array->type), count = (size_t)px_array_count(array);
    px_byte_transform_words(z->words, array, elements, t, 0, count);
    px_byte_transform_shuffle(z->bytes, z->words, count, width, t->shuffle);
    return px_zstd_frame(size, z, z->bytes, px_transformed_size(t->shuffle, count, width),
                         count * width, effort, error);
}

void px_zstd_keep(px_zstd *z) {
    uint8_t *kept = z->kept;
    z->kept = z->coded;
    z->coded = kept;
}

/* ---- Decoding ---- */

/* Memory of ours is all that decoding fills, so that no window need fit anywhere. A frame may say
 * how much it holds; ours do not, since the shape does. */
static prism_status check_frame(const uint8_t *frame, size_t size, size_t bytes,
                                prism_error *error) {
    const unsigned long long content = ZSTD_getFrameContentSize(frame, size);
    if (content != bytes && content != ZSTD_CONTENTSIZE_UNKNOWN)
        return px_fail(error, PRISM_E_CORRUPT, "zstd: the frame does not hold the elements");
    if (ZSTD_findFrameCompressedSize(frame, size) != size)
        return px_fail(error, PRISM_E_CORRUPT, "zstd: the payload is not one frame");
    return PRISM_OK;
}

static prism_status decode_frame(uint8_t *bytes, size_t count, const uint8_t *frame, size_t size,
                                 prism_error *error) {
    prism_status status = check_frame(frame, size, count, error);
    if (status != PRISM_OK)
        return status;
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context)
        return px_out_of_memory(error, DECODER_BYTES);
    const size_t result = ZSTD_decompressDCtx(context, bytes, count, frame, size);
    ZSTD_freeDCtx(context);
    if (result != count)
        return px_fail(error, PRISM_E_CORRUPT, "zstd: %s",
                       ZSTD_isError(result) ? ZSTD_getErrorName(result)
                                            : "the frame does not hold the elements");
    return PRISM_OK;
}

/* Bytes of the elements, shuffled. */
static size_t content_size(const prism_array *array, const px_byte_transform *t) {
    return px_transformed_size(t->shuffle, (size_t)px_array_count(array),
                               prism_type_size(array->type));
}

prism_status px_zstd_decode(void *elements, const prism_array *array, int axis,
                            px_reader *parameters, px_reader *payload, prism_error *error) {
    px_byte_transform t;
    size_t room;
    prism_status status = prism_array_size(array, &room, error);
    if (status == PRISM_OK)
        status = px_byte_transform_read(&t, parameters, array, error);
    if (status != PRISM_OK)
        return status;
    t.axis = axis;
    const size_t count = content_size(array, &t), size = px_reader_left(payload);
    uint8_t *bytes = px_alloc(count);
    void *scratch = px_alloc(room);
    status = bytes && scratch ? decode_frame(bytes, count, px_get_bytes(payload, size), size, error)
                              : px_out_of_memory(error, count + room);
    if (status == PRISM_OK)
        px_byte_transform_inverse(elements, scratch, array, bytes, &t);
    free(bytes);
    free(scratch);
    return status;
}

uint64_t px_zstd_memory(const prism_array *array, px_reader parameters) {
    px_byte_transform t;
    size_t room;
    if (prism_array_size(array, &room, NULL) != PRISM_OK ||
        px_byte_transform_read(&t, &parameters, array, NULL) != PRISM_OK)
        return 0;
    return (uint64_t)content_size(array, &t) + room + DECODER_BYTES;
}
