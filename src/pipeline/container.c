/*
 *   +----------+---------+-------+------+-------+------+------------+
 *   | "PRSM" 4 | version | flags | type | order | rank | dims ...   |
 *   +----------+---------+-------+------+-------+------+------------+
 *   +-----------+-----------+-------+--------+----------+
 *   | transform | predictor | coder | effort | axis + 1 |
 *   +-----------+-----------+-------+--------+----------+
 *   +-----------------+---------------+--------------+-------+------------+
 *   | parameter bytes | payload bytes | elements CRC | parts | header CRC |
 *   +-----------------+---------------+--------------+-------+------------+
 *   +--------------------+----------+
 *   | head payload bytes | head CRC |
 *   +--------------------+----------+
 *   +------------+---------+-------+
 *   | parameters | payload | CRC 4 |
 *   +------------+---------+-------+
 *
 * One byte a field where no size is given; dims and byte counts are varints; all CRCs are there if
 * flag 0 is set, that of the header only with parts, and these if flag 3 is. Where axis + 1 is 255,
 * the number of axes that count planes and all axes longer than 1 follow it. The head, which a
 * chunk in blocks (flag 4) has, is all before the blocks: header, parameters and, where it is
 * mapped, the first bytes of the payload.
 */
#include "pipeline/container.h"

#include <string.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"

enum {
    FLAG_CHECKSUM = 1,
    FLAG_MAPPED = 4,
    FLAG_PARTS = 8,
    FLAG_BLOCKS = 16,
    CRC_SIZE = 4,
    MAGIC_SIZE = 4,
    ROLES = 255
};

static const uint8_t magic[MAGIC_SIZE] = {'P', 'R', 'S', 'M'};

static void write_axis(px_buffer *out, const px_pipeline *pipeline) {
    const px_roles *roles = &pipeline->roles;
    px_put_u8(out, roles->rank ? ROLES : (uint8_t)(pipeline->axis + 1));
    if (!roles->rank)
        return;
    px_put_u8(out, roles->planes);
    px_put_bytes(out, roles->axes, roles->rank);
}

static uint32_t crc_of_part(const px_chunk *chunk, int by) {
    return px_parts_crc(&chunk->parts, by, chunk->parameters, chunk->parameter_size,
                        chunk->payload);
}

static void write_parts(const px_chunk *chunk, px_buffer *out) {
    px_parts parts = chunk->parts;
    for (int by = 1; by <= PX_MOST_REDUCED && chunk->has_checksum; by++)
        parts.checksums[by - 1] = crc_of_part(chunk, by);
    px_parts_write(out, &parts, chunk->has_checksum);
    if (chunk->has_checksum && !out->failed)
        px_put_u32(out, px_crc32(out->data, out->size));
}

static bool has_head_crc(const px_chunk *chunk) {
    return chunk->has_checksum && chunk->has_blocks;
}

static bool has_head_payload(const px_chunk *chunk) {
    return chunk->is_mapped && chunk->has_blocks;
}

/* Of the bytes before it, and of those after it up to the end of the head. */
static void write_head_crc(const px_chunk *chunk, px_buffer *out) {
    if (out->failed)
        return;
    uint32_t crc = px_crc32(out->data, out->size);
    crc = px_crc32_after(crc, chunk->parameters, chunk->parameter_size);
    if (chunk->head_payload)
        crc = px_crc32_after(crc, chunk->payload, chunk->head_payload);
    px_put_u32(out, crc);
}

