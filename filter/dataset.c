/*
 * Which datasets can be compressed, and as what. This file is the only one that knows HDF5's types.
 *
 * An element is taken as a word of 8 to 64 bits whatever its precision, bit offset and padding: the
 * codec is lossless on every bit pattern, so that 12 bits in a 16-bit word come back with their
 * padding. An enumeration (h5py's bool) is its base integer, a float of 8 bits an integer. An
 * element of several numbers (complex, a compound, an array) becomes one more axis of the chunk: of
 * numbers if these are alike, of words if they have the same width, else of bytes.
 */
#include "dataset.h"

#include "failure.h"

static const char *class_name(H5T_class_t class) {
    static const char *const names[] = {
        [H5T_INTEGER] = "H5T_INTEGER",   [H5T_FLOAT] = "H5T_FLOAT",
        [H5T_TIME] = "H5T_TIME",         [H5T_STRING] = "H5T_STRING",
        [H5T_BITFIELD] = "H5T_BITFIELD", [H5T_OPAQUE] = "H5T_OPAQUE",
        [H5T_COMPOUND] = "H5T_COMPOUND", [H5T_REFERENCE] = "H5T_REFERENCE",
        [H5T_ENUM] = "H5T_ENUM",         [H5T_VLEN] = "H5T_VLEN",
        [H5T_ARRAY] = "H5T_ARRAY",       [11] = "H5T_COMPLEX", /* since HDF5 2.0 */
    };
    size_t index = (size_t) class;
    return index < sizeof names / sizeof *names ? names[index] : "of an unknown class";
}

static prism_type integer_type(bool is_signed, size_t size) {
    switch (size) {
    case 1:
        return is_signed ? PRISM_INT8 : PRISM_UINT8;
    case 2:
        return is_signed ? PRISM_INT16 : PRISM_UINT16;
    case 4:
        return is_signed ? PRISM_INT32 : PRISM_UINT32;
    case 8:
        return is_signed ? PRISM_INT64 : PRISM_UINT64;
    default:
        return (prism_type)0;
    }
}

/* A float of 16 bits with the exponent of a float of 32. Where the host cannot tell, it is taken
 * for another one: only the size suffers. */
static bool is_bfloat16(const plugin_host *host, hid_t type) {
    enum { BFLOAT16_EXPONENT = 8 };
    size_t sign, exponent, exponent_bits, fraction, fraction_bits;
    return host->calls.get_fields &&
           host->calls.get_fields(type, &sign, &exponent, &exponent_bits, &fraction,
                                  &fraction_bits) >= 0 &&
           exponent_bits == BFLOAT16_EXPONENT;
}

static prism_type float_type(const plugin_host *host, hid_t type, size_t size) {
    switch (size) {
    case 1:
        return PRISM_UINT8;
    case 2:
        return is_bfloat16(host, type) ? PRISM_BFLOAT16 : PRISM_FLOAT16;
    case 4:
        return PRISM_FLOAT32;
    case 8:
        return PRISM_FLOAT64;
    default:
        return (prism_type)0;
    }
}

/* `type` is an integer, a time or a float. */
static prism_status number_type(const plugin_host *host, hid_t type, prism_array *array,
                                prism_error *error) {
    const H5T_class_t class = host->calls.get_class(type);
    const size_t size = host->calls.get_size(type);
    array->type = class == H5T_FLOAT
                      ? float_type(host, type, size)
                      : integer_type(host->calls.get_sign(type) != H5T_SGN_NONE, size);
    if (!array->type)
        return plugin_fail(error, PRISM_E_TYPE,
                           "element type %s of %zu bytes is not supported; supported are sizes of "
                           "1, 2, 4 and 8 bytes",
                           class_name(class), size);
    if (size == 1)
        return PRISM_OK; /* whatever its byte order is said to be */
    switch (host->calls.get_order(type)) {
    case H5T_ORDER_LE:
        array->order = PRISM_LITTLE_ENDIAN;
        return PRISM_OK;
    case H5T_ORDER_BE:
        array->order = PRISM_BIG_ENDIAN;
        return PRISM_OK;
    default:
        return plugin_fail(error, PRISM_E_TYPE,
                           "element type %s of %zu bytes is not supported: its byte order is "
                           "neither little-endian nor big-endian",
                           class_name(class), size);
    }
}

