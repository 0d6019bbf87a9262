/*
 * The plugin, called as HDF5 calls it, by an HDF5 that this file makes up: element types, filter
 * parameters, and chunks that are written and read with whatever parameters the file may have.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "chunk.h"
#include "dataset.h"
#include "fuzz.h"
#include "parameters.h"

enum { MOST_WORDS = 64, MOST_ELEMENTS = FUZZ_ELEMENTS / 2, MOST_BYTES = 8 * MOST_ELEMENTS };

/* ---- HDF5 ---- */

/* An element type; that of its members is another one. The last one is a number. */
typedef struct made_type {
    H5T_class_t class;
    size_t size;
    H5T_order_t order;
    bool is_signed;
    int members;
} made_type;

enum { TYPES = 4 };

static struct {
    made_type types[TYPES]; /* their ids are their indices */
    int rank;
    hsize_t dims[PRISM_MAX_RANK];
    unsigned words[MOST_WORDS];
    size_t count;
} made;

static void *allocate_memory(size_t size, bool clear) {
    return clear ? calloc(1, size) : malloc(size);
}

static herr_t free_memory(void *memory) {
    free(memory);
    return 0;
}

static H5T_class_t get_class(hid_t type) {
    return made.types[type].class;
}

static size_t get_size(hid_t type) {
    return made.types[type].size;
}

static H5T_order_t get_order(hid_t type) {
    return made.types[type].order;
}

static H5T_sign_t get_sign(hid_t type) {
    return made.types[type].is_signed ? H5T_SGN_2 : H5T_SGN_NONE;
}

static herr_t get_fields(hid_t type, size_t *sign, size_t *exponent, size_t *exponent_bits,
                         size_t *fraction, size_t *fraction_bits) {
    *sign = 8 * get_size(type) - 1;
    *exponent_bits = get_size(type) == 2   ? (made.types[type].members % 2 ? 8 : 5)
                     : get_size(type) == 8 ? 11
                                           : 8;
    *fraction = 0;
    *exponent = *fraction_bits = *sign - *exponent_bits;
    return 0;
}

static size_t get_precision(hid_t type) {
    return 8 * get_size(type) - (size_t)(made.types[type].members == 3);
}

static hid_t get_super(hid_t type) {
    return type + 1 < TYPES ? type + 1 : -1;
}

static int get_members(hid_t type) {
    return made.types[type].members;
}

static hid_t get_member_type(hid_t type, unsigned member) {
    return type + 1 + (hid_t)member % 2 < TYPES ? type + 1 + (hid_t)member % 2 : -1;
}

static herr_t close_type(hid_t type) {
    return type < TYPES ? 0 : -1;
}

static htri_t is_simple(hid_t space) {
    return space == 0;
}

static int get_rank(hid_t space) {
    (void)space;
    return made.rank;
}

static int get_dims(hid_t space, hsize_t dims[], hsize_t limits[]) {
    (void)space;
    (void)limits;
    memcpy(dims, made.dims, (size_t)made.rank * sizeof *dims);
    return made.rank;
}

/* As HDF5: *count becomes how many there are, not how many were copied. */
static herr_t get_filter_by_id(hid_t list, H5Z_filter_t id, unsigned *flags, size_t *count,
                               unsigned words[], size_t room, char name[], unsigned *how) {
    (void)list;
    (void)id;
    (void)room;
    (void)name;
    (void)how;
    *flags = 0;
    const size_t copied = *count < made.count ? *count : made.count;
    memcpy(words, made.words, copied * sizeof *words);
    *count = made.count;
    return 0;
}

static herr_t modify_filter(hid_t list, H5Z_filter_t id, unsigned flags, size_t count,
                            const unsigned words[]) {
    (void)list;
    (void)id;
    (void)flags;
    FUZZ_REQUIRE(count <= PRISM_MAX_WORDS);
    memcpy(made.words, words, count * sizeof *words);
    made.count = count;
    return 0;
}

static plugin_host make_host(void) {
    plugin_host host = {.found = true};
    host.calls.allocate_memory = allocate_memory;
    host.calls.free_memory = free_memory;
    host.calls.get_class = get_class;
    host.calls.get_size = get_size;
    host.calls.get_order = get_order;
    host.calls.get_sign = get_sign;
    host.calls.get_fields = get_fields;
    host.calls.get_precision = get_precision;
    host.calls.get_super = get_super;
    host.calls.get_members = get_members;
    host.calls.get_member_type = get_member_type;
    host.calls.close_type = close_type;
    host.calls.is_simple = is_simple;
    host.calls.get_rank = get_rank;
    host.calls.get_dims = get_dims;
    host.calls.get_filter_by_id = get_filter_by_id;
    host.calls.modify_filter = modify_filter;
    return host;
}

