#include "map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "pipeline/pipeline.h"

/* Sums become means in the end. */
typedef struct map {
    tool_picture *picture;
    double *weights;
    const tool_view *view;
    size_t frame, step;
} map;

static bool map_make(map *m, tool_picture *picture, const tool_view *v, size_t frame, size_t step) {
    const size_t height = (size_t)((v->height + step - 1) / step);
    const size_t width = (size_t)((v->width + step - 1) / step);
    *m = (map){picture, px_alloc_zeroed(height, width, sizeof *m->weights), v, frame, step};
    if (v->rows < 0) {
        picture->values = NULL;
        return tool_fail("%s: maps take rank 2 or more", v->source->path);
    }
    return tool_picture_make(picture, 1, height, width) &&
           (m->weights || tool_fail("out of memory for %zu x %zu pixels", height, width));
}

static bool map_end(map *m, bool done) {
    const size_t size = done ? m->picture->height * m->picture->width : 0;
    for (size_t i = 0; i < size; i++)
        if (m->weights[i] > 0)
            m->picture->values[i] /= m->weights[i];
    free(m->weights);
    return done;
}

static void add(map *m, size_t y, size_t x, double value, double weight) {
    double *sum = tool_picture_at(m->picture, 0, y, x);
    *sum = (isnan(*sum) ? 0 : *sum) + value * weight;
    m->weights[y * m->picture->width + x] += weight;
}

/* How much of start..start + count - 1 lies in a pixel. */
static double overlap(hsize_t pixel, size_t step, hsize_t start, hsize_t count) {
    const hsize_t first = pixel * step, end = first + step;
    const hsize_t low = start > first ? start : first;
    return (double)((start + count < end ? start + count : end) - low);
}

static size_t channels_of(const map *m, const tool_part *part) {
    return m->view->channels < 0 ? 1 : part->count[m->view->channels];
}

/* A value of a whole part. */
static void add_part(map *m, const tool_part *part, double value) {
    const int rows = m->view->rows, columns = m->view->columns;
    const size_t step = m->step, top = part->start[rows], left = part->start[columns];
    const hsize_t bottom = top + part->count[rows], right = left + part->count[columns];
    for (hsize_t y = top / step; y * step < bottom; y++)
        for (hsize_t x = left / step; x * step < right; x++)
            add(m, y, x, value,
                overlap(y, step, top, bottom - top) * overlap(x, step, left, right - left) *
                    (double)channels_of(m, part));
}

/* ---- All parts of a frame ---- */

typedef bool (*map_part)(map *m, const tool_part *part, const void *data);

static bool is_flat(const map *m, int axis) {
    const tool_view *v = m->view;
    return axis != v->rows && axis != v->columns && axis != v->channels;
}

/* The next part of `shape` in `frame`; false after the last one. */
static bool next_part(const map *m, const tool_part *frame, const hsize_t *shape, tool_part *part) {
    const tool_source *s = m->view->source;
    for (int i = s->rank - 1; i >= 0; i--) {
        const hsize_t next = part->start[i] + shape[i];
        const bool ends = is_flat(m, i) || next >= frame->start[i] + frame->count[i];
        part->start[i] = ends ? frame->start[i] : next;
        const hsize_t left = frame->start[i] + frame->count[i] - part->start[i];
        part->count[i] = left < shape[i] ? left : shape[i];
        if (!ends)
            return true;
    }
    return false;
}

static bool for_each_part(map *m, const hsize_t *shape, map_part function, const void *data) {
    const tool_part frame = tool_view_frame(m->view, m->frame);
    tool_part part = frame;
    hsize_t one[H5S_MAX_RANK];
    size_t done = 0, all = 1;
    for (int i = 0; i < m->view->source->rank; i++) {
        one[i] = is_flat(m, i) ? 1 : shape[i];
        part.count[i] = one[i] < frame.count[i] ? one[i] : frame.count[i];
        all *= (size_t)((frame.count[i] + one[i] - 1) / one[i]);
    }
    do {
        if (!function(m, &part, data))
            return false;
        tool_progress("coding", ++done, all);
    } while (next_part(m, &frame, one, &part));
    return true;
}

/* ---- Residuals ---- */

/* The elements of a part, in the type of the file; NULL, with a message, if that fails. */
static void *read_part(const map *m, const tool_part *part, prism_array *array, size_t *size) {
    const tool_source *s = m->view->source;
    if (!tool_source_array(s, part->count, array, size))
        return NULL;
    void *elements = malloc(*size);
    if (!elements)
        tool_fail("out of memory for %zu bytes", *size);
    else if (!tool_source_read(s, part, NULL, s->type, elements)) {
        free(elements);
        elements = NULL;
    }
    return elements;
}

