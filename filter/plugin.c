/*
 * The HDF5 filter plugin: what HDF5 finds in libh5prism.so.
 *
 * Each callback opens the HDF5 library that called it (host.c), does its work with functions that
 * return a prism_status, and pushes the one message of a failure last: HDF5 clears its error stack
 * whenever it is called.
 */
#include <stdbool.h>

#include <H5PLextern.h>

#include "chunk.h"
#include "dataset.h"
#include "host.h"
#include "parameters.h"

/* The caller's address must be taken in the callback itself, which only HDF5 calls. */
#define RETURN_ADDRESS() __builtin_extract_return_addr(__builtin_return_address(0))

/* Returns -1 and never 0, with which HDF5 creates the dataset where the filter is OPTIONAL and then
 * stores every chunk uncompressed. */
static htri_t can_apply(hid_t list, hid_t type, hid_t space) {
    plugin_host host;
    prism_error error = {0};
    prism_array array;
    plugin_host_open(&host, RETURN_ADDRESS());
    bool applies = host.found &&
                   plugin_dataset_array(&host, type, space, &array, &error) == PRISM_OK &&
                   plugin_pipeline_check(&host, list, &error) == PRISM_OK;
    if (!applies)
        PLUGIN_PUSH(&host, "H5E_CANAPPLY_g", &error);
    plugin_host_close(&host);
    return applies ? 1 : -1;
}

static herr_t set_local(hid_t list, hid_t type, hid_t space) {
    plugin_host host;
    prism_error error = {0};
    prism_array array;
    plugin_host_open(&host, RETURN_ADDRESS());
    bool done = host.found &&
                plugin_dataset_array(&host, type, space, &array, &error) == PRISM_OK &&
                plugin_parameters_complete(&host, list, type, &array, &error) == PRISM_OK;
    if (!done)
        PLUGIN_PUSH(&host, "H5E_SETLOCAL_g", &error);
    plugin_host_close(&host);
    return done ? 0 : -1;
}

static size_t filter(unsigned flags, size_t count, const unsigned words[], size_t size,
                     size_t *capacity, void **bytes) {
    plugin_host host;
    prism_error error = {0};
    plugin_output output = {0};
    plugin_input input = {.words = words,
                          .count = words ? count : 0,
                          .bytes = *bytes,
                          .size = size,
                          .skip_checksum = (flags & H5Z_FLAG_SKIP_EDC) != 0};
    plugin_host_open(&host, RETURN_ADDRESS());
    prism_status status = flags & H5Z_FLAG_REVERSE
                              ? plugin_chunk_decode(&host, &input, &output, &error)
                              : plugin_chunk_encode(&host, &input, &output, &error);
    if (status == PRISM_OK) {
        plugin_host_free(&host, *bytes);
        *bytes = output.bytes;
        *capacity = output.capacity;
    } else {
        PLUGIN_PUSH(&host, "H5E_CANTFILTER_g", &error);
    }
    plugin_host_close(&host);
    return output.size;
}

/* The name stays in every dataset, and stands in HDF5's message where the plugin is not found: so
 * it says where to get it. */
static const H5Z_class2_t filter_class = {
    .version = H5Z_CLASS_T_VERS,
    .id = PLUGIN_FILTER_ID,
    .encoder_present = 1,
    .decoder_present = 1,
    .name = "prism: h5prism; pip install h5prism",
    .can_apply = can_apply,
    .set_local = set_local,
    .filter = filter,
};

H5PL_type_t H5PLget_plugin_type(void) {
    return H5PL_TYPE_FILTER;
}

const void *H5PLget_plugin_info(void) {
    return &filter_class;
}
