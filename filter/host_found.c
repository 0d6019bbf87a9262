/*
 * Finding the HDF5 library that called the plugin.
 *
 * One process may hold several HDF5 libraries (a Python wheel brings its own beside the system's)
 * and each may load this same plugin. An id of one library means nothing to another, so the plugin
 * must call the very library that called it: it is not linked to any, keeps nothing between
 * callbacks, and looks every function up in the object that holds the callback's return address.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct named_call {
    const char *name;
    size_t offset;
} named_call;

static const named_call symbols[] = {
    {"H5get_libversion", offsetof(plugin_calls, get_libversion)},
    {"H5allocate_memory", offsetof(plugin_calls, allocate_memory)},
    {"H5free_memory", offsetof(plugin_calls, free_memory)},
    {"H5Epush2", offsetof(plugin_calls, push_error)},
    {"H5Tget_class", offsetof(plugin_calls, get_class)},
    {"H5Tget_size", offsetof(plugin_calls, get_size)},
    {"H5Tget_order", offsetof(plugin_calls, get_order)},
    {"H5Tget_sign", offsetof(plugin_calls, get_sign)},
    {"H5Tget_super", offsetof(plugin_calls, get_super)},
    {"H5Tclose", offsetof(plugin_calls, close_type)},
    {"H5Sis_simple", offsetof(plugin_calls, is_simple)},
    {"H5Sget_simple_extent_ndims", offsetof(plugin_calls, get_rank)},
    {"H5Sget_simple_extent_dims", offsetof(plugin_calls, get_dims)},
    {"H5Pget_nfilters", offsetof(plugin_calls, count_filters)},
    {"H5Pget_filter2", offsetof(plugin_calls, get_filter)},
    {"H5Pget_filter_by_id2", offsetof(plugin_calls, get_filter_by_id)},
    {"H5Pmodify_filter", offsetof(plugin_calls, modify_filter)},
};

/* What can be done without. */
static const named_call spare_symbols[] = {
    {"H5Tget_fields", offsetof(plugin_calls, get_fields)},
    {"H5Tget_precision", offsetof(plugin_calls, get_precision)},
    {"H5Tget_nmembers", offsetof(plugin_calls, get_members)},
    {"H5Tget_member_type", offsetof(plugin_calls, get_member_type)},
    {"H5Pfill_value_defined", offsetof(plugin_calls, is_fill_defined)},
    {"H5Pget_fill_value", offsetof(plugin_calls, get_fill)},
};

static void *find_symbol(const plugin_host *host, const char *name, bool checked) {
    void *symbol = px_library_symbol(&host->library, name);
    return symbol && checked && !px_library_holds(&host->library, symbol) ? NULL : symbol;
}

/*
 * A library's handle finds symbols of its dependencies too, and that of a program those of all that
 * is loaded: both could belong to another HDF5 than the one that called. A library that has one
 * function has them all, so that one check suffices (dladdr takes 20 us: EPYC, glibc 2.36, HDF5
 * 1.10.8); a statically linked program may lack some: those that its HDF5 does not need.
 */
static bool load_calls(plugin_host *host) {
    bool checked = true;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *found = find_symbol(host, symbols[i].name, checked);
        if (!found)
            return false;
        memcpy((char *)&host->calls + symbols[i].offset, &found, sizeof found);
        checked = checked && !host->library.opened;
    }
    for (size_t i = 0; i < sizeof spare_symbols / sizeof *spare_symbols; i++) {
        void *found = find_symbol(host, spare_symbols[i].name, checked);
        memcpy((char *)&host->calls + spare_symbols[i].offset, &found, sizeof found);
    }
    return true;
}

/* Ids have 64 bits since 1.10; before, all prototypes were different. */
static bool version_is_usable(const plugin_host *host) {
    unsigned major, minor, release;
    return host->calls.get_libversion(&major, &minor, &release) >= 0 &&
           (major > 1 || (major == 1 && minor >= 10));
}

void plugin_host_open(plugin_host *host, const void *return_address) {
    memset(host, 0, sizeof *host);
    host->found = px_library_of(&host->library, return_address) && load_calls(host) &&
                  version_is_usable(host);
}

void plugin_host_close(plugin_host *host) {
    px_library_close(&host->library);
    memset(host, 0, sizeof *host);
}

/* H5Iis_valid would say no to an id that the library holds for itself; which type it has differs
 * between versions. */
static bool id_exists(const plugin_host *host, hid_t id) {
    __typeof__(&H5Iget_type) get_id_type;
    void *symbol = px_library_symbol(&host->library, "H5Iget_type");
    memcpy(&get_id_type, &symbol, sizeof symbol);
    return symbol && get_id_type(id) > 0;
}

/* A program that uses one of HDF5's variables may hold the live copy of it (a copy relocation), so
 * that the library's own stays unset. The program's may also be of another HDF5. */
hid_t plugin_host_id(const plugin_host *host, const char *name) {
    const hid_t *own = px_library_symbol(&host->library, name);
    if (own && *own > 0)
        return *own;
    const hid_t *global = px_program_symbol(name);
    return global && *global > 0 && id_exists(host, *global) ? *global : H5I_INVALID_HID;
}
