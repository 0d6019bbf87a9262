/*
 * How libFuzzer changes chunks: a field of the header, the parameters or the payload, of the chunk
 * or of a chunk within it. Lengths, checksums and what blocks say of themselves are made anew, so
 * that the change reaches what it is for. Bytes that are no chunk are changed as any bytes are.
 */
#include <stdlib.h>
#include <string.h>

#include "coders/ans/blocks/blocks.h"
#include "fuzz.h"
#include "pipeline/pipeline.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *out, size_t max_size, unsigned seed);

enum { DEEPEST = 3, GROWTH = 64 };

/* A chunk that can be changed: its sections are its own. */
typedef struct draft {
    px_chunk chunk;
    px_buffer parameters, payload;
} draft;

static bool draft_open(draft *d, const uint8_t *bytes, size_t size) {
    *d = (draft){.parameters = {0}};
    if (!size || px_chunk_read(&d->chunk, bytes, size, NULL) != PRISM_OK)
        return false;
    px_put_bytes(&d->parameters, d->chunk.parameters, d->chunk.parameter_size);
    px_put_bytes(&d->payload, d->chunk.payload, d->chunk.payload_size);
    return true;
}

static void draft_close(draft *d) {
    px_buffer_free(&d->parameters);
    px_buffer_free(&d->payload);
}

static void take_sections(draft *d) {
    d->chunk.parameters = d->parameters.data;
    d->chunk.parameter_size = d->parameters.size;
    d->chunk.payload = d->payload.data;
    d->chunk.payload_size = d->chunk.payload_there = d->payload.size;
}

/* ---- Chunks within sections ---- */

/* Bytes start .. start + size - 1 of a section; their length stands from `prefix` on. */
typedef struct inner {
    size_t prefix, start, size;
} inner;

static bool has_length_at(inner *found, const px_buffer *section, size_t prefix, size_t start) {
    px_reader in = px_reader_make(section->data + prefix, start - prefix);
    const size_t size = px_get_size(&in);
    *found = (inner){prefix, start, size};
    return !in.failed && !px_reader_left(&in) && size && size <= section->size - start;
}

/* The first one that begins at `from` or later. */
static bool find_inner(inner *found, const px_buffer *section, size_t from) {
    enum { LONGEST = 4 };
    for (size_t i = from < 1 ? 1 : from; i + LONGEST < section->size; i++) {
        if (memcmp(section->data + i, "PRSM", 4) != 0)
            continue;
        for (size_t length = 1; length <= LONGEST && length <= i; length++)
            if (has_length_at(found, section, i - length, i))
                return true;
    }
    return false;
}

static size_t count_inner(const px_buffer *section) {
    size_t count = 0;
    inner at = {0, 0, 0};
    while (find_inner(&at, section, at.start + at.size))
        count++;
    return count;
}

static inner inner_at(const px_buffer *section, size_t index) {
    inner at = {0, 0, 0};
    for (size_t i = 0; i <= index; i++)
        find_inner(&at, section, at.start + at.size);
    return at;
}

static void replace_inner(px_buffer *section, const inner *at, const px_buffer *with) {
    px_buffer whole = {0};
    px_put_bytes(&whole, section->data, at->prefix);
    px_put_sized(&whole, with->data, with->size);
    const size_t end = at->start + at->size;
    px_put_bytes(&whole, section->data + end, section->size - end);
    px_buffer_free(section);
    *section = whole;
}

/* ---- Blocks ---- */

static size_t varint_size(uint64_t value) {
    size_t size = 1;
    for (; value >= 128; value >>= 7)
        size++;
    return size;
}

/* The index is at the end of the parameters. */
static size_t index_size(const px_blocks_chunk *blocks, size_t entries) {
    size_t size = 0;
    for (size_t i = 0; i < entries; i++)
        size += varint_size(blocks->entries[i].size / 2) + (blocks->entries[i].size ? 2 : 0);
    return size;
}

static void write_checks(draft *d, const px_blocks_chunk *blocks) {
    const size_t count = px_blocks_count(&blocks->grid), entries = blocks->form.layers * count;
    const size_t size = index_size(blocks, entries);
    uint8_t *to = d->parameters.data + d->parameters.size - size;
    for (size_t i = 0; i < entries && size <= d->parameters.size; i++) {
        const px_block_entry *entry = &blocks->entries[i];
        to += varint_size(entry->size / 2);
        if (!entry->size)
            continue;
        const uint16_t check = px_block_check(blocks, i / count, i % count,
                                              d->payload.data + entry->offset, entry->size);
        *to++ = (uint8_t)check;
        *to++ = (uint8_t)(check >> 8);
    }
}

