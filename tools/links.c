#include "links.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

char *tool_path(const char *path, const char *name) {
    const size_t size = strlen(path) + strlen(name) + 2;
    char *joined = malloc(size);
    if (joined)
        snprintf(joined, size, "%s/%s", path, name);
    else
        tool_fail("out of memory");
    return joined;
}

/* ---- Orders ---- */

hid_t tool_object_list(hid_t object) {
    switch (H5Iget_type(object)) {
    case H5I_GROUP:
        return H5Gget_create_plist(object);
    case H5I_DATASET:
        return H5Dget_create_plist(object);
    default:
        return H5Tget_create_plist(object);
    }
}

static H5_index_t order_of(hid_t object, herr_t (*ask)(hid_t list, unsigned *flags)) {
    unsigned flags = 0;
    hid_t list = tool_object_list(object);
    ask(list, &flags);
    H5Pclose(list);
    return flags & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

H5_index_t tool_link_order(hid_t group) {
    return order_of(group, H5Pget_link_creation_order);
}

H5_index_t tool_attribute_order(hid_t object) {
    return order_of(object, H5Pget_attr_creation_order);
}

herr_t tool_attributes_each(hid_t object, H5A_operator2_t visit, void *request) {
    const H5_index_t index = tool_attribute_order(object);
    const H5_iter_order_t order = index == H5_INDEX_NAME ? H5_ITER_NATIVE : H5_ITER_INC;
    return H5Aiterate2(object, index, order, NULL, visit, request);
}

/* ---- Links that programs define ---- */

/* HDF5 neither reads nor makes a link whose kind nobody has told it of. This is all it needs. */
static ssize_t query(const char *name, const void *value, size_t size, void *buffer, size_t room) {
    (void)name;
    if (buffer)
        memcpy(buffer, value, size < room ? size : room);
    return (ssize_t)size;
}

static hid_t traverse(const char *name, hid_t group, const void *value, size_t size, hid_t access,
                      hid_t transfer) {
    (void)name, (void)group, (void)value, (void)size, (void)access, (void)transfer;
    return H5I_INVALID_HID;
}

static void know_kind(H5L_type_t kind) {
    const H5L_class_t stand_in = {.version = H5L_LINK_CLASS_T_VERS,
                                  .id = kind,
                                  .comment = "copied as it is",
                                  .trav_func = traverse,
                                  .query_func = query};
    if (kind >= H5L_TYPE_UD_MIN && H5Lis_registered(kind) <= 0)
        H5Lregister(&stand_in);
}

void *tool_link_value(hid_t group, const char *name, H5L_info_t *info) {
    if (H5Lget_info(group, name, info, H5P_DEFAULT) < 0)
        return NULL;
    know_kind(info->type);
    if (H5Lget_info(group, name, info, H5P_DEFAULT) < 0) /* now with the size */
        return NULL;
    void *value = calloc(info->u.val_size + 1, 1);
    if (value && info->u.val_size &&
        H5Lget_val(group, name, value, info->u.val_size, H5P_DEFAULT) < 0) {
        free(value);
        return NULL;
    }
    return value;
}

bool tool_copy_link(hid_t from, hid_t to, const char *name, hid_t links) {
    H5L_info_t info;
    void *value = tool_link_value(from, name, &info);
    bool done = value != NULL;
    if (done && info.type == H5L_TYPE_SOFT)
        done = H5Lcreate_soft(value, to, name, links, H5P_DEFAULT) >= 0;
    else if (done)
        done = H5Lcreate_ud(to, name, info.type, value, info.u.val_size, links, H5P_DEFAULT) >= 0;
    free(value);
    return done;
}
