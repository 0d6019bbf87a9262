#include "copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "library.h"
#include "sizes.h"

/* Committed types are copied first, to this group, because objects of any group may use them. */
static const char TYPES[] = "/.h5prism.types";

haddr_t tool_address(hid_t object) {
    H5O_info_t info = {.addr = HADDR_UNDEF};
    H5Oget_info2(object, &info, H5O_INFO_BASIC);
    return info.addr;
}

static bool add_object(tool_copy *c, haddr_t from, hid_t to) {
    return tool_objects_add(&c->objects, from, tool_address(to)) || tool_fail("out of memory");
}

/* ---- Committed types ---- */

static herr_t copy_committed(hid_t from, const char *name, const H5O_info_t *info, void *data) {
    tool_copy *c = data;
    char path[64];
    if (info->type != H5O_TYPE_NAMED_DATATYPE)
        return 0;
    snprintf(path, sizeof path, "%s/%zu", TYPES, c->objects.count);
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t copy = H5Ocopy(from, name, c->to, path, c->properties, links) >= 0
                     ? H5Oopen(c->to, path, H5P_DEFAULT)
                     : H5I_INVALID_HID;
    H5Pclose(links);
    bool done = copy >= 0 && add_object(c, info->addr, copy);
    H5Padd_merge_committed_dtype_path(c->properties, path);
    if (copy >= 0)
        H5Oclose(copy);
    return done ? 0 : -1;
}

static bool copy_types(tool_copy *c) {
    c->properties = H5Pcreate(H5P_OBJECT_COPY);
    bool done =
        H5Ovisit2(c->from, H5_INDEX_NAME, H5_ITER_NATIVE, copy_committed, c, H5O_INFO_BASIC) >= 0;
    if (done && c->objects.count)
        H5Pset_copy_object(c->properties, H5O_COPY_MERGE_COMMITTED_DTYPE_FLAG);
    return done || tool_fail_library("the committed types of the file cannot be copied");
}

/* Those that have a name have it by now. */
static bool leave_types(const tool_copy *c) {
    return H5Lexists(c->to, TYPES, H5P_DEFAULT) <= 0 || H5Ldelete(c->to, TYPES, H5P_DEFAULT) >= 0;
}

hid_t tool_copy_type(const tool_copy *c, hid_t type) {
    const haddr_t address =
        H5Tcommitted(type) > 0 ? tool_objects_find(&c->objects, tool_address(type)) : HADDR_UNDEF;
    return address != HADDR_UNDEF ? H5Oopen_by_addr(c->to, address) : H5Tcopy(type);
}

/* ---- Attributes ---- */