prism_status px_chunk_write(const px_chunk *chunk, px_buffer *out, prism_error *error) {
    const px_pipeline *pipeline = &chunk->pipeline;
    const bool has_parts = px_parts_exist(&chunk->parts);
    px_put_bytes(out, magic, MAGIC_SIZE);
    px_put_u8(out, PX_FORMAT_VERSION);
    px_put_u8(out, (uint8_t)((chunk->has_checksum ? FLAG_CHECKSUM : 0) |
                             (chunk->is_mapped ? FLAG_MAPPED : 0) | (has_parts ? FLAG_PARTS : 0) |
                             (chunk->has_blocks ? FLAG_BLOCKS : 0)));
    px_put_u8(out, (uint8_t)chunk->array.type);
    px_put_u8(out, (uint8_t)chunk->array.order);
    px_put_u8(out, (uint8_t)chunk->array.rank);
    for (unsigned i = 0; i < chunk->array.rank; i++)
        px_put_varint(out, chunk->array.dims[i]);
    px_put_u8(out, (uint8_t)pipeline->transform);
    px_put_u8(out, (uint8_t)pipeline->predictor);
    px_put_u8(out, (uint8_t)pipeline->coder);
    px_put_u8(out, (uint8_t)pipeline->effort);
    write_axis(out, pipeline);
    px_put_varint(out, chunk->parameter_size);
    px_put_varint(out, chunk->payload_size);
    if (chunk->has_checksum)
        px_put_u32(out, chunk->elements_crc);
    if (has_parts)
        write_parts(chunk, out);
    if (has_head_payload(chunk))
        px_put_varint(out, chunk->head_payload);
    if (has_head_crc(chunk))
        write_head_crc(chunk, out);
    px_put_bytes(out, chunk->parameters, chunk->parameter_size);
    px_put_bytes(out, chunk->payload, chunk->payload_size);
    if (chunk->has_checksum)
        px_put_u32(out, px_crc32(out->data, out->size));
    return out->failed ? px_out_of_memory(error, chunk->parameter_size + chunk->payload_size)
                       : PRISM_OK;
}

static prism_status read_array(prism_array *array, px_reader *in, prism_error *error) {
    array->type = (prism_type)px_get_u8(in);
    array->order = (prism_order)px_get_u8(in);
    array->rank = px_get_u8(in);
    for (unsigned i = 0; i < array->rank && i < PRISM_MAX_RANK; i++)
        array->dims[i] = px_get_varint(in);
    size_t size;
    return in->failed ? PRISM_OK : prism_array_size(array, &size, error);
}

/* What is read of roles that are not valid is refused with them. */
static void read_axis(px_pipeline *pipeline, const prism_array *array, px_reader *in) {
    px_roles *roles = &pipeline->roles;
    pipeline->axis = px_get_u8(in) - 1;
    if (pipeline->axis + 1 != ROLES)
        return;
    roles->planes = px_get_u8(in);
    for (unsigned i = 0; i < array->rank; i++)
        if (array->dims[i] > 1)
            roles->axes[roles->rank++] = px_get_u8(in);
    pipeline->axis = roles->planes ? 0 : PRISM_AXIS_AUTO;
    if (!roles->rank || !px_roles_are_valid(roles, array))
        pipeline->axis = ROLES;
}

static prism_status read_pipeline(px_chunk *chunk, px_reader *in, prism_error *error) {
    px_pipeline *pipeline = &chunk->pipeline;
    pipeline->transform = (prism_transform)px_get_u8(in);
    pipeline->predictor = (prism_predictor)px_get_u8(in);
    pipeline->coder = (prism_coder)px_get_u8(in);
    pipeline->effort = px_get_u8(in);
    read_axis(pipeline, &chunk->array, in);
    if (in->failed)
        return PRISM_OK;
    bool whole = px_takes_elements(pipeline->coder);
    bool idle =
        pipeline->transform == PRISM_TRANSFORM_NONE && pipeline->predictor == PRISM_PREDICTOR_NONE;
    bool direct = whole || chunk->is_mapped || px_type_is_narrow(chunk->array.type);
    if (!pipeline->transform || !pipeline->predictor || !pipeline->coder || (whole && !idle) ||
        !direct || (pipeline->roles.rank && pipeline->coder == PRISM_CODER_RAW) ||
        pipeline->axis >= (int)chunk->array.rank || pipeline->effort < 1 ||
        pipeline->effort >= PX_EFFORT_COUNT)
        return px_fail(error, PRISM_E_CORRUPT, "the chunk names no pipeline");
    return px_stages_check(pipeline->transform, pipeline->predictor, pipeline->coder, error);
}

