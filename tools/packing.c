#include "packing.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "filter/failure.h"

void tool_packing_set(const tool_packing *packing, hid_t list, size_t element_bytes,
                      const uint32_t *options) {
    switch (packing->filter) {
    case TOOL_FILTER_H5PRISM:
        H5Pset_filter(list, H5PRISM_FILTER_ID, H5Z_FLAG_MANDATORY, PRISM_OPTION_WORDS, options);
        break;
    case TOOL_FILTER_GZIP:
        if (element_bytes > 1)
            H5Pset_shuffle(list);
        H5Pset_deflate(list, (unsigned)packing->level);
        break;
    case TOOL_FILTER_NONE:
        break;
    }
}

/* The first bytes of all elements, then the second ones, .. */
static void shuffle(uint8_t *to, const uint8_t *from, size_t size, size_t element_bytes) {
    const size_t count = size / element_bytes;
    for (size_t byte = 0; byte < element_bytes; byte++)
        for (size_t i = 0; i < count; i++)
            to[byte * count + i] = from[i * element_bytes + byte];
}

static prism_status deflate_bytes(const uint8_t *bytes, size_t size, int level,
                                  plugin_output *output, prism_error *error) {
    uLongf room = compressBound(size);
    uint8_t *coded = malloc(room);
    if (!coded || compress2(coded, &room, bytes, size, level) != Z_OK) {
        free(coded);
        return plugin_fail(error, PRISM_E_MEMORY, "out of memory for %zu bytes", size);
    }
    *output = (plugin_output){coded, room, room};
    return PRISM_OK;
}

static prism_status copy_bytes(const void *bytes, size_t size, plugin_output *output,
                               prism_error *error) {
    *output = (plugin_output){malloc(size), size, size};
    if (!output->bytes)
        return plugin_fail(error, PRISM_E_MEMORY, "out of memory for %zu bytes", size);
    memcpy(output->bytes, bytes, size);
    return PRISM_OK;
}

prism_status tool_packing_encode(const tool_packing *packing, const void *elements, size_t size,
                                 size_t element_bytes, plugin_output *output, prism_error *error) {
    if (packing->filter == TOOL_FILTER_NONE)
        return copy_bytes(elements, size, output, error);
    if (element_bytes == 1)
        return deflate_bytes(elements, size, packing->level, output, error);
    uint8_t *shuffled = malloc(size);
    if (!shuffled)
        return plugin_fail(error, PRISM_E_MEMORY, "out of memory for %zu bytes", size);
    shuffle(shuffled, elements, size, element_bytes);
    prism_status status = deflate_bytes(shuffled, size, packing->level, output, error);
    free(shuffled);
    return status;
}