/* The checks of blocks whose index and model can be read. */
static void mend_blocks(draft *d) {
    if (!d->parameters.size)
        return;
    px_reader in = px_reader_make(d->parameters.data, d->parameters.size);
    const px_layout layout = px_pipeline_layout(&d->chunk.pipeline, &d->chunk.array);
    const px_planes planes = px_planes_shape(&d->chunk.array, &layout);
    px_blocks_chunk blocks;
    if (px_get_u8(&in) != PRISM_METHOD_BLOCKS || planes.count > 1 << 10)
        return;
    if (px_blocks_open(&blocks, &planes, &d->chunk.pipeline, &in, d->payload.size, 1, NULL) ==
        PRISM_OK)
        write_checks(d, &blocks);
    px_blocks_free(&blocks);
}

/* The head of a mapped chunk ends with that of its last chunk within. */
static void mend_head(draft *d) {
    const size_t count = count_inner(&d->payload);
    if (!count)
        return;
    const inner last = inner_at(&d->payload, count - 1);
    px_chunk chunk;
    size_t head;
    if (px_chunk_read_head(&chunk, &head, d->payload.data + last.start, last.size, NULL) ==
        PRISM_OK)
        d->chunk.head_payload = last.start + head;
}

/* Parts of sections that were longer would reach behind them. */
static void mend_parts(draft *d) {
    const size_t *ends = d->chunk.parts.ends;
    const size_t parameters = d->parameters.size, content = parameters + d->payload.size;
    bool valid = true;
    for (size_t i = 0; i < PX_MOST_REDUCED; i++)
        valid &= !ends[i] || (ends[i] >= parameters && ends[i] <= content);
    if (!valid)
        d->chunk.parts = (px_parts){.ends = {0}};
}

/* The whole chunk as it now is. */
static bool draft_write(draft *d, px_buffer *out) {
    mend_parts(d);
    if (d->chunk.has_blocks && !d->chunk.is_mapped)
        mend_blocks(d);
    if (d->chunk.has_blocks && d->chunk.is_mapped)
        mend_head(d);
    take_sections(d);
    return px_chunk_write(&d->chunk, out, NULL) == PRISM_OK;
}

/* ---- Changes ---- */

static void change_bytes(px_buffer *section, uint32_t *seed) {
    const size_t room = section->size + fuzz_below(seed, GROWTH);
    if (!room || !px_buffer_reserve(section, GROWTH))
        return;
    section->size = LLVMFuzzerMutate(section->data, section->size, room);
}

/* A word that coders read as a state, a length or a probability: its extremes, or anything. */
static void change_word(px_buffer *section, uint32_t *seed) {
    static const uint8_t extremes[] = {0, 1, 127, 128, 255};
    if (!section->size)
        return;
    const size_t at = fuzz_below(seed, (uint32_t)section->size);
    const size_t count = 1 + fuzz_below(seed, 4);
    const bool extreme = fuzz_below(seed, 2);
    for (size_t i = at; i < at + count && i < section->size; i++)
        section->data[i] =
            extreme ? extremes[fuzz_below(seed, sizeof extremes)] : (uint8_t)fuzz_below(seed, 256);
}

static void change_pipeline(px_pipeline *p, uint32_t *seed) {
    switch (fuzz_below(seed, 4)) {
    case 0:
        p->transform = (prism_transform)(1 + fuzz_below(seed, PRISM_TRANSFORM_STACK));
        break;
    case 1:
        p->predictor = (prism_predictor)(1 + fuzz_below(seed, PRISM_PREDICTOR_LSQ));
        break;
    case 2:
        p->coder = (prism_coder)(1 + fuzz_below(seed, PRISM_CODER_ZSTD));
        break;
    default:
        p->axis = (int)fuzz_below(seed, 5) - 1;
        p->roles.rank = 0;
    }
}

static void change_flags(px_chunk *chunk, uint32_t *seed) {
    switch (fuzz_below(seed, 4)) {
    case 0:
        chunk->has_checksum = !chunk->has_checksum;
        break;
    case 1:
        chunk->is_mapped = !chunk->is_mapped;
        break;
    case 2:
        chunk->has_blocks = !chunk->has_blocks;
        break;
    default:
        chunk->array.order ^= PRISM_BIG_ENDIAN;
    }
}

/* One dim becomes another, in chunks within, too. */
typedef struct resize {
    unsigned axis;
    uint64_t from, to;
} resize;

static resize choose_resize(const prism_array *array, uint32_t *seed) {
    const unsigned axis = fuzz_below(seed, array->rank);
    const uint64_t from = array->dims[axis];
    const uint64_t choices[] = {1, from + 1, from > 1 ? from - 1 : 2, 2 * from,
                                1 + fuzz_below(seed, 100)};
    return (resize){axis, from, choices[fuzz_below(seed, 5)]};
}

static void resize_all(draft *d, const resize *r, int depth);

static void resize_inner(px_buffer *section, const resize *r, int depth) {
    for (size_t i = count_inner(section); i-- > 0;) {
        const inner at = inner_at(section, i);
        px_buffer changed = {0};
        draft d;
        if (draft_open(&d, section->data + at.start, at.size)) {
            resize_all(&d, r, depth + 1);
            if (draft_write(&d, &changed))
                replace_inner(section, &at, &changed);
        }
        px_buffer_free(&changed);
        draft_close(&d);
    }
}

