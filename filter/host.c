/* Memory and errors of the HDF5 library that called: host_found.c finds it, host_linked.c has it.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *plugin_host_allocate(const plugin_host *host, size_t size) {
    return host->found ? host->calls.allocate_memory(size, false) : malloc(size);
}

void plugin_host_free(const plugin_host *host, void *memory) {
    if (host->found)
        host->calls.free_memory(memory);
    else
        free(memory);
}

/* For programs that do not show the error stack, and versions of HDF5 that drop what is on it. */
static void print_if_asked(const plugin_host *host, const prism_error *error) {
    static const char unknown_host[] = "the HDF5 library that calls is unknown: it can only read";
    const char *asked = getenv("H5PRISM_VERBOSE");
    const char *reason = !host->found && !*error->message ? unknown_host : error->message;
    if (asked && *asked && strcmp(asked, "0") != 0)
        fprintf(stderr, "h5prism: %s\n", reason);
}

void plugin_host_push(const plugin_host *host, const char *minor, const prism_error *error,
                      const char *file, const char *function, unsigned line) {
    print_if_asked(host, error);
    if (!host->found)
        return;
    hid_t class_id = plugin_host_id(host, "H5E_ERR_CLS_g");
    hid_t major_id = plugin_host_id(host, "H5E_PLINE_g");
    hid_t minor_id = plugin_host_id(host, minor);
    if (class_id == H5I_INVALID_HID || major_id == H5I_INVALID_HID || minor_id == H5I_INVALID_HID)
        return;
    host->calls.push_error(H5E_DEFAULT, file, function, line, class_id, major_id, minor_id,
                           "h5prism: %s", error->message);
}
