#include "library.h"

#include <H5PLextern.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "header.h"
#include "lzf.h"
#include "system/process.h"

/* Memory for chunks of the input, which are asked for piece by piece. */
static const size_t CACHE_BYTES = TOOL_CACHE_BYTES, CACHE_SLOTS = 10007;
static const double CACHE_W0 = 0.75; /* HDF5's own */

static char reason[240];

/* The message at the bottom says what went wrong, and those above it only what did not work then.
 */
static herr_t keep_innermost(unsigned depth, const H5E_error2_t *error, void *data) {
    static const char mark[] = "errno = ", own[] = "h5prism: ";
    (void)data;
    const char *text = error->desc ? error->desc : "";
    const char *number = strstr(text, mark);
    if (depth > 0)
        return 0;
    if (number)
        text = strerror((int)strtol(number + strlen(mark), NULL, 10));
    else if (strncmp(text, own, strlen(own)) == 0)
        text += strlen(own);
    snprintf(reason, sizeof reason, "%s", text);
    return 0;
}

static herr_t keep_reason(hid_t stack, void *data) {
    return H5Ewalk2(stack, H5E_WALK_UPWARD, keep_innermost, data);
}

/* Chunks that claim more than there can be are refused, not tried until the machine is out of
 * memory. The filter reads the limit. */
static void limit_memory(void) {
    const char *given = getenv("H5PRISM_MEMORY_LIMIT");
    const uint64_t all = px_machine_memory();
    char bytes[24];
    if ((given && *given) || !all)
        return;
    snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)all);
    px_variable_set("H5PRISM_MEMORY_LIMIT", bytes);
}

void tool_library_filters(void) {
    H5Zregister(H5PLget_plugin_info());
    tool_lzf_register();
}

void tool_library_start(void) {
    limit_memory();
    /* Files are closed one by one; after a full disk HDF5 would try again at exit, and complain. */
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, keep_reason, NULL);
    tool_library_filters();
}

const char *tool_library_reason(void) {
    keep_reason(H5E_DEFAULT, NULL); /* iterations of HDF5 1.10 fail without telling anybody */
    return *reason ? reason : "HDF5 does not say why";
}

bool tool_fail_library(const char *format, ...) {
    char text[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return tool_fail("%s: %s", text, tool_library_reason());
}

/* Newer HDF5 refuses numbers of which most bits are unused, though it writes them. */
hid_t tool_access_list(void) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#ifdef H5F_RFIC_ALL
    H5Pset_relax_file_integrity_checks(access, H5F_RFIC_ALL);
#endif
    return access;
}

bool tool_open_input(hid_t *file, const char *path) {
    hid_t access = tool_access_list();
    H5Pset_cache(access, 0, CACHE_SLOTS, CACHE_BYTES, CACHE_W0);
    *file = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    return *file >= 0 || tool_fail_library("%s cannot be opened as an HDF5 file", path);
}

bool tool_exists(hid_t file, const char *path) {
    char part[1024];
    for (size_t i = 0; path[i] && i + 1 < sizeof part; i++) {
        part[i] = path[i];
        part[i + 1] = '\0';
        if (i > 0 && (path[i + 1] == '/' || !path[i + 1]) && path[i] != '/' &&
            H5Lexists(file, part, H5P_DEFAULT) <= 0)
            return false;
    }
    return H5Oexists_by_name(file, path, H5P_DEFAULT) > 0;
}

bool tool_same_file(hid_t object, hid_t file) {
    H5O_info_t info, root;
    return H5Oget_info2(object, &info, H5O_INFO_BASIC) >= 0 &&
           H5Oget_info_by_name2(file, "/", &root, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
           info.fileno == root.fileno;
}

/* As far as its header tells. */
static bool is_dataset(hid_t file, const char *path) {
    H5O_info_t info;
    return H5Oget_info_by_name2(file, path, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0 ||
           info.type == H5O_TYPE_DATASET;
}

bool tool_fail_to_open(hid_t file, const char *path) {
    char why[TOOL_WHY_TEXT];
    tool_why_unopened(why, file, path);
    return is_dataset(file, path) ? tool_fail("%s: %s", path, why)
                                  : tool_fail("%s: it is not a dataset", path);
}

bool tool_open_dataset(hid_t *dataset, hid_t file, const char *path) {
    *dataset = -1;
    if (!tool_exists(file, path))
        return tool_fail("%s: there is no such dataset in the file", path);
    *dataset = H5Dopen2(file, path, H5P_DEFAULT);
    if (*dataset < 0)
        return tool_fail_to_open(file, path);
    return tool_same_file(*dataset, file) || tool_fail("%s: it is in another file", path);
}
