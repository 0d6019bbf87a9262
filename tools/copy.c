/* Objects and links: group after group, each object once, under all of its names. */
#include "copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "creation.h"
#include "header.h"
#include "library.h"
#include "links.h"
#include "output.h"
#include "prism.h"

haddr_t tool_address(hid_t object) {
    H5O_info_t info = {.addr = HADDR_UNDEF};
    H5Oget_info2(object, &info, H5O_INFO_BASIC);
    return info.addr;
}

static bool add_object(tool_copy *c, haddr_t from, hid_t to) {
    return tool_objects_add(&c->objects, from, tool_address(to)) || tool_fail("out of memory");
}

/* ---- Formats ---- */

/* An object whose header has the format of before HDF5 1.8 stays readable for programs of that
 * time. Others may need what came later: large attributes, or orders of creation. */
static void allow_format(tool_copy *c, hid_t from) {
    H5O_info_t info = {.hdr.version = 1};
    H5Oget_info2(from, &info, H5O_INFO_HDR);
    H5F_libver_t low = c->least > H5F_LIBVER_V18 ? c->least : H5F_LIBVER_V18;
    if (info.hdr.version < 2)
        low = H5F_LIBVER_EARLIEST;
    if (low != c->low && H5Fset_libver_bounds(c->to, low, H5F_LIBVER_LATEST) >= 0)
        c->low = low;
}

static void read_format(tool_copy *c) {
    H5F_libver_t high;
    hid_t access = H5Fget_access_plist(c->to);
    H5Pget_libver_bounds(access, &c->least, &high);
    c->low = c->least;
    H5Pclose(access);
}

/* ---- Types and spaces ---- */

/* Where files keep messages that objects share, HDF5 1.10 remembers in a type or space where it is
 * in the original, and would write that into the copy. New ones know nothing. */

hid_t tool_copy_space(hid_t space) {
    hsize_t dims[H5S_MAX_RANK], most[H5S_MAX_RANK];
    const H5S_class_t kind = H5Sget_simple_extent_type(space);
    if (kind != H5S_SIMPLE)
        return H5Screate(kind);
    return H5Screate_simple(H5Sget_simple_extent_dims(space, dims, most), dims, most);
}

hid_t tool_new_type(hid_t type) {
    size_t size = 0;
    H5Tencode(type, NULL, &size);
    void *bytes = size ? malloc(size) : NULL;
    hid_t own = H5I_INVALID_HID;
    if (bytes && H5Tencode(type, bytes, &size) >= 0)
        own = H5Tdecode(bytes);
    free(bytes);
    if (own >= 0 && H5Tequal(own, type) > 0)
        return own;
    if (own >= 0)
        H5Tclose(own);
    return H5Tcopy(type);
}

/* ---- Committed types ---- */

/* It has no name yet, and may never have one: links are made to it later. */
static hid_t commit_type(tool_copy *c, hid_t type) {
    hid_t copy = tool_new_type(type), list = H5Tget_create_plist(type);
    allow_format(c, type);
    bool done = H5Tcommit_anon(c->to, copy, list, H5P_DEFAULT) >= 0 ||
                tool_fail_library("a committed type cannot be copied");
    H5Pclose(list);
    if (done && add_object(c, tool_address(type), copy) && tool_copy_attributes(c, type, copy))
        return copy;
    H5Tclose(copy);
    return H5I_INVALID_HID;
}

hid_t tool_copy_type(tool_copy *c, hid_t type) {
    if (H5Tcommitted(type) <= 0)
        return tool_new_type(type);
    const haddr_t known = tool_objects_find(&c->objects, tool_address(type));
    return known != HADDR_UNDEF ? H5Oopen_by_addr(c->to, known) : commit_type(c, type);
}

/* ---- Groups ---- */

/* Of the heap that links lie in. */
static void copy_filters(hid_t from, hid_t list) {
    for (unsigned i = 0; (int)i < H5Pget_nfilters(from); i++) {
        unsigned flags, words[PRISM_MAX_WORDS] = {0};
        size_t count = PRISM_MAX_WORDS;
        const H5Z_filter_t id = H5Pget_filter2(from, i, &flags, &count, words, 0, NULL, NULL);
        if (id >= 0)
            H5Pset_filter(list, id, flags, count < PRISM_MAX_WORDS ? count : PRISM_MAX_WORDS,
                          words);
    }
}

/* Property by property: HDF5 1.10 keeps in the list of a group where its links are in the file, and
 * would look for them there in the copy. */
void tool_copy_group_list(hid_t group, hid_t list) {
    unsigned least, most;
    size_t hint;
    hid_t from = H5Gget_create_plist(group);
    if (H5Pget_local_heap_size_hint(from, &hint) >= 0)
        H5Pset_local_heap_size_hint(list, hint);
    if (H5Pget_link_phase_change(from, &most, &least) >= 0)
        H5Pset_link_phase_change(list, most, least);
    if (H5Pget_est_link_info(from, &most, &least) >= 0)
        H5Pset_est_link_info(list, most, least);
    if (H5Pget_link_creation_order(from, &most) >= 0)
        H5Pset_link_creation_order(list, most);
    tool_creation_keep_object(from, list);
    copy_filters(from, list);
    H5Pclose(from);
}

