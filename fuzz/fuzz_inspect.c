/* What can be asked of any bytes without decoding them: of all of them, and of a beginning. */
#include <stdlib.h>

#include "fuzz.h"

static void check_info(const prism_info *info, size_t size) {
    size_t bytes;
    FUZZ_REQUIRE(info->format_version == 1);
    FUZZ_REQUIRE(prism_array_size(&info->array, &bytes, NULL) == PRISM_OK);
    FUZZ_REQUIRE(prism_mapping_name(info->mapping) && prism_method_name(info->method));
    FUZZ_REQUIRE(prism_bound_name(info->bound) && prism_bound_of_name(info->bound_of));
    FUZZ_REQUIRE(info->planes * info->height * info->width * prism_type_size(info->array.type) ==
                 bytes);
    FUZZ_REQUIRE(info->axis < (int)info->array.rank && info->axis_count <= info->array.rank);
    FUZZ_REQUIRE(info->header_bytes + info->parameter_bytes <= size + sizeof(uint32_t)); /* CRC */
}

static void ask(const uint8_t *data, size_t size) {
    uint8_t *bytes = fuzz_copy(data, size);
    prism_info info;
    prism_array array;
    prism_error error;
    size_t needed;
    if (prism_inspect(bytes, size, &info, &error) == PRISM_OK)
        check_info(&info, size);
    else
        FUZZ_REQUIRE(error.status != PRISM_E_INTERNAL && *error.message);
    for (int reduce = 0; reduce <= 3; reduce++) {
        prism_reduced_size(bytes, size, reduce, &needed, &error);
        prism_reduced_array(bytes, size, reduce, &array, &error);
    }
    for (uint64_t planes = 0; planes < 3; planes++)
        prism_planes_size(bytes, size, planes, &needed, &error);
    fuzz_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint32_t seed = fuzz_seed(data, size);
    ask(data, size);
    ask(data, fuzz_below(&seed, (uint32_t)size + 1));
    return 0;
}