/* ---- Elements of several numbers ---- */

enum { H5T_COMPLEX_2 = 11, DEEPEST = 8 };

/* What an element is: so many numbers, one after the other, if it is that and nothing else. */
typedef struct numbers {
    prism_array kind; /* type and order */
    size_t count;
} numbers;

static prism_status element_numbers(const plugin_host *host, hid_t type, int depth, numbers *n,
                                    prism_error *error);

static void use_bytes(numbers *n, size_t size) {
    *n = (numbers){.kind = {.type = PRISM_UINT8}, .count = size};
}

static bool same_width(const numbers *a, const numbers *b) {
    const size_t width = prism_type_size(a->kind.type);
    return width == prism_type_size(b->kind.type) && (width == 1 || a->kind.order == b->kind.order);
}

/* The numbers of one more member; count 0: the first one. */
static void append(numbers *all, const numbers *member) {
    if (!all->count)
        all->kind = member->kind;
    else if (!same_width(all, member))
        all->kind.type = (prism_type)0;
    else if (all->kind.type != member->kind.type)
        all->kind.type = integer_type(false, prism_type_size(member->kind.type));
    all->count += member->count;
}

static prism_status compound_numbers(const plugin_host *host, hid_t type, int depth, numbers *n,
                                     prism_error *error) {
    const int members =
        host->calls.get_members && host->calls.get_member_type ? host->calls.get_members(type) : 0;
    const size_t size = host->calls.get_size(type);
    bool mixed = false;
    *n = (numbers){.count = 0};
    for (int i = 0; i < members; i++) {
        numbers member;
        const hid_t inner = host->calls.get_member_type(type, (unsigned)i);
        if (inner < 0)
            return plugin_fail(error, PRISM_E_TYPE, "member %d of a compound has no type", i);
        const prism_status status = element_numbers(host, inner, depth + 1, &member, error);
        host->calls.close_type(inner);
        if (status != PRISM_OK)
            return status;
        if (!mixed)
            append(n, &member);
        mixed |= !n->kind.type;
    }
    if (members < 1)
        return plugin_fail(error, PRISM_E_TYPE, "the members of a compound cannot be read");
    if (mixed || n->count * prism_type_size(n->kind.type) != size) /* the latter: padding */
        use_bytes(n, size);
    return PRISM_OK;
}

/* So many of the type that it is made of as fit. */
static prism_status super_numbers(const plugin_host *host, hid_t type, int depth, numbers *n,
                                  prism_error *error) {
    const hid_t base = host->calls.get_super(type);
    if (base < 0)
        return plugin_fail(error, PRISM_E_TYPE, "the element type %s has no base type",
                           class_name(host->calls.get_class(type)));
    const size_t base_size = host->calls.get_size(base);
    prism_status status = element_numbers(host, base, depth + 1, n, error);
    host->calls.close_type(base);
    if (status == PRISM_OK && base_size)
        n->count *= host->calls.get_size(type) / base_size;
    return status;
}

static prism_status element_numbers(const plugin_host *host, hid_t type, int depth, numbers *n,
                                    prism_error *error) {
    const int class = (int)host->calls.get_class(type);
    n->count = 1;
    n->kind = (prism_array){0};
    if (depth > DEEPEST)
        return plugin_fail(error, PRISM_E_TYPE, "the element type is nested too deeply");
    if (class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_TIME)
        return number_type(host, type, &n->kind, error);
    if (class == H5T_ENUM || class == H5T_ARRAY || class == H5T_COMPLEX_2)
        return super_numbers(host, type, depth, n, error);
    if (class == H5T_COMPOUND)
        return compound_numbers(host, type, depth, n, error);
    return plugin_fail(error, PRISM_E_TYPE,
                       "element type %s of %zu bytes is not supported; supported are integers, "
                       "floats, enumerations, booleans, times, and complex numbers, compounds and "
                       "arrays of these",
                       class_name((H5T_class_t) class), host->calls.get_size(type));
}

