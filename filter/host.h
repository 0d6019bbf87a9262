/* The HDF5 library that called the plugin, found anew in every callback. Internal. */
#ifndef PLUGIN_HOST_H
#define PLUGIN_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include <H5PLextern.h>

#include "prism.h"
#include "system/library.h"

/* What the plugin calls in HDF5, with the prototypes of HDF5's headers. */
typedef struct plugin_calls {
    __typeof__(&H5get_libversion) get_libversion;
    __typeof__(&H5allocate_memory) allocate_memory;
    __typeof__(&H5free_memory) free_memory;
    __typeof__(&H5Epush2) push_error;
    __typeof__(&H5Tget_class) get_class;
    __typeof__(&H5Tget_size) get_size;
    __typeof__(&H5Tget_order) get_order;
    __typeof__(&H5Tget_sign) get_sign;
    __typeof__(&H5Tget_fields) get_fields;       /* NULL in static programs that do not use it */
    __typeof__(&H5Tget_precision) get_precision; /* the same */
    __typeof__(&H5Tget_super) get_super;
    __typeof__(&H5Tget_nmembers) get_members;        /* of compounds; NULL as above */
    __typeof__(&H5Tget_member_type) get_member_type; /* the same */
    __typeof__(&H5Tclose) close_type;
    __typeof__(&H5Sis_simple) is_simple;
    __typeof__(&H5Sget_simple_extent_ndims) get_rank;
    __typeof__(&H5Sget_simple_extent_dims) get_dims;
    __typeof__(&H5Pget_nfilters) count_filters;
    __typeof__(&H5Pget_filter2) get_filter;
    __typeof__(&H5Pget_filter_by_id2) get_filter_by_id;
    __typeof__(&H5Pmodify_filter) modify_filter;
    __typeof__(&H5Pfill_value_defined) is_fill_defined; /* NULL as above */
    __typeof__(&H5Pget_fill_value) get_fill;            /* the same */
} plugin_calls;

typedef struct plugin_host {
    bool found;         /* all of `calls` but those that may be NULL can be called, or none */
    px_library library; /* where it was found */
    plugin_calls calls;
} plugin_host;

/* `return_address` lies in the function that called the callback. Never fails: without a library
 * host->found is false. */
void plugin_host_open(plugin_host *host, const void *return_address);
void plugin_host_close(plugin_host *host);

/* The id that a variable of HDF5 holds, or H5I_INVALID_HID. */
hid_t plugin_host_id(const plugin_host *host, const char *name);

/* Memory that HDF5 may free, and memory that came from HDF5. */
void *plugin_host_allocate(const plugin_host *host, size_t size);
void plugin_host_free(const plugin_host *host, void *memory);

/*
 * Puts "h5prism: <message>" on HDF5's error stack; `minor` is the name of one of HDF5's minor error
 * variables. HDF5 1.14 and 2.0 drop what the filter callback pushes. Where the environment variable
 * H5PRISM_VERBOSE is set, and neither empty nor 0, stderr has the message, too.
 * Must be the last HDF5 call of a callback, because almost every other one clears the stack:
 * PLUGIN_PUSH(host, "H5E_CANAPPLY_g", error).
 */
void plugin_host_push(const plugin_host *host, const char *minor, const prism_error *error,
                      const char *file, const char *function, unsigned line);

#define PLUGIN_PUSH(host, minor, error)                                                            \
    plugin_host_push((host), (minor), (error), __FILE__, __func__, __LINE__)

#endif