static void resize_all(draft *d, const resize *r, int depth) {
    prism_array *array = &d->chunk.array;
    if (r->axis < array->rank && array->dims[r->axis] == r->from)
        array->dims[r->axis] = r->to;
    if (!d->chunk.is_mapped || depth >= DEEPEST)
        return;
    resize_inner(&d->parameters, r, depth);
    resize_inner(&d->payload, r, depth);
}

static void change_shape(draft *d, uint32_t *seed) {
    prism_array *array = &d->chunk.array;
    const uint32_t kind = fuzz_below(seed, 8);
    if (kind == 0) {
        array->type = (prism_type)(1 + fuzz_below(seed, PRISM_FLOAT64));
    } else if (kind == 1 && array->rank < PRISM_MAX_RANK) {
        array->dims[array->rank++] = 1 + fuzz_below(seed, 3);
    } else if (kind == 2 && array->rank > 1) {
        array->rank--;
    } else {
        const resize r = choose_resize(array, seed);
        resize_all(d, &r, 0);
    }
}

static void change(draft *d, uint32_t *seed, int depth);

static void change_inner(px_buffer *section, size_t index, uint32_t *seed, int depth) {
    const inner at = inner_at(section, index);
    px_buffer changed = {0};
    draft d;
    if (draft_open(&d, section->data + at.start, at.size)) {
        change(&d, seed, depth + 1);
        if (draft_write(&d, &changed))
            replace_inner(section, &at, &changed);
    }
    px_buffer_free(&changed);
    draft_close(&d);
}

/* True if there was one to change. */
static bool change_some_inner(draft *d, uint32_t *seed, int depth) {
    const size_t first = count_inner(&d->parameters), all = first + count_inner(&d->payload);
    if (!d->chunk.is_mapped || depth >= DEEPEST || !all || !fuzz_below(seed, 4))
        return false;
    const size_t index = fuzz_below(seed, (uint32_t)all);
    if (index < first)
        change_inner(&d->parameters, index, seed, depth);
    else
        change_inner(&d->payload, index - first, seed, depth);
    return true;
}

static void change(draft *d, uint32_t *seed, int depth) {
    if (change_some_inner(d, seed, depth))
        return;
    px_buffer *section = fuzz_below(seed, 2) ? &d->parameters : &d->payload;
    switch (fuzz_below(seed, 16)) {
    case 0:
        change_pipeline(&d->chunk.pipeline, seed);
        break;
    case 1:
        change_flags(&d->chunk, seed);
        break;
    case 2:
    case 3:
        change_shape(d, seed);
        break;
    case 4: /* the mapping or the method */
        if (d->parameters.size)
            d->parameters.data[0] = (uint8_t)fuzz_below(seed, 16);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        change_word(section, seed);
        break;
    default:
        change_bytes(section, seed);
    }
}

/* ---- What libFuzzer calls ---- */

/* False if the chunk is longer than there is room. */
static bool give(draft *d, uint8_t *out, size_t *size, size_t max_size) {
    px_buffer written = {0};
    const bool fits = draft_write(d, &written) && written.size <= max_size;
    if (fits)
        memcpy(out, written.data, *size = written.size);
    px_buffer_free(&written);
    return fits;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned given) {
    uint32_t seed = (uint32_t)given * 2654435761u | 1;
    draft d;
    size_t changed = 0;
    if (fuzz_below(&seed, 16) && draft_open(&d, data, size)) {
        for (uint32_t left = 1 + fuzz_below(&seed, 3); left > 0; left--)
            change(&d, &seed, 0);
        if (!give(&d, data, &changed, max_size))
            changed = 0;
        draft_close(&d);
    }
    return changed ? changed : LLVMFuzzerMutate(data, size, max_size);
}

/* The second one as a chunk within the first, or sections of both. */
static void cross(draft *first, draft *second, uint32_t *seed) {
    const size_t count = count_inner(&first->payload);
    px_buffer whole = {0}, *section = &first->payload, *other = &second->payload;
    second->chunk.has_checksum = false;
    if (count && fuzz_below(seed, 2) && draft_write(second, &whole)) {
        const inner at = inner_at(section, fuzz_below(seed, (uint32_t)count));
        replace_inner(section, &at, &whole);
    } else {
        if (fuzz_below(seed, 2)) {
            section = &first->parameters;
            other = &second->parameters;
        }
        const px_buffer kept = *section;
        *section = *other;
        *other = kept;
    }
    px_buffer_free(&whole);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *out, size_t max_size,
                                 unsigned given) {
    uint32_t seed = (uint32_t)given * 2654435761u | 1;
    draft a = {.parameters = {0}}, b = {.parameters = {0}};
    size_t size = 0;
    if (draft_open(&a, first, first_size) && draft_open(&b, second, second_size)) {
        cross(&a, &b, &seed);
        if (!give(&a, out, &size, max_size))
            size = 0;
    }
    draft_close(&a);
    draft_close(&b);
    return size;
}
