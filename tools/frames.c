#include "frames.h"

#include <stdlib.h>

#include "command.h"
#include "library.h"

/* Samples of a frame that are kept to judge it by. */
enum { SAMPLES = 1 << 10, LEAST_RANK = 3 };

static prism_type type_of(hid_t type) {
    if (H5Tget_class(type) != H5T_INTEGER || H5Tget_size(type) > 2)
        return (prism_type)0;
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    return H5Tget_size(type) == 1 ? (is_signed ? PRISM_INT8 : PRISM_UINT8)
                                  : (is_signed ? PRISM_INT16 : PRISM_UINT16);
}

static bool describe(tool_frames *f, const char *path) {
    f->rank = H5Sget_simple_extent_ndims(f->space);
    if (H5Sget_simple_extent_type(f->space) != H5S_SIMPLE || f->rank < LEAST_RANK)
        return tool_fail("%s: its rank is %d; frames are at least 2-dimensional, so that a stack "
                         "has rank 3 or more",
                         path, f->rank);
    H5Sget_simple_extent_dims(f->space, f->dims, NULL);
    f->frame = (prism_array){.type = type_of(f->type),
                             .order = H5Tget_order(f->type) == H5T_ORDER_BE ? PRISM_BIG_ENDIAN
                                                                            : PRISM_LITTLE_ENDIAN,
                             .rank = (unsigned)f->rank};
    if (!f->frame.type)
        return tool_fail("%s: its elements are not integers of 8 or 16 bits", path);
    for (int i = 0; i < f->rank; i++) {
        if (!f->dims[i])
            return tool_fail("%s: it is empty", path);
        f->frame.dims[i] = i ? f->dims[i] : 1;
    }
    prism_error error;
    if (prism_array_size(&f->frame, &f->bytes, &error) != PRISM_OK)
        return tool_fail("%s: %s", path, error.message);
    return true;
}

bool tool_frames_open(tool_frames *f, hid_t file, const char *path) {
    *f = (tool_frames){.dataset = -1, .type = -1, .space = -1};
    if (!tool_open_dataset(&f->dataset, file, path))
        return false;
    f->type = H5Dget_type(f->dataset);
    f->space = H5Dget_space(f->dataset);
    return describe(f, path);
}

void tool_frames_close(tool_frames *f) {
    if (f->space >= 0)
        H5Sclose(f->space);
    if (f->type >= 0)
        H5Tclose(f->type);
    if (f->dataset >= 0)
        H5Dclose(f->dataset);
}

bool tool_frames_select(const tool_frames *f, hid_t space, H5S_seloper_t operator, hsize_t first,
                        hsize_t count) {
    hsize_t start[H5S_MAX_RANK] = {first}, size[H5S_MAX_RANK] = {count};
    for (int i = 1; i < f->rank; i++)
        size[i] = f->dims[i];
    return H5Sselect_hyperslab(space, operator, start, NULL, size, NULL) >= 0;
}

bool tool_frames_read(const tool_frames *f, hsize_t first, hsize_t count, void *elements) {
    hsize_t size[H5S_MAX_RANK] = {count};
    for (int i = 1; i < f->rank; i++)
        size[i] = f->dims[i];
    hid_t memory = H5Screate_simple(f->rank, size, NULL);
    bool done = tool_frames_select(f, f->space, H5S_SELECT_SET, first, count) &&
                H5Dread(f->dataset, f->type, memory, f->space, H5P_DEFAULT, elements) >= 0;
    H5Sclose(memory);
    return done || tool_fail_library("frame %llu cannot be read", (unsigned long long)first);
}

static bool sign_all(const tool_frames *f, px_signatures *signatures, const px_layout *layout,
                     px_planes *planes, void *elements) {
    for (hsize_t i = 0; i < f->dims[0]; i++) {
        if (!tool_frames_read(f, i, 1, elements))
            return false;
        px_planes_load(planes, &f->frame, layout, elements);
        px_signatures_set(signatures, i, planes, 0);
        tool_progress("reading", i + 1, f->dims[0]);
    }
    return true;
}

bool tool_frames_sign(const tool_frames *f, px_signatures *signatures) {
    prism_error error;
    px_planes planes;
    const px_layout layout = px_layout_make(&f->frame, 0);
    *signatures = (px_signatures){0};
    if (px_planes_alloc(&planes, &f->frame, &layout, &error) != PRISM_OK)
        return tool_fail("%s", error.message);
    void *elements = malloc(f->bytes);
    bool done =
        elements && px_signatures_alloc(signatures, f->dims[0], &planes, SAMPLES, NULL) == PRISM_OK;
    done = done ? sign_all(f, signatures, &layout, &planes, elements)
                : tool_fail("out of memory for %llu frames", (unsigned long long)f->dims[0]);
    if (!done)
        px_signatures_free(signatures);
    free(elements);
    px_planes_free(&planes);
    return done;
}