/* A group that is being copied. */
typedef struct walk {
    tool_copy *copy;
    hid_t to;
    const char *path; /* without a slash at the end: "" is the root */
    bool failed;      /* in copying a link */
} walk;

static bool copy_links(tool_copy *c, hid_t from, hid_t to, const char *path);

static bool copy_group(const walk *w, hid_t group, const char *name, const tool_place *place) {
    hid_t list = H5Pcreate(H5P_GROUP_CREATE);
    tool_copy_group_list(group, list);
    hid_t copy = H5Gcreate2(w->to, name, place->links, list, H5P_DEFAULT);
    H5Pclose(list);
    if (copy < 0)
        return tool_fail_library("%s cannot be created", place->path);
    bool done =
        add_object(w->copy, place->address, copy) && copy_links(w->copy, group, copy, place->path);
    H5Gclose(copy);
    return done;
}

/* ---- Objects ---- */

static bool left_out(const walk *w, const char *path, const char *why) {
    w->copy->missing++;
    tool_fail("%s is left out: %s", path, why);
    return true;
}

static bool copy_dataset(const walk *w, hid_t dataset, const char *name, const tool_place *place) {
    char text[TOOL_WHY_TEXT];
    bool taken = false;
    const char *why = tool_why_undecoded(text, dataset, place->path);
    if (why)
        return left_out(w, place->path, why);
    if (!w->copy->take(w->copy->request, place, &taken) || (!taken && !tool_copy_dataset(place)))
        return false;
    hid_t copy = H5Oopen(w->to, name, H5P_DEFAULT);
    bool done = copy >= 0 && add_object(w->copy, place->address, copy);
    if (copy >= 0)
        H5Oclose(copy);
    return done;
}

static bool link_object(const walk *w, hid_t object, const char *name, hid_t links) {
    bool done = object >= 0 && H5Olink(object, w->to, name, links, H5P_DEFAULT) >= 0;
    if (object >= 0)
        H5Oclose(object);
    return done || tool_fail_library("the link %s/%s cannot be copied", w->path, name);
}

static bool copy_object(const walk *w, hid_t object, const char *name, const tool_place *place) {
    tool_output_note(place->path);
    allow_format(w->copy, object);
    switch (H5Iget_type(object)) {
    case H5I_GROUP:
        return copy_group(w, object, name, place);
    case H5I_DATASET:
        return copy_dataset(w, object, name, place);
    default:
        return link_object(w, tool_copy_type(w->copy, object), name, place->links);
    }
}

/* An object that is there already gets another name. */
static bool copy_hard_link(const walk *w, hid_t from, const char *name, hid_t links) {
    tool_copy *c = w->copy;
    char why[TOOL_WHY_TEXT], *path = tool_path(w->path, name);
    hid_t object = path ? H5Oopen(from, name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (path && object < 0)
        left_out(w, path, tool_why_unopened(why, from, name));
    if (object < 0) {
        free(path);
        return path != NULL;
    }
    const tool_place place = {c, path, tool_address(object), links};
    const haddr_t known = tool_objects_find(&c->objects, place.address);
    bool done = known == HADDR_UNDEF ? copy_object(w, object, name, &place)
                                     : link_object(w, H5Oopen_by_addr(c->to, known), name, links);
    H5Oclose(object);
    free(path);
    return done;
}

/* ---- Links ---- */

static herr_t copy_link(hid_t from, const char *name, const H5L_info_t *info, void *data) {
    walk *w = data;
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_char_encoding(links, info->cset);
    bool done = info->type == H5L_TYPE_HARD
                    ? copy_hard_link(w, from, name, links)
                    : tool_copy_link(from, w->to, name, links) ||
                          tool_fail_library("the link %s/%s cannot be copied", w->path, name);
    H5Pclose(links);
    w->failed = !done;
    return done ? 0 : -1;
}

static bool copy_links(tool_copy *c, hid_t from, hid_t to, const char *path) {
    walk w = {c, to, path, false};
    if (!tool_copy_attributes(c, from, to))
        return false;
    if (H5Literate(from, tool_link_order(from), H5_ITER_INC, NULL, copy_link, &w) >= 0)
        return true;
    return !w.failed && tool_fail_library("the links of %s cannot be read", *path ? path : "/");
}

bool tool_copy_objects(tool_copy *c) {
    hid_t from = H5Gopen2(c->from, "/", H5P_DEFAULT), to = H5Gopen2(c->to, "/", H5P_DEFAULT);
    read_format(c);
    bool done = from >= 0 && to >= 0 && add_object(c, tool_address(from), to) &&
                copy_links(c, from, to, "");
    if (from >= 0)
        H5Gclose(from);
    if (to >= 0)
        H5Gclose(to);
    return done;
}

void tool_copy_free(tool_copy *c) {
    tool_objects_free(&c->objects);
}
