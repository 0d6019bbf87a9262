/*
 * References are addresses, and objects have others in the copy: values are read, each reference in
 * them is replaced, and they are written. Dimension scales (netCDF) consist of them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "copy.h"
#include "library.h"
#include "pieces.h"
#include "values.h"

/* The object of the copy that stands for one of the original. */
static hid_t open_copy(tool_copy *c, hid_t object) {
    const haddr_t address = tool_objects_find(&c->objects, tool_address(object));
    return address == HADDR_UNDEF ? H5I_INVALID_HID : H5Oopen_by_addr(c->to, address);
}

static bool is_null(const uint8_t *value, size_t size) {
    return !*value && memcmp(value, value + 1, size - 1) == 0;
}

/* ---- References by address ---- */

/* One that leads nowhere leads nowhere in the copy. Of newer versions of HDF5, this one may not
 * know the kind, or how elements of the region are selected. */
static void map_old(tool_copy *c, hid_t type, void *value) {
    const H5R_type_t kind = H5Tequal(type, H5T_STD_REF_OBJ) > 0 ? H5R_OBJECT : H5R_DATASET_REGION;
    const bool known = kind == H5R_OBJECT || H5Tequal(type, H5T_STD_REF_DSETREG) > 0;
    hid_t object = H5Rdereference2(c->from, H5P_DEFAULT, kind, value);
    hid_t target = object >= 0 ? open_copy(c, object) : H5I_INVALID_HID;
    hid_t region = target >= 0 && kind == H5R_DATASET_REGION ? H5Rget_region(c->from, kind, value)
                                                             : H5I_INVALID_HID;
    if (!known || (target >= 0 && kind == H5R_DATASET_REGION && region < 0))
        c->unreadable++;
    else if (target < 0 || H5Rcreate(value, target, ".", kind, region) < 0) {
        c->dangling++;
        memset(value, 0, H5Tget_size(type));
    }
    if (region >= 0)
        H5Sclose(region);
    if (target >= 0)
        H5Oclose(target);
    if (object >= 0)
        H5Oclose(object);
}

/* ---- References of HDF5 1.12 and newer ---- */

#if H5_VERSION_GE(1, 12, 0)

static bool create_new(H5R_ref_t *to, H5R_ref_t *from, hid_t target) {
    const H5R_type_t kind = H5Rget_type(from);
    if (kind == H5R_OBJECT2)
        return H5Rcreate_object(target, ".", H5P_DEFAULT, to) >= 0;
    if (kind == H5R_DATASET_REGION2) {
        hid_t region = H5Ropen_region(from, H5P_DEFAULT, H5P_DEFAULT);
        bool done = region >= 0 && H5Rcreate_region(target, ".", region, H5P_DEFAULT, to) >= 0;
        if (region >= 0)
            H5Sclose(region);
        return done;
    }
    char *name = NULL;
    const ssize_t length = H5Rget_attr_name(from, NULL, 0);
    bool done = length > 0 && (name = malloc((size_t)length + 1)) &&
                H5Rget_attr_name(from, name, (size_t)length + 1) >= 0 &&
                H5Rcreate_attr(target, ".", name, H5P_DEFAULT, to) >= 0;
    free(name);
    return done;
}

/* One that leads to another file stays as it is. */
static void map_new(tool_copy *c, void *value) {
    H5R_ref_t mapped = {0};
    hid_t object = H5Ropen_object(value, H5P_DEFAULT, H5P_DEFAULT);
    if (object >= 0 && !tool_same_file(object, c->from)) {
        H5Oclose(object);
        return;
    }
    hid_t target = object >= 0 ? open_copy(c, object) : H5I_INVALID_HID;
    if (target < 0 || !create_new(&mapped, value, target))
        c->dangling++;
    H5Rdestroy(value);
    memcpy(value, &mapped, sizeof mapped);
    if (target >= 0)
        H5Oclose(target);
    if (object >= 0)
        H5Oclose(object);
}

#endif

static void map_reference(tool_copy *c, hid_t type, void *value) {
    if (is_null(value, H5Tget_size(type)))
        return;
#if H5_VERSION_GE(1, 12, 0)
    if (H5Tequal(type, H5T_STD_REF) > 0) {
        map_new(c, value);
        return;
    }
#endif
    map_old(c, type, value);
}

/* ---- Values with references in them ---- */

static void map_values(tool_copy *c, hid_t type, uint8_t *values, size_t count);

static void map_members(tool_copy *c, hid_t type, uint8_t *value) {
    const int members = H5Tget_nmembers(type);
    for (unsigned i = 0; (int)i < members; i++) {
        hid_t member = H5Tget_member_type(type, i);
        map_values(c, member, value + H5Tget_member_offset(type, i), 1);
        H5Tclose(member);
    }
}

