#include "copy.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"

static bool copy_value(hid_t attribute, hid_t type, hid_t space, hid_t copy) {
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    void *value = calloc((size_t)count + 1, H5Tget_size(type));
    bool done =
        value &&
        (!count || (H5Aread(attribute, type, value) >= 0 && H5Awrite(copy, type, value) >= 0));
    if (count && done)
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, value);
    free(value);
    return done;
}

static herr_t copy_attribute(hid_t from, const char *name, const H5A_info_t *info, void *data) {
    (void)info;
    const hid_t to = *(hid_t *)data;
    hid_t attribute = H5Aopen(from, name, H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    bool done = true;
    if (H5Tdetect_class(type, H5T_REFERENCE) > 0) {
        tool_fail("attribute %s refers to other objects: left out", name);
    } else {
        hid_t copy = H5Acreate2(to, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        done = copy >= 0 && copy_value(attribute, type, space, copy);
        if (copy >= 0)
            H5Aclose(copy);
        if (!done)
            tool_fail("attribute %s cannot be copied", name);
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return done ? 0 : -1;
}

bool tool_copy_attributes(hid_t from, hid_t to) {
    return H5Aiterate2(from, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, copy_attribute, &to) >= 0;
}

/* A group that is being copied; `left` is the rest of the path to the dataset, or NULL if that is
 * somewhere else. */
typedef struct walk {
    hid_t to;
    const char *left;
} walk;

static bool copy_group(hid_t from, hid_t to, const char *left);

static bool copy_way(hid_t from, hid_t to, const char *name, const char *left) {
    hid_t group = H5Gopen2(from, name, H5P_DEFAULT);
    hid_t copy = H5Gcreate2(to, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool done = group >= 0 && copy >= 0 && copy_group(group, copy, left);
    if (group >= 0)
        H5Gclose(group);
    if (copy >= 0)
        H5Gclose(copy);
    return done;
}

/* A link that is a path, to this file or another: H5Ocopy would copy what it leads to. */
static bool copy_path(hid_t from, hid_t to, const char *name, const H5L_info_t *info) {
    char *value = malloc(info->u.val_size + 1);
    const char *file, *object;
    bool done = value && H5Lget_val(from, name, value, info->u.val_size, H5P_DEFAULT) >= 0;
    if (done && info->type == H5L_TYPE_SOFT)
        done = H5Lcreate_soft(value, to, name, H5P_DEFAULT, H5P_DEFAULT) >= 0;
    else if (done)
        done = H5Lunpack_elink_val(value, info->u.val_size, NULL, &file, &object) >= 0 &&
               H5Lcreate_external(file, object, to, name, H5P_DEFAULT, H5P_DEFAULT) >= 0;
    free(value);
    return done;
}

static herr_t copy_link(hid_t from, const char *name, const H5L_info_t *info, void *data) {
    const walk *w = data;
    const size_t length = strlen(name);
    const bool on_way = w->left && strncmp(w->left, name, length) == 0 &&
                        (w->left[length] == '/' || w->left[length] == '\0');
    bool done = true;
    if (on_way && w->left[length])
        done = copy_way(from, w->to, name, w->left + length + strspn(w->left + length, "/"));
    else if (!on_way && info->type == H5L_TYPE_HARD)
        done = H5Ocopy(from, name, w->to, name, H5P_DEFAULT, H5P_DEFAULT) >= 0;
    else if (!on_way)
        done = copy_path(from, w->to, name, info);
    return done ? 0 : -1;
}

static bool copy_group(hid_t from, hid_t to, const char *left) {
    walk w = {to, left};
    return H5Literate(from, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, copy_link, &w) >= 0 &&
           tool_copy_attributes(from, to);
}

bool tool_copy_others(hid_t from, hid_t to, const char *path) {
    hid_t source = H5Gopen2(from, "/", H5P_DEFAULT), target = H5Gopen2(to, "/", H5P_DEFAULT);
    bool done = copy_group(source, target, path + strspn(path, "/"));
    H5Gclose(source);
    H5Gclose(target);
    return done || tool_fail("the other objects of the file cannot be copied");
}
