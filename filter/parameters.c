/*
 * set_local's work: from whatever words a user gave to the words that the dataset stores.
 *
 * The stored words are what h5dump prints and people copy, so they must be valid input: the option
 * words come first and mean the same in any dataset, and the chunk words after them are replaced
 * without being looked at. Everything that would make each later write fail is refused here, once,
 * because HDF5 stores the chunks of an OPTIONAL filter (h5py's) uncompressed without a word when
 * the filter fails.
 */
#include "parameters.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "failure.h"

_Static_assert(sizeof(unsigned) == sizeof(uint32_t), "HDF5's words are 32-bit");

/* HDF5's own filters that change the number of bytes: what comes after them is no array. */
static bool changes_size(H5Z_filter_t filter) {
    return filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_FLETCHER32 ||
           filter == H5Z_FILTER_SZIP || filter == H5Z_FILTER_NBIT ||
           filter == H5Z_FILTER_SCALEOFFSET || filter == PLUGIN_FILTER_ID;
}

prism_status plugin_pipeline_check(const plugin_host *host, hid_t list, prism_error *error) {
    int count = host->calls.count_filters(list);
    bool blocked = false;
    for (int i = 0; i < count; i++) {
        unsigned flags;
        size_t words = 0;
        H5Z_filter_t filter =
            host->calls.get_filter(list, (unsigned)i, &flags, &words, NULL, 0, NULL, NULL);
        if (filter == PLUGIN_FILTER_ID && blocked)
            return plugin_fail(error, PRISM_E_OPTION,
                               "filter %d comes after one that changes the size of the chunk; it "
                               "must come before deflate, fletcher32, szip, nbit and scaleoffset, "
                               "and only once",
                               PLUGIN_FILTER_ID);
        blocked = blocked || changes_size(filter);
    }
    return PRISM_OK;
}

prism_status plugin_threads_override(prism_options *options, prism_error *error) {
    const char *threads = getenv("H5PRISM_THREADS");
    if (!threads || !*threads)
        return PRISM_OK;
    prism_error reason = {0};
    if (prism_options_set(options, "threads", threads, &reason) == PRISM_OK)
        return PRISM_OK;
    return plugin_fail(error, PRISM_E_OPTION, "environment variable H5PRISM_THREADS: %s",
                       reason.message);
}

/* Shifts for K, M, G or nothing; -1 for anything else. */
static int unit_of(const char *text) {
    static const char units[] = "KMG";
    if (!*text)
        return 0;
    const char *unit = strchr(units, toupper((unsigned char)*text));
    return unit && !text[1] ? 10 * (int)(unit - units + 1) : -1;
}

prism_status plugin_memory_limit(uint64_t *limit, prism_error *error) {
    const char *text = getenv("H5PRISM_MEMORY_LIMIT");
    char *end;
    *limit = 0;
    if (!text || !*text)
        return PRISM_OK;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    const int unit = unit_of(end);
    if (!isdigit((unsigned char)*text) || errno || unit < 0 || number > UINT64_MAX >> unit)
        return plugin_fail(
            error, PRISM_E_OPTION,
            "environment variable H5PRISM_MEMORY_LIMIT: \"%.60s\" is not a number of "
            "bytes, such as 500000000, 500M or 2G",
            text);
    *limit = (uint64_t)number << unit;
    return PRISM_OK;
}

/* Encodes one element: only the codec knows which combinations of options it has. */
static prism_status rehearse(const prism_array *array, const prism_options *options,
                             prism_error *error) {
    static const unsigned char element[16];
    unsigned char chunk[1024];
    size_t bound, size;
    prism_array single = *array;
    for (unsigned i = 0; i < single.rank; i++)
        single.dims[i] = 1;
    prism_status status = prism_encode_bound(&single, &bound, error);
    if (status == PRISM_OK && bound > sizeof chunk)
        status = plugin_fail(error, PRISM_E_INTERNAL, "one element may take %zu bytes", bound);
    if (status == PRISM_OK)
        status = prism_encode(&single, element, options, chunk, sizeof chunk, &size, error);
    return status;
}

prism_status plugin_options_check(const plugin_host *host, hid_t type, const prism_array *array,
                                  const prism_options *options, prism_error *error) {
    prism_status status = PRISM_OK;
    const int from_end = PRISM_AXIS_LAST - options->axis;
    if (options->axis >= (int)array->rank)
        status = plugin_fail(error, PRISM_E_OPTION, "axis %d: the dataset has %u dimensions",
                             options->axis, array->rank);
    if (from_end >= (int)array->rank)
        status = plugin_fail(error, PRISM_E_OPTION, "axis %d: the dataset has %u dimensions",
                             -1 - from_end, array->rank);
    if (status == PRISM_OK && options->bound != PRISM_BOUND_NONE)
        status = plugin_bound_check(host, type, array, error);
    return status == PRISM_OK ? rehearse(array, options, error) : status;
}

