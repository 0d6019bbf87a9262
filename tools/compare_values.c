/* Types, values, selections and references of two files: what it means that they are the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "comparing.h"
#include "copy.h"
#include "library.h"
#include "values.h"

/* ---- Types ---- */

static bool same_order(hid_t from, hid_t to);

static bool same_member(hid_t from, hid_t to, unsigned i) {
    char *name = H5Tget_member_name(from, i), *other = H5Tget_member_name(to, i);
    bool same = name && other && strcmp(name, other) == 0;
    H5free_memory(name);
    H5free_memory(other);
    if (!same || H5Tget_class(from) != H5T_COMPOUND)
        return same;
    hid_t type = H5Tget_member_type(from, i), copy = H5Tget_member_type(to, i);
    same = same_order(type, copy);
    H5Tclose(copy);
    H5Tclose(type);
    return same;
}

/* H5Tequal does not mind the order of members. */
static bool same_order(hid_t from, hid_t to) {
    const H5T_class_t class = H5Tget_class(from);
    bool same = true;
    if (class == H5T_COMPOUND || class == H5T_ENUM)
        for (unsigned i = 0; (int)i < H5Tget_nmembers(from) && same; i++)
            same = same_member(from, to, i);
    if (class == H5T_ARRAY || class == H5T_VLEN) {
        hid_t base = H5Tget_super(from), copy = H5Tget_super(to);
        same = same_order(base, copy);
        H5Tclose(copy);
        H5Tclose(base);
    }
    return same;
}

bool tool_compare_types(tool_comparing *c, hid_t from, hid_t to, const char *path) {
    const bool committed = H5Tcommitted(from) > 0;
    if (committed != (H5Tcommitted(to) > 0) || H5Tequal(from, to) <= 0 || !same_order(from, to))
        return tool_differs(path, "type");
    return !committed || tool_match_objects(c, from, to, path);
}

/* ---- Selections ---- */

typedef herr_t (*list_of)(hid_t space, hsize_t first, hsize_t count, hsize_t *places);

/* Lists of `count` items of `width` numbers each. */
static bool same_lists(hid_t from, hid_t to, hssize_t count, size_t width, list_of list) {
    const size_t size = px_product((uint64_t)count, width);
    hsize_t *places = px_alloc(2, size, sizeof *places);
    bool same = places && list(from, 0, (hsize_t)count, places) >= 0 &&
                list(to, 0, (hsize_t)count, places + size) >= 0 &&
                memcmp(places, places + size, size * sizeof *places) == 0;
    free(places);
    return same;
}

/* Opposite corners of each block. */
static bool same_blocks(hid_t from, hid_t to) {
    const hssize_t blocks = H5Sget_select_hyper_nblocks(from);
    const size_t width = 2 * (size_t)H5Sget_simple_extent_ndims(from);
    return blocks == H5Sget_select_hyper_nblocks(to) &&
           same_lists(from, to, blocks, width, H5Sget_select_hyper_blocklist);
}

static bool same_points(hid_t from, hid_t to) {
    const hssize_t points = H5Sget_select_elem_npoints(from);
    const size_t width = (size_t)H5Sget_simple_extent_ndims(from);
    return points == H5Sget_select_elem_npoints(to) &&
           same_lists(from, to, points, width, H5Sget_select_elem_pointlist);
}

/* A regular one may have no end: then it has no list of blocks. */
static bool same_regular(hid_t from, hid_t to) {
    hsize_t a[4][H5S_MAX_RANK] = {{0}}, b[4][H5S_MAX_RANK] = {{0}};
    return H5Sis_regular_hyperslab(to) > 0 &&
           H5Sget_regular_hyperslab(from, a[0], a[1], a[2], a[3]) >= 0 &&
           H5Sget_regular_hyperslab(to, b[0], b[1], b[2], b[3]) >= 0 && memcmp(a, b, sizeof a) == 0;
}

bool tool_same_selection(hid_t from, hid_t to) {
    const H5S_sel_type kind = H5Sget_select_type(from);
    if (kind != H5Sget_select_type(to) || H5Sextent_equal(from, to) <= 0)
        return false;
    if (kind == H5S_SEL_POINTS)
        return same_points(from, to);
    if (kind != H5S_SEL_HYPERSLABS)
        return true;
    return H5Sis_regular_hyperslab(from) > 0 ? same_regular(from, to) : same_blocks(from, to);
}

/* ---- References ---- */

static bool is_null(const uint8_t *value, size_t size) {
    return !*value && memcmp(value, value + 1, size - 1) == 0;
}

/* Where the object of the original is in the copy; HADDR_UNDEF if no link leads to it. */
static haddr_t counterpart(const tool_comparing *c, hid_t object) {
    return object >= 0 ? tool_objects_find(&c->forth, tool_address(object)) : HADDR_UNDEF;
}

/* Closes both. */
static bool same_regions(hid_t region, hid_t copy) {
    bool same = region >= 0 && copy >= 0 && tool_same_selection(region, copy);
    if (copy >= 0)
        H5Sclose(copy);
    if (region >= 0)
        H5Sclose(region);
    return same;
}

