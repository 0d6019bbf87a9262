/* Attributes of groups, datasets and committed types. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "copy.h"
#include "header.h"
#include "library.h"
#include "links.h"
#include "values.h"

/* An object of the copy that gets attributes. */
typedef struct owner {
    tool_copy *copy;
    hid_t to;
    bool failed; /* in copying one */
} owner;

static bool copy_value(hid_t attribute, hid_t type, hid_t space, hid_t copy) {
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count <= 0 || tool_type_refers(type))
        return true;
    void *value = calloc((size_t)count, H5Tget_size(type));
    bool done = value && H5Aread(attribute, type, value) >= 0;
    if (done) {
        done = H5Awrite(copy, type, value) >= 0;
        tool_values_free(type, space, value);
    }
    free(value);
    return done;
}

static herr_t copy_attribute(hid_t from, const char *name, const H5A_info_t *info, void *data) {
    (void)info;
    owner *o = data;
    hid_t attribute = H5Aopen(from, name, H5P_DEFAULT), list = H5Aget_create_plist(attribute);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hid_t own = tool_copy_type(o->copy, type);
    hid_t extent = tool_copy_space(space);
    hid_t copy = H5Acreate2(o->to, name, own, extent, list, H5P_DEFAULT);
    bool done = copy >= 0 && copy_value(attribute, type, space, copy);
    if (!done)
        tool_fail_library("attribute %s cannot be copied", name);
    if (copy >= 0 && H5Aclose(copy) < 0)
        done = false;
    H5Tclose(own);
    H5Sclose(extent);
    H5Sclose(space);
    H5Tclose(type);
    H5Pclose(list);
    H5Aclose(attribute);
    o->failed = !done;
    return done ? 0 : -1;
}

/* HDF5 gives all attributes or none: one whose type it does not know hides the others. */
static void leave_out(tool_copy *copy, hid_t from) {
    char name[1024] = "", why[TOOL_WHY_TEXT];
    tool_why_unopened(why, from, NULL);
    copy->missing++;
    if (H5Iget_name(from, name, sizeof name) <= 0)
        snprintf(name, sizeof name, "a type without a name");
    tool_fail("the attributes of %s are left out: %s", name, why);
}

static bool copy_comment(hid_t from, hid_t to) {
    const ssize_t length = H5Oget_comment(from, NULL, 0);
    if (length <= 0)
        return true;
    char *comment = calloc((size_t)length + 1, 1);
    bool done = comment && H5Oget_comment(from, comment, (size_t)length + 1) >= 0 &&
                H5Oset_comment(to, comment) >= 0;
    free(comment);
    return done || tool_fail_library("a comment cannot be copied");
}

bool tool_copy_attributes(tool_copy *copy, hid_t from, hid_t to) {
    owner o = {copy, to, false};
    if (!copy_comment(from, to))
        return false;
    if (tool_attributes_each(from, copy_attribute, &o) >= 0)
        return true;
    if (!o.failed)
        leave_out(copy, from);
    return !o.failed;
}