static prism_status read_options(const plugin_host *host, hid_t list, hid_t type,
                                 const prism_array *array, prism_options *options, unsigned *flags,
                                 prism_error *error) {
    unsigned words[PRISM_OPTION_WORDS] = {0};
    size_t count = PRISM_OPTION_WORDS;
    if (host->calls.get_filter_by_id(list, PLUGIN_FILTER_ID, flags, &count, words, 0, NULL, NULL) <
        0)
        return plugin_fail(error, PRISM_E_ARGUMENT, "the filter's parameters cannot be read");
    if (count > PRISM_OPTION_WORDS) /* HDF5 returns how many there are, not how many it copied */
        count = PRISM_OPTION_WORDS;
    prism_status status = prism_options_unpack(options, words, count, error);
    if (status == PRISM_OK)
        status = plugin_options_check(host, type, array, options, error);
    return status;
}

static bool is_wide_integer(prism_type type) {
    return type == PRISM_INT64 || type == PRISM_UINT64;
}

/* The type in which a fill value keeps what it says. */
static const char *type_of_missing(prism_type type) {
    return type == PRISM_INT64    ? "H5T_NATIVE_INT64_g"
           : type == PRISM_UINT64 ? "H5T_NATIVE_UINT64_g"
                                  : "H5T_NATIVE_DOUBLE_g";
}

/* The bits of the dataset's own fill value; false where it has none. */
static bool find_missing(const plugin_host *host, hid_t list, prism_type type, uint64_t *bits) {
    H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
    double number;
    const hid_t kept = plugin_host_id(host, type_of_missing(type));
    if (!host->calls.is_fill_defined || !host->calls.get_fill || kept == H5I_INVALID_HID ||
        host->calls.is_fill_defined(list, &defined) < 0 || defined != H5D_FILL_VALUE_USER_DEFINED ||
        host->calls.get_fill(list, kept, bits) < 0)
        return false;
    memcpy(&number, bits, sizeof number);
    return is_wide_integer(type) || isfinite(number);
}

/* Behind the chunk's words. Returns how many. */
static size_t put_missing(const plugin_host *host, hid_t list, prism_type type,
                          const prism_options *options, unsigned *words) {
    uint64_t bits = 0;
    const bool bounded =
        options->bound != PRISM_BOUND_NONE && options->bound != PRISM_BOUND_DISTANCE;
    if (!bounded || !find_missing(host, list, type, &bits))
        return 0;
    words[0] = (unsigned)bits;
    words[1] = (unsigned)(bits >> 32);
    return PRISM_MISSING_WORDS;
}

static void set_integer(prism_options *options, prism_type type, uint64_t bits) {
    char text[24];
    if (type == PRISM_INT64)
        snprintf(text, sizeof text, "%" PRId64, (int64_t)bits);
    else
        snprintf(text, sizeof text, "%" PRIu64, bits);
    prism_options_set(options, "missing", text, NULL);
}

static void set_number(prism_options *options, uint64_t bits) {
    memcpy(&options->missing, &bits, sizeof bits);
    options->has_missing = isfinite(options->missing);
    options->missing = options->has_missing ? options->missing : 0;
}

void plugin_missing_read(prism_options *options, const prism_array *array, const unsigned *words,
                         size_t count) {
    const size_t at = PRISM_OPTION_WORDS + 2 + array->rank;
    if (options->bound == PRISM_BOUND_NONE || options->bound == PRISM_BOUND_DISTANCE ||
        count < at + PRISM_MISSING_WORDS)
        return;
    const uint64_t bits = words[at] | (uint64_t)words[at + 1] << 32;
    if (is_wide_integer(array->type))
        set_integer(options, array->type, bits);
    else
        set_number(options, bits);
}

prism_status plugin_parameters_complete(const plugin_host *host, hid_t list, hid_t type,
                                        const prism_array *array, prism_error *error) {
    prism_options options;
    unsigned flags, words[PRISM_MAX_WORDS];
    size_t array_words = 0;
    prism_status status = read_options(host, list, type, array, &options, &flags, error);
    if (status == PRISM_OK)
        status = prism_options_pack(&options, words, error);
    if (status == PRISM_OK)
        status = prism_array_pack(array, words + PRISM_OPTION_WORDS, &array_words, error);
    if (status == PRISM_OK) /* after the packing: the environment is not stored */
        status = plugin_threads_override(&options, error);
    if (status != PRISM_OK)
        return status;
    size_t count = PRISM_OPTION_WORDS + array_words;
    count += put_missing(host, list, array->type, &options, words + count);
    if (host->calls.modify_filter(list, PLUGIN_FILTER_ID, flags, count, words) < 0)
        return plugin_fail(error, PRISM_E_INTERNAL, "the filter's parameters cannot be changed");
    return PRISM_OK;
}