/* In the order of creation where that is kept. */
static H5_index_t attribute_order(hid_t object) {
    unsigned flags = 0;
    const bool is_group = H5Iget_type(object) == H5I_GROUP;
    hid_t list = is_group ? H5Gget_create_plist(object) : H5Dget_create_plist(object);
    H5Pget_attr_creation_order(list, &flags);
    H5Pclose(list);
    return flags & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

static bool copy_value(hid_t attribute, hid_t type, hid_t space, hid_t copy) {
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    void *value = px_alloc_zeroed(px_sum((uint64_t)count, 1), H5Tget_size(type));
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
    const tool_owner *o = data;
    hid_t attribute = H5Aopen(from, name, H5P_DEFAULT), list = H5Aget_create_plist(attribute);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hid_t own = tool_copy_type(o->copy, type);
    hid_t copy = H5Acreate2(o->to, name, own, space, list, H5P_DEFAULT);
    bool done = copy >= 0 && (H5Tdetect_class(type, H5T_REFERENCE) > 0 ||
                              copy_value(attribute, type, space, copy));
    if (!done)
        tool_fail_library("attribute %s cannot be copied", name);
    if (copy >= 0)
        H5Aclose(copy);
    H5Tclose(own);
    H5Sclose(space);
    H5Tclose(type);
    H5Pclose(list);
    H5Aclose(attribute);
    return done ? 0 : -1;
}

bool tool_copy_attributes(const tool_copy *copy, hid_t from, hid_t to) {
    tool_owner o = {copy, to};
    return H5Aiterate2(from, attribute_order(from), H5_ITER_INC, NULL, copy_attribute, &o) >= 0;
}

/* ---- Objects and links ---- */

/* A group that is being copied. */
typedef struct walk {
    tool_copy *copy;
    hid_t to;
    const char *path; /* without a slash at the end: "" is the root */
} walk;

static bool copy_links(tool_copy *c, hid_t from, hid_t to, const char *path);

/* Another name of an object that is there already. */
static bool link_again(const walk *w, haddr_t address, const char *name, hid_t links) {
    hid_t object = H5Oopen_by_addr(w->copy->to, address);
    bool done = object >= 0 && H5Olink(object, w->to, name, links, H5P_DEFAULT) >= 0;
    if (object >= 0)
        H5Oclose(object);
    return done;
}

static bool copy_group(const walk *w, hid_t from, const char *name, const tool_place *place) {
    hid_t group = H5Gopen2(from, name, H5P_DEFAULT);
    hid_t list = group >= 0 ? H5Gget_create_plist(group) : -1;
    hid_t copy = list >= 0 ? H5Gcreate2(w->to, name, place->links, list, H5P_DEFAULT) : -1;
    bool done = copy >= 0 && add_object(w->copy, place->address, copy) &&
                copy_links(w->copy, group, copy, place->path);
    if (copy >= 0)
        H5Gclose(copy);
    if (list >= 0)
        H5Pclose(list);
    if (group >= 0)
        H5Gclose(group);
    return done;
}

static bool copy_object(const walk *w, hid_t from, const char *name, const tool_place *place,
                        H5O_type_t type) {
    tool_copy *c = w->copy;
    bool taken = false;
    if (type == H5O_TYPE_GROUP)
        return copy_group(w, from, name, place);
    if (type == H5O_TYPE_DATASET && !c->take(c->request, place, &taken))
        return false;
    if (!taken && H5Ocopy(from, name, w->to, name, c->properties, place->links) < 0)
        return tool_fail_library("%s cannot be copied", place->path);
    hid_t copy = H5Oopen(w->to, name, H5P_DEFAULT);
    bool done = copy >= 0 && add_object(c, place->address, copy);
    if (copy >= 0)
        H5Oclose(copy);
    return done;
}

static bool copy_hard_link(const walk *w, hid_t from, const char *name, hid_t links) {
    H5O_info_t info;
    const size_t length = strlen(w->path) + strlen(name) + 2;
    if (H5Oget_info_by_name2(from, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
        return tool_fail_library("%s/%s cannot be read", w->path, name);
    const haddr_t known = tool_objects_find(&w->copy->objects, info.addr);
    if (known != HADDR_UNDEF)
        return link_again(w, known, name, links);
    char *path = malloc(length);
    if (!path)
        return tool_fail("out of memory");
    snprintf(path, length, "%s/%s", w->path, name);
    const tool_place place = {w->copy, path, info.addr, links};
    bool done = copy_object(w, from, name, &place, info.type);
    free(path);
    return done;
}

/* A link that is a path, to this file or another, or of a kind that a program has defined. */
static bool copy_other_link(const walk *w, hid_t from, const char *name, const H5L_info_t *info,
                            hid_t links) {
    const size_t size = info->u.val_size;
    char *value = malloc(size + 1);
    bool done = value && H5Lget_val(from, name, value, size, H5P_DEFAULT) >= 0;
    if (done && info->type == H5L_TYPE_SOFT)
        done = H5Lcreate_soft(value, w->to, name, links, H5P_DEFAULT) >= 0;
    else if (done)
        done = H5Lcreate_ud(w->to, name, info->type, value, size, links, H5P_DEFAULT) >= 0;
    free(value);
    return done || tool_fail_library("the link %s/%s cannot be copied", w->path, name);
}

static herr_t copy_link(hid_t from, const char *name, const H5L_info_t *info, void *data) {
    const walk *w = data;
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_char_encoding(links, info->cset);
    bool done = info->type == H5L_TYPE_HARD ? copy_hard_link(w, from, name, links)
                                            : copy_other_link(w, from, name, info, links);
    H5Pclose(links);
    return done ? 0 : -1;
}

static bool copy_links(tool_copy *c, hid_t from, hid_t to, const char *path) {
    walk w = {c, to, path};
    unsigned flags = 0;
    hid_t list = H5Gget_create_plist(from);
    H5Pget_link_creation_order(list, &flags);
    H5Pclose(list);
    const H5_index_t order = flags & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
    return H5Literate(from, order, H5_ITER_INC, NULL, copy_link, &w) >= 0 &&
           tool_copy_attributes(c, from, to);
}

bool tool_copy_objects(tool_copy *c) {
    hid_t from = H5Gopen2(c->from, "/", H5P_DEFAULT), to = H5Gopen2(c->to, "/", H5P_DEFAULT);
    bool done = from >= 0 && to >= 0 && copy_types(c) && add_object(c, tool_address(from), to) &&
                copy_links(c, from, to, "") && leave_types(c);
    if (from >= 0)
        H5Gclose(from);
    if (to >= 0)
        H5Gclose(to);
    return done;
}

void tool_copy_free(tool_copy *c) {
    if (c->properties > 0)
        H5Pclose(c->properties);
    tool_objects_free(&c->objects);
}