/* Sign, exponent and fraction as in IEEE 754. */
static bool has_usual_fields(const plugin_host *host, hid_t type, prism_type known) {
    size_t sign, exponent, exponent_bits, fraction, fraction_bits;
    const size_t bits = 8 * host->calls.get_size(type);
    const size_t expected = known == PRISM_FLOAT16 ? 5 : known == PRISM_FLOAT64 ? 11 : 8;
    return !host->calls.get_fields ||
           (host->calls.get_fields(type, &sign, &exponent, &exponent_bits, &fraction,
                                   &fraction_bits) >= 0 &&
            sign == bits - 1 && exponent_bits == expected && exponent == fraction_bits &&
            fraction == 0 && fraction_bits + expected == sign);
}

prism_status plugin_bound_check(const plugin_host *host, hid_t type, const prism_array *array,
                                prism_error *error) {
    const H5T_class_t class = host->calls.get_class(type);
    if (class == H5T_ENUM)
        return plugin_fail(error, PRISM_E_TYPE,
                           "no bound goes with an enumeration or booleans: one name would become "
                           "another");
    if (class != H5T_INTEGER && class != H5T_FLOAT)
        return plugin_fail(error, PRISM_E_TYPE,
                           "no bound goes with times or with elements of several numbers");
    const size_t bits = 8 * host->calls.get_size(type);
    const bool full = !host->calls.get_precision || host->calls.get_precision(type) == bits;
    const bool usual = class != H5T_FLOAT ||
                       (array->type >= PRISM_FLOAT16 && has_usual_fields(host, type, array->type));
    return full && usual
               ? PRISM_OK
               : plugin_fail(error, PRISM_E_TYPE,
                             "no bound goes with elements whose bits are not those of an IEEE "
                             "float or of an integer that fills its bytes");
}

static prism_status chunk_shape(const plugin_host *host, hid_t space, prism_array *array,
                                prism_error *error) {
    hsize_t dims[PRISM_MAX_RANK];
    int rank = host->calls.is_simple(space) > 0 ? host->calls.get_rank(space) : -1;
    if (rank < 1 || rank > PRISM_MAX_RANK || host->calls.get_dims(space, dims, NULL) != rank)
        return plugin_fail(error, PRISM_E_SHAPE, "the chunk has no dimensions");
    array->rank = (unsigned)rank;
    for (int i = 0; i < rank; i++)
        array->dims[i] = dims[i];
    size_t size;
    return prism_array_size(array, &size, error);
}

/* An element of several numbers is an axis. */
static prism_status append_axis(prism_array *array, const numbers *n, prism_error *error) {
    size_t size;
    if (n->count == 1)
        return PRISM_OK;
    if (array->rank == PRISM_MAX_RANK)
        return plugin_fail(error, PRISM_E_SHAPE,
                           "%d dimensions are too many for elements of several numbers",
                           PRISM_MAX_RANK);
    array->dims[array->rank++] = n->count;
    return prism_array_size(array, &size, error);
}

prism_status plugin_dataset_array(const plugin_host *host, hid_t type, hid_t space,
                                  prism_array *array, prism_error *error) {
    numbers n;
    *array = (prism_array){0};
    if (type < 0 || space < 0)
        return plugin_fail(error, PRISM_E_TYPE, "only datasets can be compressed, not groups");
    prism_status status = element_numbers(host, type, 0, &n, error);
    if (status != PRISM_OK)
        return status;
    *array = n.kind;
    status = chunk_shape(host, space, array, error);
    return status == PRISM_OK ? append_axis(array, &n, error) : status;
}