static prism_status read_start(px_chunk *chunk, bool *has_parts, px_reader *in,
                               prism_error *error) {
    const uint8_t *start = px_get_bytes(in, MAGIC_SIZE);
    uint8_t version = px_get_u8(in), flags = px_get_u8(in);
    if (in->failed)
        return PRISM_OK;
    if (memcmp(start, magic, MAGIC_SIZE) != 0)
        return px_fail(error, PRISM_E_CORRUPT, "these bytes are not a prism chunk");
    if (version > PX_FORMAT_VERSION)
        return px_fail(error, PRISM_E_VERSION,
                       "the chunk has format version %u, this library reads up to %d", version,
                       PX_FORMAT_VERSION);
    if (version == 0 || (flags & FLAG_PARTS && flags & FLAG_BLOCKS) ||
        flags & ~(FLAG_CHECKSUM | FLAG_MAPPED | FLAG_PARTS | FLAG_BLOCKS))
        return px_fail(error, PRISM_E_CORRUPT, "version %u or flags %#x are not valid", version,
                       flags);
    chunk->has_checksum = (flags & FLAG_CHECKSUM) != 0;
    chunk->is_mapped = (flags & FLAG_MAPPED) != 0;
    chunk->has_blocks = (flags & FLAG_BLOCKS) != 0;
    *has_parts = (flags & FLAG_PARTS) != 0;
    return PRISM_OK;
}

/* What follows the header is at most so long, so that sums of sizes do not wrap. */
static const uint64_t MOST_CONTENT = (uint64_t)1 << 62;

static prism_status read_head_fields(px_chunk *chunk, px_reader *in, prism_error *error) {
    const uint64_t payload = has_head_payload(chunk) ? px_get_varint(in) : 0;
    chunk->head_crc = has_head_crc(chunk) ? px_get_u32(in) : 0;
    if (!in->failed && payload > chunk->payload_size)
        return px_fail(error, PRISM_E_CORRUPT, "the head of the chunk is longer than the chunk");
    chunk->head_payload = (size_t)payload;
    return PRISM_OK;
}

static prism_status read_sizes(px_chunk *chunk, bool has_parts, px_reader *in, prism_error *error) {
    const uint64_t parameters = px_get_varint(in), payload = px_get_varint(in);
    chunk->elements_crc = chunk->has_checksum ? px_get_u32(in) : 0;
    if (in->failed)
        return PRISM_OK;
    if (parameters > MOST_CONTENT || payload > MOST_CONTENT - parameters ||
        parameters + payload > SIZE_MAX / 2)
        return px_fail(error, PRISM_E_TRUNCATED, "the chunk ends before its content does");
    chunk->parameter_size = (size_t)parameters;
    chunk->payload_size = (size_t)payload;
    if (has_parts && !px_parts_read(&chunk->parts, in, chunk->has_checksum, parameters, payload) &&
        !in->failed)
        return px_fail(error, PRISM_E_CORRUPT, "the parts of the chunk are not those of its bytes");
    if (has_parts && chunk->has_checksum)
        px_get_u32(in);
    return read_head_fields(chunk, in, error);
}

static prism_status read_header(px_chunk *chunk, px_reader *in, size_t size, prism_error *error) {
    bool has_parts = false;
    *chunk = (px_chunk){0};
    prism_status status = read_start(chunk, &has_parts, in, error);
    if (status == PRISM_OK && !in->failed)
        status = read_array(&chunk->array, in, error);
    if (status == PRISM_OK && !in->failed)
        status = read_pipeline(chunk, in, error);
    if (status == PRISM_OK && !in->failed)
        status = read_sizes(chunk, has_parts, in, error);
    if (status == PRISM_OK && in->failed)
        status =
            px_fail(error, PRISM_E_TRUNCATED, "the chunk ends within its header: %zu bytes", size);
    chunk->header_size = size - px_reader_left(in);
    return status;
}

/* No sum of sizes wraps: see read_sizes. */
static size_t head_size(const px_chunk *chunk) {
    return chunk->header_size + chunk->parameter_size + chunk->head_payload;
}

size_t px_chunk_size(const px_chunk *chunk) {
    return chunk->header_size + chunk->parameter_size + chunk->payload_size +
           (chunk->has_checksum ? CRC_SIZE : 0);
}

