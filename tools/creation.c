#include "creation.h"

#include <stdlib.h>

hid_t tool_creation_list(int rank, const hsize_t *chunk, const prism_options *options) {
    uint32_t words[PRISM_OPTION_WORDS];
    prism_options_pack(options, words, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, rank, chunk);
    H5Pset_filter(list, H5PRISM_FILTER_ID, H5Z_FLAG_MANDATORY, PRISM_OPTION_WORDS, words);
    return list;
}

static void keep_fill_value(hid_t from, hid_t list, hid_t type) {
    H5D_fill_value_t state = H5D_FILL_VALUE_DEFAULT;
    H5Pfill_value_defined(from, &state);
    void *value = state == H5D_FILL_VALUE_USER_DEFINED ? calloc(1, H5Tget_size(type)) : NULL;
    if (value && H5Pget_fill_value(from, type, value) >= 0)
        H5Pset_fill_value(list, type, value);
    if (state == H5D_FILL_VALUE_UNDEFINED)
        H5Pset_fill_value(list, type, NULL);
    free(value);
}

void tool_creation_keep_object(hid_t from, hid_t list) {
    hbool_t tracked;
    unsigned most, least, order;
    if (H5Pget_obj_track_times(from, &tracked) >= 0)
        H5Pset_obj_track_times(list, tracked);
    if (H5Pget_attr_phase_change(from, &most, &least) >= 0)
        H5Pset_attr_phase_change(list, most, least);
    if (H5Pget_attr_creation_order(from, &order) >= 0)
        H5Pset_attr_creation_order(list, order);
}

void tool_creation_keep(hid_t from, hid_t list, hid_t type) {
    H5D_fill_time_t time;
    keep_fill_value(from, list, type);
    if (H5Pget_fill_time(from, &time) >= 0)
        H5Pset_fill_time(list, time);
    tool_creation_keep_object(from, list);
}
