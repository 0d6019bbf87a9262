/*
 * coder=deflate: the samples of all planes as one zlib stream. 16-bit planes are written as their
 * high bytes, then their low bytes, since the former are far more regular.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"
#include "coders/guess.h"
#include "planes/stages.h"

static void pack_plane(const px_planes *planes, size_t k, uint8_t *bytes) {
    const size_t size = px_plane_size(planes);
    const int16_t *samples = px_plane(planes, k);
    if (planes->depth == 8) {
        for (size_t p = 0; p < size; p++)
            bytes[p] = (uint8_t)samples[p];
        return;
    }
    for (size_t p = 0; p < size; p++) {
        bytes[p] = (uint8_t)((uint16_t)samples[p] >> 8);
        bytes[size + p] = (uint8_t)samples[p];
    }
}

static void unpack_plane(px_planes *planes, size_t k, const uint8_t *bytes) {
    const size_t size = px_plane_size(planes);
    int16_t *samples = px_plane(planes, k);
    if (planes->depth == 8) {
        for (size_t p = 0; p < size; p++)
            samples[p] = (int8_t)bytes[p];
        return;
    }
    for (size_t p = 0; p < size; p++)
        samples[p] = (int16_t)(uint16_t)(bytes[p] << 8 | bytes[size + p]);
}

/*
 * Residuals rarely repeat: on most of them Huffman coding alone is both smaller and many times
 * faster than looking for matches, which on few-valued or unpredicted data it is not. A sample
 * tells: SLICES pieces, evenly spread over the planes and over their high and low bytes.
 */
enum { SLICES = 16, SLICE_BYTES = 1 << 13, LEAST_ROOM = 64 };

static size_t gather_sample(const px_planes *planes, uint8_t *plane, uint8_t *sample) {
    const size_t bytes = px_plane_bytes(planes);
    const size_t slice = bytes < SLICE_BYTES ? bytes : SLICE_BYTES;
    const size_t slices = planes->count < SLICES ? planes->count : SLICES;
    size_t size = 0;
    for (size_t i = 0; i < slices; i++) {
        pack_plane(planes, i * planes->count / slices, plane);
        size_t start = (bytes - slice) * (i % 4) / 3;
        memcpy(sample + size, plane + start, slice);
        size += slice;
    }
    return size;
}

/* What zlib takes for itself with our settings, at most. */
enum { STATE_BYTES = 1 << 18, WINDOW_BYTES = 1 << 15, INFLATE_BYTES = 1 << 13 };

/* zlib clears its memory at every start: the window need not be longer than the data, nor its
 * tables have more places than the data has bytes. Matches are the same. */
static prism_status deflate_open(z_stream *stream, size_t size, int effort, int strategy,
                                 prism_error *error) {
    enum { LEAST_WINDOW = 9, LOOKAHEAD = 262, MEMORY_TO_BITS = 6 };
    int window = LEAST_WINDOW, memory = 1;
    while (window < MAX_WBITS && (size_t)1 << window < size + LOOKAHEAD)
        window++;
    while (memory < MAX_MEM_LEVEL && (size_t)1 << (memory + MEMORY_TO_BITS) < size)
        memory++;
    return deflateInit2(stream, effort, Z_DEFLATED, window, memory, strategy) == Z_OK
               ? PRISM_OK
               : px_out_of_memory(error, STATE_BYTES);
}

static prism_status deflated_size(size_t *deflated, uint8_t *bytes, size_t size, int effort,
                                  int strategy, uint8_t *out, size_t capacity, prism_error *error) {
    z_stream stream = {
        .next_in = bytes, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)capacity};
    prism_status status = deflate_open(&stream, size, effort, strategy, error);
    if (status != PRISM_OK)
        return status;
    deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    *deflated = capacity - stream.avail_out;
    return PRISM_OK;
}

static prism_status choose_strategy(int *best, const px_planes *planes, int effort, uint8_t *plane,
                                    prism_error *error) {
    static const int strategies[] = {Z_HUFFMAN_ONLY, Z_FILTERED, Z_DEFAULT_STRATEGY};
    enum { MOST_GREEDY = 3 }; /* zlib's levels up to that filter nothing */
    const size_t all = planes->count * px_plane_bytes(planes), most = SLICES * SLICE_BYTES;
    const size_t room = all < most ? all : most, capacity = 2 * room + LEAST_ROOM;
    uint8_t *sample = px_alloc(px_sum(room, capacity));
    if (!sample)
        return px_out_of_memory(error, room + capacity);
    size_t size = gather_sample(planes, plane, sample), least = SIZE_MAX, deflated = 0;
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies && status == PRISM_OK; i++) {
        if ((all < PX_TINY_BYTES || effort <= MOST_GREEDY) && strategies[i] == Z_FILTERED)
            continue;
        status = deflated_size(&deflated, sample, size, effort, strategies[i], sample + room,
                               capacity, error);
        if (least == SIZE_MAX || deflated + deflated / 200 < least) {
            least = deflated;
            *best = strategies[i];
        }
    }
    free(sample);
    return status;
}

