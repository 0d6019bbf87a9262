#include "dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { NAMED = 3 }; /* datasets in a message */

typedef struct candidates {
    char *names[NAMED];
    size_t count;
} candidates;

bool tool_is_scale(hid_t dataset) {
    static const char scale[] = "DIMENSION_SCALE";
    char class[sizeof scale] = "";
    if (H5Aexists(dataset, "CLASS") <= 0)
        return false;
    hid_t attribute = H5Aopen(dataset, "CLASS", H5P_DEFAULT), type = H5Aget_type(attribute);
    const bool text = H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
                      H5Tget_size(type) == sizeof scale && H5Aread(attribute, type, class) >= 0;
    H5Tclose(type);
    H5Aclose(attribute);
    return text && memcmp(class, scale, sizeof scale) == 0;
}

static bool is_array_of_numbers(hid_t dataset) {
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const H5T_class_t kind = H5Tget_class(type);
    const bool is = (kind == H5T_INTEGER || kind == H5T_FLOAT || kind == H5T_ENUM) &&
                    H5Sget_simple_extent_ndims(space) > 0;
    H5Sclose(space);
    H5Tclose(type);
    return is;
}

static bool is_helper(const char *name) {
    return strncmp(name, TOOL_HELPERS, sizeof TOOL_HELPERS - 1) == 0;
}

static herr_t note(hid_t file, const char *name, const H5O_info_t *info, void *data) {
    candidates *found = data;
    hid_t dataset = info->type == H5O_TYPE_DATASET && !is_helper(name)
                        ? H5Dopen2(file, name, H5P_DEFAULT)
                        : H5I_INVALID_HID;
    if (dataset < 0)
        return 0;
    if (is_array_of_numbers(dataset) && !tool_is_scale(dataset)) {
        if (found->count < NAMED)
            found->names[found->count] = strdup(name);
        found->count++;
    }
    H5Dclose(dataset);
    return 0;
}

static void refuse(const candidates *found) {
    char text[300] = "";
    for (size_t i = 0; i < found->count && i < NAMED; i++) {
        const size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s/%s", i ? ", " : ": ",
                 found->names[i] ? found->names[i] : "");
    }
    if (found->count)
        tool_fail("there are %zu datasets: --dataset says which%s%s", found->count, text,
                  found->count > NAMED ? ", ..." : "");
    else
        tool_fail("there is no dataset of numbers in the file");
}

char *tool_only_dataset(hid_t file) {
    candidates found = {.count = 0};
    H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, note, &found, H5O_INFO_BASIC);
    if (found.count == 1 && found.names[0])
        return found.names[0];
    refuse(&found);
    for (size_t i = 0; i < NAMED; i++)
        free(found.names[i]);
    return NULL;
}
