/*
 * The HDF5 library of a program that is linked to one and brings the filter with it: the tool.
 * There is nothing to be found, and a library that is linked statically could not be found by its
 * symbols.
 */
#include <H5Epublic.h>
#include <stddef.h>
#include <string.h>

#include "host.h"

void plugin_host_open(plugin_host *host, const void *return_address) {
    static const plugin_calls calls = {
        .get_libversion = H5get_libversion,
        .allocate_memory = H5allocate_memory,
        .free_memory = H5free_memory,
        .push_error = H5Epush2,
        .get_class = H5Tget_class,
        .get_size = H5Tget_size,
        .get_order = H5Tget_order,
        .get_sign = H5Tget_sign,
        .get_fields = H5Tget_fields,
        .get_precision = H5Tget_precision,
        .get_super = H5Tget_super,
        .get_members = H5Tget_nmembers,
        .get_member_type = H5Tget_member_type,
        .close_type = H5Tclose,
        .is_simple = H5Sis_simple,
        .get_rank = H5Sget_simple_extent_ndims,
        .get_dims = H5Sget_simple_extent_dims,
        .count_filters = H5Pget_nfilters,
        .get_filter = H5Pget_filter2,
        .get_filter_by_id = H5Pget_filter_by_id2,
        .modify_filter = H5Pmodify_filter,
        .is_fill_defined = H5Pfill_value_defined,
        .get_fill = H5Pget_fill_value,
    };
    (void)return_address;
    *host = (plugin_host){.found = true, .calls = calls};
}

void plugin_host_close(plugin_host *host) {
    *host = (plugin_host){.found = false};
}

hid_t plugin_host_id(const plugin_host *host, const char *name) {
    const struct {
        const char *name;
        hid_t id;
    } ids[] = {
        {"H5E_ERR_CLS_g", H5E_ERR_CLS},
        {"H5E_PLINE_g", H5E_PLINE},
        {"H5E_CANAPPLY_g", H5E_CANAPPLY},
        {"H5E_SETLOCAL_g", H5E_SETLOCAL},
        {"H5E_CANTFILTER_g", H5E_CANTFILTER},
        {"H5T_NATIVE_INT64_g", H5T_NATIVE_INT64},
        {"H5T_NATIVE_UINT64_g", H5T_NATIVE_UINT64},
        {"H5T_NATIVE_DOUBLE_g", H5T_NATIVE_DOUBLE},
    };
    (void)host;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (strcmp(ids[i].name, name) == 0)
            return ids[i].id;
    return H5I_INVALID_HID;
}
