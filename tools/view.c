#include "view.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/sizes.h"
#include "command.h"

enum { COLOURS = 4 };

static bool is_compressed(const tool_source *s) {
    hid_t list = H5Dget_create_plist(s->dataset);
    const int count = s->chunked ? H5Pget_nfilters(list) : 0;
    unsigned flags;
    size_t words = 0;
    const bool is = count == 1 && H5Pget_filter2(list, 0, &flags, &words, NULL, 0, NULL, NULL) ==
                                      H5PRISM_FILTER_ID;
    H5Pclose(list);
    return is;
}

/* Along which the planes of the first chunk lie; TOOL_NO_AXIS where it does not say. */
static int axis_of_chunk(const tool_source *s) {
    const hsize_t origin[H5S_MAX_RANK] = {0};
    hsize_t size = 0;
    uint32_t mask;
    prism_info info;
    if (!is_compressed(s) || H5Dget_chunk_storage_size(s->dataset, origin, &size) < 0 || !size)
        return TOOL_NO_AXIS;
    uint8_t *chunk = px_alloc(size, 1);
    const bool known = chunk && H5Dread_chunk(s->dataset, H5P_DEFAULT, origin, &mask, chunk) >= 0 &&
                       !mask && prism_inspect(chunk, (size_t)size, &info, NULL) == PRISM_OK;
    free(chunk);
    return known && info.axis >= 0 && info.axis < s->rank ? info.axis : TOOL_NO_AXIS;
}

/* How much longer the one side is. */
static double elongation(hsize_t a, hsize_t b) {
    return a > b ? (double)a / (double)b : (double)b / (double)a;
}

static int find_axis(const tool_source *s, bool frames_alone) {
    const int last = s->rank - 1;
    if (s->rank < 3)
        return TOOL_NO_AXIS;
    if (s->rank > 3)
        return last;
    if (!frames_alone && s->dims[last] <= COLOURS)
        return last;
    const int said = axis_of_chunk(s);
    if (said != TOOL_NO_AXIS)
        return said;
    return frames_alone || elongation(s->dims[1], s->dims[2]) < elongation(s->dims[0], s->dims[1])
               ? 0
               : last;
}

/* About as wide as high: without an empty place at the end if there is such a shape. */
static void fold(tool_view *v) {
    const size_t length = (size_t)v->source->dims[v->columns];
    const double edge = sqrt((double)length);
    v->height = (size_t)edge;
    while (length % v->height)
        v->height--;
    v->width = length / v->height;
    if (4 * (double)v->height < edge) {
        v->width = (size_t)ceil(edge);
        v->height = (length + v->width - 1) / v->width;
    }
}

bool tool_view_make(tool_view *v, const tool_source *s, int axis, bool frames_alone) {
    *v = (tool_view){s, TOOL_NO_AXIS, TOOL_NO_AXIS, .channel_count = 1, .frames = 1};
    if (axis >= s->rank || (axis >= 0 && s->rank < 3))
        return tool_fail("--axis %d: %s has rank %d%s", axis, s->path, s->rank,
                         s->rank < 3 ? ", channels take 3" : "");
    v->channels = axis == TOOL_AXIS_AUTO ? find_axis(s, frames_alone) : axis;
    for (int i = s->rank - 1; i >= 0; i--) {
        if (i == v->channels)
            v->channel_count = s->dims[i];
        else if (v->columns < 0)
            v->width = s->dims[v->columns = i];
        else if (v->rows < 0)
            v->height = s->dims[v->rows = i];
        else
            v->frames *= s->dims[i];
    }
    if (v->rows < 0)
        fold(v);
    if (frames_alone && s->rank == 3) {
        v->frames = v->channel_count;
        v->channel_count = 1;
        v->channels = TOOL_NO_AXIS;
    }
    return true;
}

tool_part tool_view_frame(const tool_view *v, size_t frame) {
    tool_part part = {.start = {0}};
    for (int i = v->source->rank - 1; i >= 0; i--) {
        const hsize_t dim = v->source->dims[i];
        const bool whole = i == v->rows || i == v->columns || i == v->channels;
        part.count[i] = whole ? dim : 1;
        if (whole)
            continue;
        part.start[i] = frame % dim;
        frame /= dim;
    }
    return part;
}

static void set_range(tool_part *part, hsize_t *stride, int axis, hsize_t first, hsize_t count,
                      size_t step) {
    part->start[axis] = first;
    part->count[axis] = count;
    stride[axis] = step;
}

/* All rows between the first and the last one, in one piece; NaN beyond the end of the axis. */
static bool load_folded(const tool_view *v, const tool_window *w, tool_block *block) {
    const hsize_t first = w->first_row * v->width, left = v->source->dims[v->columns] - first;
    const hsize_t size = ((w->rows - 1) * w->step + 1) * v->width;
    const tool_part part = {{first}, {left < size ? left : size}};
    double *values = block->values = px_alloc(size, sizeof *values);
    block->row_stride = (size_t)(v->width * w->step);
    block->column_stride = (size_t)w->step;
    if (!values)
        return tool_fail("out of memory for %zu values", (size_t)size);
    for (hsize_t i = part.count[0]; i < size; i++)
        values[i] = NAN;
    return tool_source_read(v->source, &part, NULL, H5T_NATIVE_DOUBLE, values);
}

bool tool_view_load(const tool_view *v, const tool_window *w, tool_block *block) {
    *block = (tool_block){.values = NULL};
    if (v->rows < 0)
        return load_folded(v, w, block);
    tool_part part = tool_view_frame(v, w->frame);
    hsize_t stride[H5S_MAX_RANK];
    for (int i = 0; i < v->source->rank; i++)
        stride[i] = 1;
    set_range(&part, stride, v->rows, w->first_row, w->rows, w->step);
    set_range(&part, stride, v->columns, 0, w->columns, w->step);
    if (v->channels >= 0)
        set_range(&part, stride, v->channels, w->first_channel, w->channels, w->channel_step);
    size_t size = 1;
    for (int i = v->source->rank - 1; i >= 0; i--) {
        if (i == v->rows)
            block->row_stride = size;
        if (i == v->columns)
            block->column_stride = size;
        if (i == v->channels)
            block->channel_stride = size;
        size *= (size_t)part.count[i];
    }
    block->values = px_alloc(size, sizeof *block->values);
    return block->values
               ? tool_source_read(v->source, &part, stride, H5T_NATIVE_DOUBLE, block->values)
               : tool_fail("out of memory for %zu values", size);
}
