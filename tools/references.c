/*
 * References are addresses, and objects have others in the copy: values are read, each reference in
 * them is replaced, and they are written. Dimension scales (netCDF) consist of them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "copy.h"
#include "library.h"
#include "sizes.h"

/* The object of the copy that a reference of the original leads to. */
static hid_t open_target(const tool_copy *c, H5R_type_t kind, const void *value) {
    hid_t object = H5Rdereference2(c->from, H5P_DEFAULT, kind, value);
    if (object < 0)
        return object;
    const haddr_t address = tool_objects_find(&c->objects, tool_address(object));
    H5Oclose(object);
    return address == HADDR_UNDEF ? H5I_INVALID_HID : H5Oopen_by_addr(c->to, address);
}

/* One that leads nowhere leads nowhere in the copy. */
static void map_reference(const tool_copy *c, hid_t type, void *value) {
    const H5R_type_t kind = H5Tequal(type, H5T_STD_REF_OBJ) > 0 ? H5R_OBJECT : H5R_DATASET_REGION;
    hid_t target = open_target(c, kind, value);
    hid_t region = target >= 0 && kind == H5R_DATASET_REGION ? H5Rget_region(c->from, kind, value)
                                                             : H5I_INVALID_HID;
    if (target < 0 || H5Rcreate(value, target, ".", kind, region) < 0)
        memset(value, 0, H5Tget_size(type));
    if (region >= 0)
        H5Sclose(region);
    if (target >= 0)
        H5Oclose(target);
}

static void map_values(const tool_copy *c, hid_t type, uint8_t *values, size_t count);

static void map_members(const tool_copy *c, hid_t type, uint8_t *value) {
    const int members = H5Tget_nmembers(type);
    for (unsigned i = 0; (int)i < members; i++) {
        hid_t member = H5Tget_member_type(type, i);
        map_values(c, member, value + H5Tget_member_offset(type, i), 1);
        H5Tclose(member);
    }
}

static void map_elements(const tool_copy *c, hid_t type, uint8_t *value) {
    hid_t base = H5Tget_super(type);
    if (H5Tget_class(type) == H5T_ARRAY) {
        map_values(c, base, value, H5Tget_size(type) / H5Tget_size(base));
    } else {
        const hvl_t *sequence = (const hvl_t *)(const void *)value;
        map_values(c, base, sequence->p, sequence->len);
    }
    H5Tclose(base);
}

static void map_values(const tool_copy *c, hid_t type, uint8_t *values, size_t count) {
    const H5T_class_t class = H5Tget_class(type);
    const size_t size = H5Tget_size(type);
    if (H5Tdetect_class(type, H5T_REFERENCE) <= 0)
        return;
    for (size_t i = 0; i < count; i++, values += size)
        if (class == H5T_REFERENCE)
            map_reference(c, type, values);
        else if (class == H5T_COMPOUND)
            map_members(c, type, values);
        else
            map_elements(c, type, values);
}

/* An attribute or a dataset: the functions that read and write all of it. */
typedef struct holder {
    hid_t from, to;
    herr_t (*read)(hid_t from, hid_t type, void *values);
    herr_t (*write)(hid_t to, hid_t type, const void *values);
} holder;

static herr_t read_dataset(hid_t from, hid_t type, void *values) {
    return H5Dread(from, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

static herr_t write_dataset(hid_t to, hid_t type, const void *values) {
    return H5Dwrite(to, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

static bool map_holder(const tool_copy *c, const holder *h, hid_t type, hid_t space) {
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count <= 0 || H5Tdetect_class(type, H5T_REFERENCE) <= 0)
        return true;
    void *values = px_alloc_zeroed((uint64_t)count, H5Tget_size(type));
    bool done = values && h->read(h->from, type, values) >= 0;
    if (done) {
        map_values(c, type, values, (size_t)count);
        done = h->write(h->to, type, values) >= 0;
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, values);
    }
    free(values);
    return done || tool_fail_library("references cannot be copied");
}

static herr_t map_attribute(hid_t from, const char *name, const H5A_info_t *info, void *data) {
    (void)info;
    const tool_owner *o = data;
    holder h = {.from = H5Aopen(from, name, H5P_DEFAULT), .read = H5Aread, .write = H5Awrite};
    hid_t type = H5Aget_type(h.from), space = H5Aget_space(h.from);
    h.to = H5Aopen(o->to, name, H5P_DEFAULT);
    bool done = h.to >= 0 && map_holder(o->copy, &h, type, space);
    if (h.to >= 0)
        H5Aclose(h.to);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(h.from);
    return done ? 0 : -1;
}

static bool map_dataset(const tool_copy *c, hid_t from, hid_t to) {
    const holder h = {from, to, read_dataset, write_dataset};
    hid_t type = H5Dget_type(from), space = H5Dget_space(from), list = H5Dget_create_plist(from);
    bool done = H5Pget_layout(list) == H5D_VIRTUAL || H5Pget_external_count(list) > 0 ||
                map_holder(c, &h, type, space);
    H5Pclose(list);
    H5Sclose(space);
    H5Tclose(type);
    return done;
}

static bool map_object(const tool_copy *c, const tool_pair *pair) {
    tool_owner o = {c, H5Oopen_by_addr(c->to, pair->to)};
    hid_t from = H5Oopen_by_addr(c->from, pair->from);
    bool done = from >= 0 && o.to >= 0 &&
                H5Aiterate2(from, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, map_attribute, &o) >= 0 &&
                (H5Iget_type(from) != H5I_DATASET || map_dataset(c, from, o.to));
    if (from >= 0)
        H5Oclose(from);
    if (o.to >= 0)
        H5Oclose(o.to);
    return done;
}

bool tool_copy_references(tool_copy *c) {
    bool done = true;
    for (size_t i = 0; i < c->objects.capacity && done; i++)
        if (c->objects.pairs[i].from != HADDR_UNDEF)
            done = map_object(c, &c->objects.pairs[i]);
    return done;
}