/* The sections behind the header, of which `needed` bytes of the chunk have all that is wanted. */
static prism_status take_sections(px_chunk *chunk, px_reader *in, size_t size, size_t needed,
                                  prism_error *error) {
    if (size > px_chunk_size(chunk))
        return px_fail(error, PRISM_E_CORRUPT, "bytes after the end of the chunk");
    if (size < needed)
        return px_fail(error, PRISM_E_TRUNCATED,
                       "the chunk ends before its content does: %zu of %zu bytes are there", size,
                       needed);
    chunk->parameters = px_get_bytes(in, chunk->parameter_size);
    chunk->payload_there = px_smaller(chunk->payload_size, px_reader_left(in));
    chunk->payload = px_get_bytes(in, chunk->payload_there);
    return PRISM_OK;
}

prism_status px_chunk_read_start(px_chunk *chunk, size_t *needed, const void *bytes, size_t size,
                                 int reduce, prism_error *error) {
    px_reader in = px_reader_make(bytes, size);
    *needed = 0;
    prism_status status = read_header(chunk, &in, size, error);
    if (status != PRISM_OK)
        return status;
    const size_t end = px_parts_end(&chunk->parts, reduce);
    *needed = end ? chunk->header_size + end : px_chunk_size(chunk);
    status = take_sections(chunk, &in, size, *needed, error);
    if (status == PRISM_OK && end)
        chunk->payload_size = chunk->payload_there = end - chunk->parameter_size;
    return status;
}

prism_status px_chunk_read_head(px_chunk *chunk, size_t *head, const void *bytes, size_t size,
                                prism_error *error) {
    px_reader in = px_reader_make(bytes, size);
    *head = 0;
    prism_status status = read_header(chunk, &in, size, error);
    if (status != PRISM_OK)
        return status;
    *head = chunk->has_blocks ? head_size(chunk) : px_chunk_size(chunk);
    return take_sections(chunk, &in, size, *head, error);
}

prism_status px_chunk_read(px_chunk *chunk, const void *bytes, size_t size, prism_error *error) {
    size_t needed;
    return px_chunk_read_start(chunk, &needed, bytes, size, 0, error);
}

prism_status px_chunk_verify_head(const px_chunk *chunk, const void *bytes, prism_error *error) {
    const uint8_t *after = (const uint8_t *)bytes + chunk->header_size;
    const uint32_t before = px_crc32(bytes, chunk->header_size - CRC_SIZE);
    const uint32_t computed = px_crc32_after(before, after, head_size(chunk) - chunk->header_size);
    if (chunk->head_crc != computed)
        return px_fail(error, PRISM_E_CHECKSUM,
                       "the head of the chunk is damaged: CRC-32 %08x is stored, its bytes have "
                       "%08x",
                       chunk->head_crc, computed);
    return PRISM_OK;
}

/* ---- Checksums ---- */

prism_status px_chunk_verify(const void *bytes, size_t size, int threads, prism_error *error) {
    px_reader in = px_reader_make((const uint8_t *)bytes + size - CRC_SIZE, CRC_SIZE);
    uint32_t stored = px_get_u32(&in), computed = px_crc32_by(bytes, size - CRC_SIZE, threads);
    if (stored != computed)
        return px_fail(error, PRISM_E_CHECKSUM,
                       "the chunk is damaged: CRC-32 %08x is stored, its bytes have %08x", stored,
                       computed);
    return PRISM_OK;
}

prism_status px_chunk_verify_header(const px_chunk *chunk, const void *bytes, prism_error *error) {
    const size_t size = chunk->header_size - CRC_SIZE;
    px_reader in = px_reader_make((const uint8_t *)bytes + size, CRC_SIZE);
    return px_get_u32(&in) == px_crc32(bytes, size)
               ? PRISM_OK
               : px_fail(error, PRISM_E_CHECKSUM, "the header of the chunk is damaged");
}

prism_status px_chunk_verify_parts(const px_chunk *chunk, int reduce, prism_error *error) {
    const size_t last = px_parts_end(&chunk->parts, reduce);
    for (int by = PX_MOST_REDUCED; by > 0; by--)
        if (chunk->parts.ends[by - 1] <= last &&
            crc_of_part(chunk, by) != chunk->parts.checksums[by - 1])
            return px_fail(error, PRISM_E_CHECKSUM, "part 1/%d of the chunk is damaged", 1 << by);
    return PRISM_OK;
}
