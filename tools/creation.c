#include "creation.h"

hid_t tool_creation_list(int rank, const hsize_t *chunk, const prism_options *options) {
    uint32_t words[PRISM_OPTION_WORDS];
    prism_options_pack(options, words, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, rank, chunk);
    H5Pset_filter(list, H5PRISM_FILTER_ID, H5Z_FLAG_MANDATORY, PRISM_OPTION_WORDS, words);
    return list;
}
