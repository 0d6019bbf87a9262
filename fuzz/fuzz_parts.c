/*
 * Parts of chunks: planes, regions, beginnings, reduced pictures. A part is refused, or it is that
 * of the whole chunk.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "plane_check.h"

typedef struct source {
    uint8_t *chunk;
    size_t size;
    prism_info info;
    size_t bytes;   /* of all elements */
    uint8_t *whole; /* all elements */
    bool is_known;  /* they are what the chunk decodes to */
    uint32_t seed;
} source;

static const prism_decode_options lenient = {.skip_checksum = true, .memory_limit = FUZZ_MEMORY};

/* ---- Regions ---- */

typedef struct region {
    uint64_t start[PRISM_MAX_RANK], count[PRISM_MAX_RANK];
    size_t bytes;
} region;

/* Elements start .. end - 1 along an axis. */
static void choose_extent(uint64_t *start, uint64_t *count, uint64_t dim, uint32_t *seed) {
    const uint32_t limit = (uint32_t)dim;
    *start = fuzz_below(seed, limit);
    *count = fuzz_below(seed, 3) ? 1 + fuzz_below(seed, limit - (uint32_t)*start) : 1;
    if (!fuzz_below(seed, 4)) {
        *start = 0;
        *count = dim;
    }
}

static region choose_region(source *s) {
    const prism_array *array = &s->info.array;
    region r = {.bytes = prism_type_size(array->type)};
    for (unsigned i = 0; i < array->rank; i++) {
        choose_extent(&r.start[i], &r.count[i], array->dims[i], &s->seed);
        r.bytes *= (size_t)r.count[i];
    }
    return r;
}

/* Whether `part` is what the whole chunk has there. */
static bool is_region(const source *s, const region *r, const uint8_t *part) {
    const prism_array *array = &s->info.array;
    const size_t element = prism_type_size(array->type);
    for (size_t i = 0; i < r->bytes / element; i++) {
        size_t left = i, place = 0, step = 1;
        for (unsigned a = array->rank; a-- > 0; left /= (size_t)r->count[a]) {
            place += step * (size_t)(r->start[a] + left % r->count[a]);
            step *= (size_t)array->dims[a];
        }
        if (memcmp(part + i * element, s->whole + place * element, element) != 0)
            return false;
    }
    return true;
}

static void check_ranges(prism_reader *reader, const source *s, const region *r) {
    enum { MOST = 64 };
    prism_range ranges[MOST];
    size_t found;
    if (prism_region_ranges(reader, r->start, 1, r->count, ranges, MOST, &found, NULL) != PRISM_OK)
        return;
    uint64_t end = 0;
    for (size_t i = 0; i < found; i++) {
        FUZZ_REQUIRE(ranges[i].size && (i == 0 || ranges[i].offset > end));
        end = ranges[i].offset + ranges[i].size;
        FUZZ_REQUIRE(end <= s->size);
    }
}

static void check_region(prism_reader *reader, source *s) {
    const region r = choose_region(s);
    uint8_t *part = fuzz_filled(r.bytes, 0xa5);
    if (prism_read_region(reader, r.start, r.count, part, r.bytes, NULL) == PRISM_OK && s->is_known)
        FUZZ_REQUIRE(is_region(s, &r, part));
    check_ranges(reader, s, &r);
    fuzz_free(part);
}

/* What is opened and read takes no more than the limit, but for lists of a call. */
static void check_regions(source *s) {
    enum { REGIONS = 3, LISTS = 1 << 16 };
    prism_decode_options options = lenient;
    options.memory_limit = s->info.decode_bytes + s->bytes + 1;
    prism_reader *reader;
    fuzz_memory_start();
    const prism_status status = prism_open(s->chunk, s->size, &options, &reader, NULL);
    FUZZ_REQUIRE((status == PRISM_OK) == (reader != NULL));
    for (int i = 0; i < REGIONS && reader; i++)
        check_region(reader, s);
    prism_close(reader);
    fuzz_memory_stop(options.memory_limit + FUZZ_ARRAY_BYTES + LISTS);
}

/* ---- Planes ---- */

static void check_plane(source *s) {
    const size_t bytes = s->bytes / (size_t)s->info.planes;
    const uint64_t plane = fuzz_below(&s->seed, (uint32_t)s->info.planes);
    uint8_t *part = fuzz_filled(bytes, 0x5a);
    if (prism_decode_planes(s->chunk, s->size, &plane, 1, part, bytes, &lenient, NULL) ==
            PRISM_OK &&
        s->is_known)
        FUZZ_REQUIRE(is_plane(&s->info, s->whole, s->bytes, plane, part));
    fuzz_free(part);
}

/* ---- Beginnings ---- */

/* What is said to be enough for the first planes is. */
static void check_beginning(source *s) {
    const uint64_t planes = fuzz_below(&s->seed, (uint32_t)s->info.planes + 1);
    size_t needed;
    if (prism_planes_size(s->chunk, s->size, planes, &needed, NULL) != PRISM_OK || needed > s->size)
        return;
    uint8_t *start = fuzz_copy(s->chunk, needed);
    prism_reader *reader;
    if (prism_open(start, needed, &lenient, &reader, NULL) == PRISM_OK)
        check_region(reader, s);
    prism_close(reader);
    fuzz_free(start);
}

static void check_reduced(source *s) {
    prism_decode_options options = lenient;
    prism_array array;
    size_t needed, bytes;
    options.reduce = 1 + (int)fuzz_below(&s->seed, 3);
    if (prism_reduced_size(s->chunk, s->size, options.reduce, &needed, NULL) != PRISM_OK)
        return;
    needed = needed && needed < s->size ? needed : s->size;
    if (prism_reduced_array(s->chunk, needed, options.reduce, &array, NULL) != PRISM_OK ||
        prism_array_size(&array, &bytes, NULL) != PRISM_OK)
        return;
    uint8_t *start = fuzz_copy(s->chunk, needed), *output = fuzz_filled(bytes, 0xa5);
    prism_decode(start, needed, output, bytes, &options, NULL);
    fuzz_free(output);
    fuzz_free(start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    source s = {.size = size, .seed = fuzz_seed(data, size)};
    if (!fuzz_inspect(&s.info, &s.bytes, data, size) || s.info.decode_bytes > FUZZ_MEMORY)
        return 0;
    s.chunk = fuzz_copy(data, size);
    s.whole = fuzz_filled(s.bytes, 0x33);
    s.is_known = fuzz_is_exact(&s.info) &&
                 prism_decode(s.chunk, size, s.whole, s.bytes, &lenient, NULL) == PRISM_OK;
    check_regions(&s);
    check_plane(&s);
    check_beginning(&s);
    check_reduced(&s);
    fuzz_free(s.whole);
    fuzz_free(s.chunk);
    return 0;
}
