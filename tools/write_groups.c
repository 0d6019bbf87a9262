#include "write_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "creation.h"
#include "library.h"

static size_t count_of(const tool_groups *g) {
    return g->frames->dims[0];
}

/* Frames of the group that begins at place `start` of the order. */
static size_t group_size(const tool_groups *g, size_t start) {
    const size_t left = count_of(g) - start;
    return left < g->size ? left : g->size;
}

static bool in_order(const tool_groups *g) {
    for (size_t i = 0; i < count_of(g); i++)
        if (g->order[i] != i)
            return false;
    return true;
}

static void keep_properties(const tool_groups *g, hid_t list) {
    hid_t from = H5Dget_create_plist(g->frames->dataset);
    tool_creation_keep(from, list, g->frames->type);
    H5Pclose(from);
}

/* A chunk for each group, compressed by the filter. */
static hid_t creation_list(const tool_groups *g) {
    const tool_frames *f = g->frames;
    hsize_t chunk[H5S_MAX_RANK] = {g->size};
    prism_options options = prism_options_default();
    for (int i = 1; i < f->rank; i++)
        chunk[i] = f->dims[i];
    options.effort = g->effort;
    hid_t list = tool_creation_list(f->rank, chunk, &options);
    keep_properties(g, list);
    return list;
}

/* Reads a group run by run, so that frames which follow each other come at once. */
static bool read_group(const tool_groups *g, size_t start, uint8_t *elements) {
    const size_t end = start + group_size(g, start);
    for (size_t i = start, n; i < end; i += n, elements += n * g->frames->bytes) {
        for (n = 1; i + n < end && g->order[i + n] == g->order[i] + n; n++)
            ;
        if (!tool_frames_read(g->frames, g->order[i], n, elements))
            return false;
    }
    return true;
}

static bool write_group(const tool_groups *g, hid_t dataset, hid_t space, size_t start,
                        const uint8_t *elements) {
    const size_t count = group_size(g, start);
    const hsize_t size = count * (g->frames->bytes / prism_type_size(g->frames->frame.type));
    hid_t memory = H5Screate_simple(1, &size, NULL);
    bool done = tool_frames_select(g->frames, space, H5S_SELECT_SET, start, count) &&
                H5Dwrite(dataset, g->frames->type, memory, space, H5P_DEFAULT, elements) >= 0;
    H5Sclose(memory);
    return done || tool_fail_library("%s: frames cannot be written", g->place->path);
}

static bool write_frames(const tool_groups *g, hid_t dataset) {
    hid_t space = H5Dget_space(dataset);
    uint8_t *elements = px_alloc(g->size, g->frames->bytes);
    bool done = elements || tool_fail("out of memory for %zu frames", g->size);
    for (size_t start = 0; start < count_of(g) && done; start += g->size) {
        done = read_group(g, start, elements) && write_group(g, dataset, space, start, elements);
        tool_progress("writing", start + group_size(g, start), count_of(g));
    }
    free(elements);
    H5Sclose(space);
    return done;
}

/* Links whose groups are made on the way. */
static hid_t link_list(void) {
    hid_t list = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(list, 1);
    return list;
}

static hid_t create_dataset(const tool_groups *g, const char *path, hid_t list) {
    hid_t space = H5Screate_simple(g->frames->rank, g->frames->dims, NULL);
    hid_t type = tool_copy_type(g->place->copy, g->frames->type), links = link_list();
    hid_t dataset = H5Dcreate2(g->place->copy->to, path, type, space, links, list, H5P_DEFAULT);
    H5Pclose(links);
    H5Tclose(type);
    H5Sclose(space);
    if (dataset < 0)
        tool_fail_library("%s cannot be created", path);
    return dataset;
}

/* The frames themselves. */
static bool write_stored(const tool_groups *g, const char *path) {
    hid_t list = creation_list(g), dataset = create_dataset(g, path, list);
    bool done = dataset >= 0 && write_frames(g, dataset);
    if (dataset >= 0 && H5Dclose(dataset) < 0)
        done = done && tool_fail_library("%s cannot be written", path);
    H5Pclose(list);
    return done;
}

static bool write_order(const tool_groups *g) {
    const hsize_t count = count_of(g);
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t dataset = H5Dcreate2(g->place->copy->to, g->order_path, H5T_STD_U32LE, space, H5P_DEFAULT,
                               H5P_DEFAULT, H5P_DEFAULT);
    bool done = dataset >= 0 &&
                H5Dwrite(dataset, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, g->order) >= 0;
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Sclose(space);
    return done || tool_fail_library("%s cannot be written", g->order_path);
}

/* One mapping for each group: selections are gone through in ascending order on both sides. */
static bool map_groups(const tool_groups *g, hid_t list) {
    hid_t shown = H5Screate_simple(g->frames->rank, g->frames->dims, NULL);
    hid_t stored = H5Scopy(shown);
    bool done = true;
    for (size_t start = 0; start < count_of(g) && done; start += g->size) {
        const size_t count = group_size(g, start);
        done = tool_frames_select(g->frames, stored, H5S_SELECT_SET, start, count);
        for (size_t i = start; i < start + count && done; i++)
            done = tool_frames_select(g->frames, shown, i > start ? H5S_SELECT_OR : H5S_SELECT_SET,
                                      g->order[i], 1);
        done = done && H5Pset_virtual(list, shown, ".", g->grouped, stored) >= 0;
    }
    H5Sclose(stored);
    H5Sclose(shown);
    return done || tool_fail_library("%s cannot be mapped", g->place->path);
}

static bool write_virtual(const tool_groups *g) {
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    keep_properties(g, list);
    bool done = map_groups(g, list);
    hid_t dataset = done ? create_dataset(g, g->place->path, list) : -1;
    done = dataset >= 0 && tool_copy_attributes(g->place->copy, g->frames->dataset, dataset);
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Pclose(list);
    return done;
}

static bool write_attributes(const tool_groups *g) {
    hid_t dataset = H5Dopen2(g->place->copy->to, g->place->path, H5P_DEFAULT);
    const bool done =
        dataset >= 0 && tool_copy_attributes(g->place->copy, g->frames->dataset, dataset);
    if (dataset >= 0)
        H5Dclose(dataset);
    return done;
}

/* ---- Is it smaller? ---- */

static hsize_t file_size(hid_t file) {
    hsize_t size = 0;
    H5Fflush(file, H5F_SCOPE_LOCAL);
    H5Fget_filesize(file, &size);
    return size;
}

/* What the order and the virtual dataset take: a number and two corners of a box for each frame. */
static hsize_t size_of_order(const tool_groups *g) {
    enum { HEADERS = 1024, NUMBER = 4, CORNER = 8 };
    const hsize_t box = 2 * CORNER * (hsize_t)g->frames->rank;
    return HEADERS + count_of(g) * (NUMBER + box);
}

bool tool_write_groups(const tool_groups *g, tool_grouped *result) {
    hid_t to = g->place->copy->to;
    const hsize_t before = file_size(to);
    *result = (tool_grouped){.in_order = in_order(g),
                             .original = H5Dget_storage_size(g->frames->dataset)};
    const char *path = result->in_order ? g->place->path : g->grouped;
    if (!write_stored(g, path))
        return false;
    result->stored = file_size(to) - before + (result->in_order ? 0 : size_of_order(g));
    result->kept = result->stored > result->original;
    if (result->kept)
        return H5Ldelete(to, path, H5P_DEFAULT) >= 0 ||
               tool_fail_library("%s cannot be deleted", path);
    return result->in_order ? write_attributes(g) : write_order(g) && write_virtual(g);
}