static bool add_residuals(map *m, const tool_part *part, const void *data) {
    const int rows = m->view->rows, columns = m->view->columns;
    const size_t positions = (size_t)(part->count[rows] * part->count[columns]);
    prism_array array;
    prism_error error;
    size_t size;
    void *elements = read_part(m, part, &array, &size);
    float *means = px_alloc(positions, sizeof *means);
    bool done = elements && means;
    if (done && px_pipeline_residuals(means, &array, elements, data, &error) != PRISM_OK)
        done = tool_fail("%s: %s", m->view->source->path, error.message);
    for (size_t i = 0; i < positions && done; i++)
        add(m, (size_t)((part->start[rows] + i / part->count[columns]) / m->step),
            (size_t)((part->start[columns] + i % part->count[columns]) / m->step), means[i],
            (double)channels_of(m, part));
    free(means);
    free(elements);
    return done;
}

bool tool_map_residuals(tool_picture *picture, const tool_view *v, size_t frame, size_t step,
                        const prism_options *options) {
    map m;
    const bool channels = v->channels >= 0;
    const px_task task = {
        .pipeline = {.transform = options->transform ? options->transform
                                  : channels         ? PRISM_TRANSFORM_CHANNELS
                                                     : PRISM_TRANSFORM_NONE,
                     .predictor = options->predictor ? options->predictor : PRISM_PREDICTOR_PAETH,
                     .coder = PRISM_CODER_DEFLATE,
                     .effort = options->effort,
                     .axis = channels ? v->channels : PRISM_AXIS_AUTO},
        .effort = options->effort,
        .selective = !options->transform};
    bool done = map_make(&m, picture, v, frame, step) &&
                for_each_part(&m, v->source->chunk, add_residuals, &task);
    return map_end(&m, done);
}

/* ---- Bits ---- */

static hsize_t values_of(const map *m, const tool_part *part) {
    hsize_t values = 1;
    for (int i = 0; i < m->view->source->rank; i++)
        values *= part->count[i];
    return values;
}

/* `seen` lies in the frame, what is stored may reach over its sides. */
static bool add_chunk(map *m, const tool_part *seen, const void *data) {
    (void)data;
    const tool_source *s = m->view->source;
    hsize_t index[H5S_MAX_RANK], size = 0;
    for (int i = 0; i < s->rank; i++)
        index[i] = seen->start[i] / s->chunk[i];
    const tool_part whole = tool_source_chunk(s, index);
    if (H5Dget_chunk_storage_size(s->dataset, whole.start, &size) < 0)
        size = 0; /* HDF5 says so of a dataset without any chunk */
    add_part(m, seen, 8 * (double)size / (double)values_of(m, &whole));
    return true;
}

bool tool_map_chunks(tool_picture *picture, const tool_view *v, size_t frame, size_t step) {
    map m;
    bool done = map_make(&m, picture, v, frame, step);
    if (done && !v->source->chunked)
        done =
            tool_fail("%s is not stored in chunks (--tile N codes tiles of it)", v->source->path);
    return map_end(&m, done && for_each_part(&m, v->source->chunk, add_chunk, NULL));
}

static bool code_tile(const prism_array *array, const void *elements, const prism_options *options,
                      void *chunk, size_t capacity, size_t *bytes, prism_error *error) {
    size_t size;
    prism_info info;
    if (prism_encode(array, elements, options, chunk, capacity, &size, error) != PRISM_OK ||
        prism_inspect(chunk, size, &info, error) != PRISM_OK)
        return false;
    *bytes = (size_t)(info.parameter_bytes + info.payload_bytes);
    return true;
}

static bool add_tile(map *m, const tool_part *part, const void *data) {
    prism_array array;
    prism_error error;
    size_t size, bound, bytes = 0;
    void *elements = read_part(m, part, &array, &size);
    if (!elements)
        return false;
    prism_encode_bound(&array, &bound, &error);
    void *chunk = malloc(bound);
    bool done = chunk || tool_fail("out of memory for %zu bytes", bound);
    if (done && !code_tile(&array, elements, data, chunk, bound, &bytes, &error))
        done = tool_fail("%s: %s", m->view->source->path, error.message);
    if (done)
        add_part(m, part, 8 * (double)bytes / (double)values_of(m, part));
    free(chunk);
    free(elements);
    return done;
}

bool tool_map_tiles(tool_picture *picture, const tool_view *v, size_t frame, size_t step,
                    size_t edge, const prism_options *options) {
    map m;
    hsize_t shape[H5S_MAX_RANK];
    bool done = map_make(&m, picture, v, frame, step);
    if (done) {
        memcpy(shape, v->source->chunk, sizeof shape);
        shape[v->rows] = shape[v->columns] = edge;
        done = for_each_part(&m, shape, add_tile, options);
    }
    return map_end(&m, done);
}
