/*
 * coder=deflate: the samples of all planes as one zlib stream. 16-bit planes are written as their
 * high bytes, then their low bytes, since the former are far more regular.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "stages.h"
#include "status.h"

static size_t plane_bytes(const px_planes *planes)
{
    return px_plane_size(planes) * (planes->depth / 8);
}

static void pack_plane(const px_planes *planes, size_t k, uint8_t *bytes)
{
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

static void unpack_plane(px_planes *planes, size_t k, const uint8_t *bytes)
{
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

static prism_status encode(const px_planes *planes, int effort, size_t limit, px_buffer *payload,
                           prism_error *error)
{
    z_stream stream = {0};
    size_t bytes = plane_bytes(planes);
    uint8_t *plane = malloc(bytes);
    uint8_t *out = px_buffer_reserve(payload, limit + 1);
    if (!plane || !out || deflateInit(&stream, effort) != Z_OK) {
        free(plane);
        return px_out_of_memory(error, bytes + limit);
    }
    stream.next_out = out;
    stream.avail_out = (uInt)(limit + 1);
    int result = Z_OK;
    for (size_t k = 0; k < planes->count && result == Z_OK && stream.avail_out; k++) {
        pack_plane(planes, k, plane);
        stream.next_in = plane;
        stream.avail_in = (uInt)bytes;
        result = deflate(&stream, k + 1 < planes->count ? Z_NO_FLUSH : Z_FINISH);
    }
    payload->size += (size_t)(stream.next_out - out);
    deflateEnd(&stream);
    free(plane);
    return PRISM_OK;
}

static prism_status corrupt(const z_stream *stream, prism_error *error)
{
    return px_fail(error, PRISM_E_CORRUPT, "zlib: %s",
                   stream->msg ? stream->msg : "the stream does not end with the planes");
}

static prism_status inflate_planes(z_stream *stream, px_planes *planes, uint8_t *plane,
                                   prism_error *error)
{
    for (size_t k = 0; k < planes->count; k++) {
        bool last = k + 1 == planes->count;
        stream->next_out = plane;
        stream->avail_out = (uInt)plane_bytes(planes);
        int result = inflate(stream, last ? Z_FINISH : Z_NO_FLUSH);
        if (stream->avail_out || result != (last ? Z_STREAM_END : Z_OK))
            return corrupt(stream, error);
        unpack_plane(planes, k, plane);
    }
    return stream->avail_in ? corrupt(stream, error) : PRISM_OK;
}

static prism_status decode(px_planes *planes, px_reader *payload, prism_error *error)
{
    z_stream stream = {0};
    uint8_t *plane = malloc(plane_bytes(planes));
    size_t size = px_reader_left(payload);
    stream.next_in = (Bytef *)(uintptr_t)px_get_bytes(payload, size); /* inflate only reads */
    stream.avail_in = (uInt)size;
    if (!plane || inflateInit(&stream) != Z_OK) {
        free(plane);
        return px_out_of_memory(error, plane_bytes(planes));
    }
    prism_status status = inflate_planes(&stream, planes, plane, error);
    inflateEnd(&stream);
    free(plane);
    return status;
}

const px_coder_stage px_deflate = {encode, decode};
