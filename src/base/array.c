/* Element types and shapes: what can be a chunk, and how large it is. */
#include "base/array.h"

#include <inttypes.h>

#include "base/status.h"

static const px_number types[] = {
    [PRISM_INT8] = {"int8", 1, true, 0},        [PRISM_UINT8] = {"uint8", 1, false, 0},
    [PRISM_INT16] = {"int16", 2, true, 0},      [PRISM_UINT16] = {"uint16", 2, false, 0},
    [PRISM_INT32] = {"int32", 4, true, 0},      [PRISM_UINT32] = {"uint32", 4, false, 0},
    [PRISM_INT64] = {"int64", 8, true, 0},      [PRISM_UINT64] = {"uint64", 8, false, 0},
    [PRISM_FLOAT16] = {"float16", 2, true, 10}, [PRISM_BFLOAT16] = {"bfloat16", 2, true, 7},
    [PRISM_FLOAT32] = {"float32", 4, true, 23}, [PRISM_FLOAT64] = {"float64", 8, true, 52},
};

static bool type_is_known(prism_type type) {
    size_t index = (size_t)type;
    return index < sizeof types / sizeof *types && types[index].name != NULL;
}

size_t prism_type_size(prism_type type) {
    return type_is_known(type) ? types[type].size : 0;
}

const char *prism_type_name(prism_type type) {
    return type_is_known(type) ? types[type].name : NULL;
}

const px_number *px_number_of(prism_type type) {
    return &types[type];
}

prism_order px_native_order(void) {
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1 ? PRISM_LITTLE_ENDIAN : PRISM_BIG_ENDIAN;
}

bool px_type_is_narrow(prism_type type) {
    return types[type].size <= 2 && !types[type].fraction;
}

prism_status prism_array_size(const prism_array *array, size_t *size, prism_error *error) {
    if (!array || !size)
        return px_fail(error, PRISM_E_ARGUMENT, "array and size must not be NULL");
    *size = 0;
    if (!type_is_known(array->type))
        return px_fail(error, PRISM_E_TYPE,
                       "element type %d is not supported (integers and floats of 1 to 8 bytes are)",
                       (int)array->type);
    if (array->order != PRISM_LITTLE_ENDIAN && array->order != PRISM_BIG_ENDIAN)
        return px_fail(error, PRISM_E_TYPE, "byte order %d is not known", (int)array->order);
    if (array->rank < 1 || array->rank > PRISM_MAX_RANK)
        return px_fail(error, PRISM_E_SHAPE, "rank %u is not in 1..%d", array->rank,
                       PRISM_MAX_RANK);
    uint64_t bytes = prism_type_size(array->type);
    for (unsigned i = 0; i < array->rank; i++) {
        if (array->dims[i] == 0)
            return px_fail(error, PRISM_E_SHAPE, "dimension %u is 0", i);
        if (array->dims[i] > PX_ARRAY_LIMIT / bytes)
            return px_fail(error, PRISM_E_SHAPE, "the array has 4 GiB or more");
        bytes *= array->dims[i];
    }
    *size = (size_t)bytes;
    return px_succeed(error);
}

uint64_t px_array_count(const prism_array *array) {
    uint64_t count = 1;
    for (unsigned i = 0; i < array->rank; i++)
        count *= array->dims[i];
    return count;
}

prism_status prism_array_pack(const prism_array *array, uint32_t words[2 + PRISM_MAX_RANK],
                              size_t *count, prism_error *error) {
    if (!words || !count)
        return px_fail(error, PRISM_E_ARGUMENT, "words and count must not be NULL");
    size_t size;
    prism_status status = prism_array_size(array, &size, error);
    if (status != PRISM_OK)
        return status;
    words[0] = (uint32_t)array->type + 256 * (uint32_t)array->order;
    words[1] = array->rank;
    for (unsigned i = 0; i < array->rank; i++)
        words[2 + i] = (uint32_t)array->dims[i];
    *count = 2 + array->rank;
    return PRISM_OK;
}

prism_status prism_array_unpack(prism_array *array, const uint32_t *words, size_t count,
                                prism_error *error) {
    if (!array || (!words && count))
        return px_fail(error, PRISM_E_ARGUMENT, "array and words must not be NULL");
    if (count < 3 || words[1] > PRISM_MAX_RANK || count < 2 + (size_t)words[1])
        return px_fail(error, PRISM_E_ARGUMENT,
                       "%zu filter parameters do not describe a chunk's type and shape", count);
    *array = (prism_array){.type = (prism_type)(words[0] & 0xff),
                           .order = (prism_order)(words[0] >> 8),
                           .rank = words[1]};
    for (unsigned i = 0; i < array->rank; i++)
        array->dims[i] = words[2 + i];
    size_t size;
    return prism_array_size(array, &size, error);
}

bool px_is_tiny(const prism_array *array) {
    size_t size = 0;
    return prism_array_size(array, &size, NULL) == PRISM_OK && size < PX_TINY_BYTES;
}