/* All planes of a tiny chunk, one after the other; NULL without memory. Free it. */
static uint8_t *pack_planes(const px_planes *planes, size_t *size, prism_error *error) {
    const size_t plane = px_plane_bytes(planes);
    uint8_t *bytes = px_alloc(planes->count, plane);
    *size = planes->count * plane;
    if (!bytes)
        px_out_of_memory(error, *size);
    for (size_t k = 0; bytes && k < planes->count; k++)
        pack_plane(planes, k, bytes + k * plane);
    return bytes;
}

prism_status px_deflate_guess(double *bytes, const px_planes *planes, prism_error *error) {
    size_t size;
    uint8_t *packed = pack_planes(planes, &size, error);
    if (!packed)
        return PRISM_E_MEMORY;
    *bytes = px_guess_deflate(packed, size).bytes;
    free(packed);
    return PRISM_OK;
}

/* Without trials. Chains of places that are all the same would take longest here. */
static prism_status encode_swiftly(const px_planes *planes, int effort, size_t limit,
                                   px_buffer *payload, prism_error *error) {
    const size_t room = limit + 1;
    size_t size, deflated = 0;
    uint8_t *packed = pack_planes(planes, &size, error);
    uint8_t *out = px_buffer_reserve(payload, room);
    prism_status status = packed ? PRISM_OK : PRISM_E_MEMORY;
    if (packed && !out)
        status = px_out_of_memory(error, room);
    if (status == PRISM_OK) {
        const bool matches = px_guess_deflate(packed, size).matches;
        status = deflated_size(&deflated, packed, size, px_efforts.deflate_small[effort],
                               matches ? Z_DEFAULT_STRATEGY : Z_HUFFMAN_ONLY, out, room, error);
        payload->size += deflated;
    }
    free(packed);
    return status;
}

static prism_status deflate_planes(const px_planes *planes, z_stream *stream, uint8_t *plane,
                                   prism_error *error) {
    int result = Z_OK;
    for (size_t k = 0; k < planes->count && result == Z_OK && stream->avail_out; k++) {
        pack_plane(planes, k, plane);
        stream->next_in = plane;
        stream->avail_in = (uInt)px_plane_bytes(planes);
        result = deflate(stream, k + 1 < planes->count ? Z_NO_FLUSH : Z_FINISH);
    }
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR
               ? PRISM_OK
               : px_fail(error, PRISM_E_INTERNAL, "zlib failed with %d", result);
}

static prism_status encode(const px_planes *planes, const px_task *task, px_coded *out,
                           prism_error *error) {
    px_buffer *payload = &out->sections.payload;
    const int effort = task->effort;
    const size_t room = task->limit + 1;
    if (task->swift)
        return encode_swiftly(planes, effort, task->limit, payload, error);
    uint8_t *plane = malloc(px_plane_bytes(planes));
    uint8_t *deflated = px_buffer_reserve(payload, room);
    if (!plane || !deflated) {
        free(plane);
        return px_out_of_memory(error, px_plane_bytes(planes) + room);
    }
    int strategy = Z_DEFAULT_STRATEGY;
    z_stream stream = {.next_out = deflated, .avail_out = (uInt)room};
    prism_status status = choose_strategy(&strategy, planes, effort, plane, error);
    if (status == PRISM_OK)
        status =
            deflate_open(&stream, planes->count * px_plane_bytes(planes), effort, strategy, error);
    if (status == PRISM_OK) {
        status = deflate_planes(planes, &stream, plane, error);
        payload->size += room - stream.avail_out;
        deflateEnd(&stream);
    }
    free(plane);
    return status;
}

static prism_status refuse(const z_stream *stream, int result, prism_error *error) {
    if (result == Z_MEM_ERROR)
        return px_out_of_memory(error, WINDOW_BYTES);
    return px_fail(error, PRISM_E_CORRUPT, "zlib: %s",
                   stream->msg ? stream->msg : "the stream does not end with the planes");
}

static prism_status inflate_planes(z_stream *stream, px_planes *planes, uint8_t *plane,
                                   prism_error *error) {
    for (size_t k = 0; k < planes->count; k++) {
        bool last = k + 1 == planes->count;
        stream->next_out = plane;
        stream->avail_out = (uInt)px_plane_bytes(planes);
        int result = inflate(stream, last ? Z_FINISH : Z_NO_FLUSH);
        if (stream->avail_out || result != (last ? Z_STREAM_END : Z_OK))
            return refuse(stream, result, error);
        unpack_plane(planes, k, plane);
    }
    return stream->avail_in ? refuse(stream, Z_DATA_ERROR, error) : PRISM_OK;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)pipeline, (void)parameters, (void)request;
    z_stream stream = {0};
    uint8_t *plane = malloc(px_plane_bytes(planes));
    size_t size = px_reader_left(payload);
    stream.next_in = (Bytef *)(uintptr_t)px_get_bytes(payload, size); /* inflate only reads */
    stream.avail_in = (uInt)size;
    if (!plane || inflateInit(&stream) != Z_OK) {
        free(plane);
        return px_out_of_memory(error, px_plane_bytes(planes));
    }
    prism_status status = inflate_planes(&stream, planes, plane, error);
    inflateEnd(&stream);
    free(plane);
    return status;
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    (void)pipeline, (void)parameters, (void)payload_size;
    return px_plane_bytes(planes) + WINDOW_BYTES + INFLATE_BYTES;
}

const px_coder_stage px_deflate = {
    .encode = encode, .decode = decode, .decode_memory = decode_memory};