static void map_elements(tool_copy *c, hid_t type, uint8_t *value) {
    hid_t base = H5Tget_super(type);
    if (H5Tget_class(type) == H5T_ARRAY) {
        map_values(c, base, value, H5Tget_size(type) / H5Tget_size(base));
    } else {
        const hvl_t *sequence = (const hvl_t *)(const void *)value;
        map_values(c, base, sequence->p, sequence->len);
    }
    H5Tclose(base);
}

static void map_values(tool_copy *c, hid_t type, uint8_t *values, size_t count) {
    const H5T_class_t class = H5Tget_class(type);
    const size_t size = H5Tget_size(type);
    if (!tool_type_refers(type))
        return;
    for (size_t i = 0; i < count; i++, values += size)
        if (class == H5T_REFERENCE)
            map_reference(c, type, values);
        else if (class == H5T_COMPOUND)
            map_members(c, type, values);
        else
            map_elements(c, type, values);
}

/* ---- Attributes and datasets ---- */

static bool map_attribute_values(tool_copy *c, hid_t from, hid_t to, hid_t type, hid_t space) {
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count <= 0 || !tool_type_refers(type))
        return true;
    void *values = px_alloc_zeroed((uint64_t)count, H5Tget_size(type));
    bool done = values && H5Aread(from, type, values) >= 0;
    if (done) {
        map_values(c, type, values, (size_t)count);
        done = H5Awrite(to, type, values) >= 0;
        tool_values_free(type, space, values);
    }
    free(values);
    return done;
}

/* An object of the copy. */
typedef struct owner {
    tool_copy *copy;
    hid_t to;
    bool failed;
} owner;

static herr_t map_attribute(hid_t object, const char *name, const H5A_info_t *info, void *data) {
    (void)info;
    owner *o = data;
    if (H5Aexists(o->to, name) == 0)
        return 0; /* it was left out, since HDF5 cannot read all of the object's */
    hid_t from = H5Aopen(object, name, H5P_DEFAULT), to = H5Aopen(o->to, name, H5P_DEFAULT);
    hid_t type = H5Aget_type(from), space = H5Aget_space(from);
    o->failed = to < 0 || !map_attribute_values(o->copy, from, to, type, space);
    if (o->failed)
        tool_fail_library("references in the attribute %s cannot be copied", name);
    if (to >= 0)
        H5Aclose(to);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(from);
    return o->failed ? -1 : 0;
}

/* Attributes that HDF5 cannot read are not in the copy. */
static bool map_attributes(tool_copy *c, hid_t from, hid_t to) {
    owner o = {c, to, false};
    return H5Aiterate2(from, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, map_attribute, &o) >= 0 ||
           !o.failed;
}

typedef struct transfer {
    tool_copy *copy;
    const tool_chunked *source;
    hid_t target;
    void *elements; /* of a piece */
} transfer;

static bool map_piece(void *data, const tool_piece *piece) {
    const transfer *t = data;
    const tool_chunked *s = t->source;
    memset(t->elements, 0, piece->elements * s->element_bytes);
    if (!tool_piece_read(s, piece, t->elements))
        return false;
    map_values(t->copy, s->type, t->elements, piece->elements);
    bool done = tool_piece_write(s, t->target, piece, t->elements);
    tool_piece_reclaim(s, piece, t->elements);
    return done;
}

static bool map_dataset(tool_copy *c, hid_t from, hid_t to) {
    tool_chunked source;
    bool done = tool_chunked_of(&source, from, "a dataset of references");
    if (done && tool_chunked_is_own(&source) && tool_type_refers(source.type)) {
        transfer t = {c, &source, to,
                      px_alloc_zeroed(tool_piece_room(&source), source.element_bytes)};
        done = t.elements ? tool_pieces_each(&source, map_piece, &t) : tool_fail("out of memory");
        free(t.elements);
    }
    tool_chunked_close(&source);
    return done;
}

static bool map_object(tool_copy *c, const tool_pair *pair) {
    hid_t from = H5Oopen_by_addr(c->from, pair->from), to = H5Oopen_by_addr(c->to, pair->to);
    bool done = from >= 0 && to >= 0 && map_attributes(c, from, to) &&
                (H5Iget_type(from) != H5I_DATASET || map_dataset(c, from, to));
    if (from >= 0)
        H5Oclose(from);
    if (to >= 0)
        H5Oclose(to);
    return done;
}

bool tool_copy_references(tool_copy *c) {
    bool done = true;
    for (size_t i = 0; i < c->objects.capacity && done; i++)
        if (c->objects.pairs[i].from != HADDR_UNDEF)
            done = map_object(c, &c->objects.pairs[i]);
    if (done && c->unreadable)
        done = tool_fail(
            "HDF5 %u.%u.%u cannot read references of the file (%zu): copy it with the version "
            "that wrote it",
            H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE, c->unreadable);
    if (done && c->dangling)
        printf("references that lead to no object of the file, and to none in the copy: %zu\n",
               c->dangling);
    return done;
}