static void read_types(px_reader *in) {
    static const size_t sizes[] = {1, 2, 4, 8, 3, 16, 0, 24};
    for (size_t i = 0; i < TYPES; i++) {
        const uint8_t byte = px_get_u8(in), kind = px_get_u8(in);
        made.types[i] = (made_type){.class = (H5T_class_t)(kind % 13),
                                    .size = sizes[byte % 8],
                                    .order = byte & 8 ? H5T_ORDER_BE : H5T_ORDER_LE,
                                    .is_signed = byte & 16,
                                    .members = byte >> 6};
    }
}

static void read_space(px_reader *in) {
    made.rank = px_get_u8(in) % (PRISM_MAX_RANK + 2);
    uint64_t left = MOST_ELEMENTS;
    for (int i = 0; i < made.rank && i < PRISM_MAX_RANK; i++) {
        const uint8_t dim = px_get_u8(in);
        made.dims[i] = dim % (left + 1); /* of 0, too */
        left /= made.dims[i] ? made.dims[i] : 1;
    }
    made.rank = made.rank > PRISM_MAX_RANK ? -1 : made.rank;
}

/* Small ones are worth more than others. */
static void read_words(px_reader *in) {
    made.count = px_get_u8(in) % MOST_WORDS;
    for (size_t i = 0; i < made.count; i++) {
        const uint8_t byte = px_get_u8(in);
        made.words[i] = byte < 224 ? byte : px_get_u32(in);
    }
}

/* ---- What the plugin does with them ---- */

/* What a dataset stores is valid input, and means the same again. */
static bool check_parameters(const plugin_host *host, prism_array *array, prism_error *error) {
    unsigned words[MOST_WORDS];
    if (plugin_dataset_array(host, 0, 0, array, error) != PRISM_OK ||
        plugin_parameters_complete(host, 0, 0, array, error) != PRISM_OK)
        return false;
    const size_t count = made.count;
    memcpy(words, made.words, count * sizeof *words);
    FUZZ_REQUIRE(plugin_parameters_complete(host, 0, 0, array, error) == PRISM_OK);
    FUZZ_REQUIRE(made.count == count && !memcmp(words, made.words, count * sizeof *words));
    return true;
}

/* Parameters that were accepted serve every chunk. */
static void check_chunks(const plugin_host *host, const prism_array *array, px_reader *in,
                         prism_error *error) {
    size_t bytes;
    FUZZ_REQUIRE(prism_array_size(array, &bytes, NULL) == PRISM_OK);
    if (bytes > MOST_BYTES)
        return;
    uint8_t *elements = fuzz_alloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        elements[i] = (uint8_t)(i * i >> 3 ^ px_get_u8(in));
    plugin_output chunk = {0}, decoded = {0};
    plugin_input input = {
        .words = made.words, .count = made.count, .bytes = elements, .size = bytes};
    FUZZ_REQUIRE(plugin_chunk_encode(host, &input, &chunk, error) == PRISM_OK);
    input.bytes = chunk.bytes;
    input.size = chunk.size;
    FUZZ_REQUIRE(plugin_chunk_decode(host, &input, &decoded, error) == PRISM_OK);
    FUZZ_REQUIRE(decoded.size == bytes);
    if (!(made.words[7] & 255))
        FUZZ_REQUIRE(memcmp(decoded.bytes, elements, bytes) == 0);
    plugin_host_free(host, chunk.bytes);
    plugin_host_free(host, decoded.bytes);
    fuzz_free(elements);
}

/* Whatever the file says. */
static void check_any(const plugin_host *host, px_reader *in, bool reads, bool skips) {
    const size_t size = in->failed ? 0 : px_reader_left(in);
    uint8_t *bytes = fuzz_copy(px_get_bytes(in, size), size);
    plugin_output output = {0};
    const plugin_input input = {.words = made.count ? made.words : NULL,
                                .count = made.count,
                                .bytes = bytes,
                                .size = size,
                                .skip_checksum = skips};
    prism_error error;
    const prism_status status = reads ? plugin_chunk_decode(host, &input, &output, &error)
                                      : plugin_chunk_encode(host, &input, &output, &error);
    FUZZ_REQUIRE((status == PRISM_OK) == (output.bytes != NULL));
    FUZZ_REQUIRE(output.size <= output.capacity);
    plugin_host_free(host, output.bytes);
    fuzz_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    px_reader in = px_reader_make(data, size);
    const plugin_host host = make_host();
    const uint8_t mode = px_get_u8(&in);
    prism_array array;
    prism_error error;
    setenv("H5PRISM_MEMORY_LIMIT", "32M", 1);
    memset(&made, 0, sizeof made);
    read_words(&in);
    if (mode & 4) {
        check_any(&host, &in, mode & 1, mode & 2);
        return 0;
    }
    read_types(&in);
    read_space(&in);
    if (check_parameters(&host, &array, &error))
        check_chunks(&host, &array, &in, &error);
    return 0;
}
