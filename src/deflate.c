/*
 * coder=deflate: the samples of all planes as one zlib stream. 16-bit planes are written as their
 * high bytes, then their low bytes, since the former are far more regular.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sizes.h"
#include "stages.h"
#include "status.h"

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
enum { SLICES = 16, SLICE_BYTES = 1 << 13 };

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

static size_t deflated_size(uint8_t *bytes, size_t size, int effort, int strategy, uint8_t *out,
                            size_t capacity) {
    z_stream stream = {
        .next_in = bytes, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)capacity};
    if (deflateInit2(&stream, effort, Z_DEFLATED, MAX_WBITS, MAX_MEM_LEVEL, strategy) != Z_OK)
        return SIZE_MAX;
    deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return capacity - stream.avail_out;
}

static int choose_strategy(const px_planes *planes, int effort, uint8_t *plane) {
    static const int strategies[] = {Z_HUFFMAN_ONLY, Z_FILTERED, Z_DEFAULT_STRATEGY};
    const size_t capacity = 2 * SLICES * SLICE_BYTES;
    uint8_t *sample = px_alloc(SLICES * SLICE_BYTES + capacity);
    if (!sample)
        return Z_DEFAULT_STRATEGY;
    size_t size = gather_sample(planes, plane, sample), least = SIZE_MAX;
    int best = Z_DEFAULT_STRATEGY;
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
        size_t deflated = deflated_size(sample, size, effort, strategies[i],
                                        sample + SLICES * SLICE_BYTES, capacity);
        if (least == SIZE_MAX || deflated + deflated / 200 < least) {
            least = deflated;
            best = strategies[i];
        }
    }
    free(sample);
    return best;
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

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, size_t limit,
                           px_buffer *parameters, px_buffer *payload, prism_error *error) {
    (void)parameters;
    const int effort = pipeline->effort;
    const size_t room = limit + 1;
    uint8_t *plane = malloc(px_plane_bytes(planes));
    uint8_t *out = px_buffer_reserve(payload, room);
    if (!plane || !out) {
        free(plane);
        return px_out_of_memory(error, px_plane_bytes(planes) + room);
    }
    prism_status status = PRISM_OK;
    int strategy = choose_strategy(planes, effort, plane);
    z_stream stream = {.next_out = out, .avail_out = (uInt)room};
    if (deflateInit2(&stream, effort, Z_DEFLATED, MAX_WBITS, MAX_MEM_LEVEL, strategy) != Z_OK)
        status = px_out_of_memory(error, 1 << 18);
    else
        status = deflate_planes(planes, &stream, plane, error);
    payload->size += room - stream.avail_out;
    deflateEnd(&stream);
    free(plane);
    return status;
}

static prism_status corrupt(const z_stream *stream, prism_error *error) {
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
            return corrupt(stream, error);
        unpack_plane(planes, k, plane);
    }
    return stream->avail_in ? corrupt(stream, error) : PRISM_OK;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, int threads, prism_error *error) {
    (void)pipeline, (void)parameters, (void)threads;
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

const px_coder_stage px_deflate = {false, encode, decode};
