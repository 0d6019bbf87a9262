#include "pipeline/parts.h"

#include <zlib.h>

/* Shorter payloads are read at once, and so are those of which a part is nearly all. */
enum { LEAST_PAYLOAD = 1 << 13, LEAST_SAVED = 8 /* a share */ };

px_parts px_parts_make(const size_t ends[PX_MOST_REDUCED], size_t parameters, size_t payload) {
    px_parts parts = {.ends = {0}};
    const size_t most = payload >= LEAST_PAYLOAD ? payload - payload / LEAST_SAVED : 0;
    for (int i = 0; i < PX_MOST_REDUCED; i++)
        parts.ends[i] = ends[i] && ends[i] <= most ? parameters + ends[i] : 0;
    return parts;
}

bool px_parts_exist(const px_parts *parts) {
    for (int i = 0; i < PX_MOST_REDUCED; i++)
        if (parts->ends[i])
            return true;
    return false;
}

size_t px_parts_end(const px_parts *parts, int by) {
    for (int i = by; i > 0; i--)
        if (parts->ends[i - 1])
            return parts->ends[i - 1];
    return 0;
}

void px_parts_write(px_buffer *out, const px_parts *parts, bool checksums) {
    unsigned levels = 0;
    size_t before = 0;
    for (int i = 0; i < PX_MOST_REDUCED; i++)
        levels |= (unsigned)(parts->ends[i] > 0) << i;
    px_put_u8(out, (uint8_t)levels);
    for (int i = PX_MOST_REDUCED - 1; i >= 0; i--) {
        if (!parts->ends[i])
            continue;
        px_put_varint(out, parts->ends[i] - before);
        if (checksums)
            px_put_u32(out, parts->checksums[i]);
        before = parts->ends[i];
    }
}

bool px_parts_read(px_parts *parts, px_reader *in, bool checksums, uint64_t parameters,
                   uint64_t payload) {
    const unsigned levels = px_get_u8(in);
    uint64_t end = 0;
    *parts = (px_parts){.ends = {0}};
    if (!levels || levels >> PX_MOST_REDUCED)
        return false;
    for (int i = PX_MOST_REDUCED - 1; i >= 0; i--) {
        if (!(levels >> i & 1))
            continue;
        const uint64_t size = px_get_varint(in);
        if (in->failed || size > parameters + payload - end)
            return false;
        end += size;
        if (!size || end < parameters)
            return false;
        parts->ends[i] = (size_t)end;
        parts->checksums[i] = checksums ? px_get_u32(in) : 0;
    }
    return true;
}

/* Where part `by` begins: at the end of the next smaller picture's. */
static size_t start_of(const px_parts *parts, int by) {
    for (int i = by; i < PX_MOST_REDUCED; i++)
        if (parts->ends[i])
            return parts->ends[i];
    return 0;
}

uint32_t px_parts_crc(const px_parts *parts, int by, const uint8_t *parameters,
                      size_t parameter_size, const uint8_t *payload) {
    const size_t end = parts->ends[by - 1], start = start_of(parts, by);
    if (!end)
        return 0;
    const bool first = start == 0;
    const uLong before = first ? crc32_z(0, parameters, parameter_size) : 0;
    const size_t from = first ? 0 : start - parameter_size;
    return (uint32_t)crc32_z(before, payload + from, end - parameter_size - from);
}