/* One that leads nowhere has nothing in the copy. */
static bool same_old(const tool_comparing *c, hid_t type, const void *from, const void *to) {
    const H5R_type_t kind = H5Tequal(type, H5T_STD_REF_OBJ) > 0 ? H5R_OBJECT : H5R_DATASET_REGION;
    hid_t object = H5Rdereference2(c->files->from, H5P_DEFAULT, kind, from);
    const haddr_t address = counterpart(c, object);
    bool same = address == HADDR_UNDEF && is_null(to, H5Tget_size(type));
    if (address != HADDR_UNDEF) {
        hid_t copy = H5Rdereference2(c->files->to, H5P_DEFAULT, kind, to);
        same = copy >= 0 && tool_address(copy) == address &&
               (kind == H5R_OBJECT || same_regions(H5Rget_region(c->files->from, kind, from),
                                                   H5Rget_region(c->files->to, kind, to)));
        if (copy >= 0)
            H5Oclose(copy);
    }
    if (object >= 0)
        H5Oclose(object);
    return same;
}

#if H5_VERSION_GE(1, 12, 0)

static bool same_part(H5R_ref_t *from, H5R_ref_t *to) {
    char name[1024] = "", other[1024] = "";
    if (H5Rget_type(from) == H5R_ATTR)
        return H5Rget_attr_name(from, name, sizeof name) >= 0 &&
               H5Rget_attr_name(to, other, sizeof other) >= 0 && strcmp(name, other) == 0;
    if (H5Rget_type(from) != H5R_DATASET_REGION2)
        return true;
    return same_regions(H5Ropen_region(from, H5P_DEFAULT, H5P_DEFAULT),
                        H5Ropen_region(to, H5P_DEFAULT, H5P_DEFAULT));
}

/* One to an object of another file should lead there still. */
static bool same_target(const tool_comparing *c, hid_t object, H5R_ref_t *from, H5R_ref_t *to) {
    const bool here = tool_same_file(object, c->files->from);
    const haddr_t address = here ? counterpart(c, object) : tool_address(object);
    hid_t copy = H5Ropen_object(to, H5P_DEFAULT, H5P_DEFAULT);
    bool same = copy >= 0 && tool_address(copy) == address &&
                tool_same_file(copy, c->files->to) == here &&
                H5Rget_type(from) == H5Rget_type(to) && same_part(from, to);
    if (copy >= 0)
        H5Oclose(copy);
    return same;
}

static bool same_new(const tool_comparing *c, const void *from, const void *to) {
    H5R_ref_t a = *(const H5R_ref_t *)from, b = *(const H5R_ref_t *)to; /* HDF5 knows no const */
    hid_t object = H5Ropen_object(&a, H5P_DEFAULT, H5P_DEFAULT);
    bool same = is_null(to, sizeof b) ? object < 0 || (tool_same_file(object, c->files->from) &&
                                                       counterpart(c, object) == HADDR_UNDEF)
                                      : object >= 0 && same_target(c, object, &a, &b);
    if (object >= 0)
        H5Oclose(object);
    return same;
}

#endif

static bool same_reference(const tool_comparing *c, hid_t type, const void *from, const void *to) {
    const size_t size = H5Tget_size(type);
    if (is_null(from, size))
        return is_null(to, size);
#if H5_VERSION_GE(1, 12, 0)
    if (H5Tequal(type, H5T_STD_REF) > 0)
        return same_new(c, from, to);
#endif
    return same_old(c, type, from, to);
}

/* ---- Values ---- */

static bool same_members(const tool_comparing *c, hid_t type, const uint8_t *from,
                         const uint8_t *to) {
    bool same = true;
    for (unsigned i = 0; (int)i < H5Tget_nmembers(type) && same; i++) {
        const size_t offset = H5Tget_member_offset(type, i);
        hid_t member = H5Tget_member_type(type, i);
        same = tool_same_values(c, member, from + offset, to + offset, 1);
        H5Tclose(member);
    }
    return same;
}

static bool same_sequence(const tool_comparing *c, hid_t type, const hvl_t *from, const hvl_t *to) {
    hid_t base = H5Tget_super(type);
    bool same = from->len == to->len && tool_same_values(c, base, from->p, to->p, from->len);
    H5Tclose(base);
    return same;
}

static bool same_array(const tool_comparing *c, hid_t type, const void *from, const void *to) {
    hid_t base = H5Tget_super(type);
    bool same = tool_same_values(c, base, from, to, H5Tget_size(type) / H5Tget_size(base));
    H5Tclose(base);
    return same;
}

static bool same_string(const char *from, const char *to) {
    return from && to ? strcmp(from, to) == 0 : from == to;
}

static bool same_value(const tool_comparing *c, hid_t type, const void *from, const void *to) {
    switch (H5Tget_class(type)) {
    case H5T_COMPOUND:
        return same_members(c, type, from, to);
    case H5T_VLEN:
        return same_sequence(c, type, from, to);
    case H5T_ARRAY:
        return same_array(c, type, from, to);
    case H5T_STRING:
        return same_string(*(char *const *)from, *(char *const *)to);
    default:
        return same_reference(c, type, from, to);
    }
}

bool tool_same_values(const tool_comparing *c, hid_t type, const void *from, const void *to,
                      size_t count) {
    const uint8_t *a = from, *b = to;
    const size_t size = H5Tget_size(type);
    bool same = true;
    if (tool_type_is_plain(type))
        return !count || memcmp(a, b, count * size) == 0;
    for (size_t i = 0; i < count && same; i++)
        same = same_value(c, type, a + i * size, b + i * size);
    return same;
}
