#include "reduce.h"

#include <stdlib.h>
#include <string.h>

#include "beginning.h"
#include "chunk/chunk.h"
#include "chunked.h"
#include "command.h"
#include "filter/parameters.h"
#include "library.h"

typedef struct reducing {
    tool_chunked from;
    hid_t file, to; /* in memory */
    int by, axis;   /* axis: of the planes, which are not fewer then; -1: there is none */
    bool found;     /* a chunk with smaller pictures */
    tool_reduced *bytes;
} reducing;

static hsize_t reduced(const reducing *r, int axis, hsize_t size) {
    return axis == r->axis ? size : (size + ((hsize_t)1 << r->by) - 1) >> r->by;
}

/* ---- What the chunks are ---- */

static bool find_pictures(void *data, const hsize_t *offset) {
    reducing *r = data;
    tool_stored stored;
    px_chunk chunk;
    size_t needed;
    if (r->found)
        return true;
    if (!tool_beginning_read(&r->from, offset, r->by, &stored))
        return false;
    if (stored.encoded &&
        px_chunk_read_start(&chunk, &needed, stored.bytes, stored.size, r->by, NULL) == PRISM_OK) {
        r->found = px_chunk_bound(&chunk).kind != PRISM_BOUND_NONE &&
                   (int)chunk.array.rank == r->from.rank;
        r->axis = chunk.pipeline.axis;
    }
    free(stored.bytes);
    return true;
}

/* Otherwise positions would not be where they are in the dataset. */
static bool parts_fit(const reducing *r) {
    const tool_chunked *c = &r->from;
    for (int i = 0; i < c->rank; i++)
        if (i != r->axis && c->chunk[i] < c->dims[i] && c->chunk[i] % ((hsize_t)1 << r->by))
            return tool_fail("%s: its chunks of %llu along axis %d do not divide by %d", c->path,
                             (unsigned long long)c->chunk[i], i, 1 << r->by);
    return true;
}

/* ---- Elements ---- */

/* Every 2^by-th element of a whole chunk. */
static void pick(uint8_t *to, const uint8_t *from, const reducing *r) {
    const tool_chunked *c = &r->from;
    hsize_t at[H5S_MAX_RANK] = {0};
    for (int i = c->rank; i >= 0;) {
        size_t place = 0;
        for (int k = 0; k < c->rank; k++)
            place = place * c->chunk[k] + (k == r->axis ? at[k] : at[k] << r->by);
        memcpy(to, from + place * c->element_bytes, c->element_bytes);
        to += c->element_bytes;
        for (i = c->rank - 1; i >= 0 && ++at[i] == reduced(r, i, c->chunk[i]); i--)
            at[i] = 0;
    }
}

/* Every 2^by-th element of a chunk without such pictures. */
static prism_status decode_whole(const reducing *r, const hsize_t *offset, uint8_t *elements,
                                 prism_decode_options *options, prism_error *error) {
    tool_stored stored = {.bytes = NULL};
    const size_t size = r->from.chunk_bytes;
    uint8_t *whole = malloc(size);
    options->reduce = 0;
    prism_status status = !whole                                         ? PRISM_E_MEMORY
                          : tool_chunked_read(&r->from, offset, &stored) ? PRISM_OK
                                                                         : PRISM_E_INTERNAL;
    r->bytes->read += stored.size;
    if (status == PRISM_OK)
        status = prism_decode(stored.bytes, stored.size, whole, size, options, error);
    if (status == PRISM_OK)
        pick(elements, whole, r);
    free(stored.bytes);
    free(whole);
    return status;
}

static prism_status decode(const reducing *r, const hsize_t *offset, const tool_stored *stored,
                           uint8_t *elements, size_t size, prism_error *error) {
    prism_decode_options options = {.threads = 1, .reduce = r->by};
    prism_status status = plugin_memory_limit(&options.memory_limit, error);
    if (status == PRISM_OK)
        status = prism_decode(stored->bytes, stored->size, elements, size, &options, error);
    if (status == PRISM_E_OPTION)
        return decode_whole(r, offset, elements, &options, error);
    r->bytes->read += stored->size;
    return status;
}

static bool write_part(const reducing *r, const hsize_t *offset, const hsize_t *shape,
                       const void *elements) {
    const tool_chunked *c = &r->from;
    hsize_t start[H5S_MAX_RANK], count[H5S_MAX_RANK], zero[H5S_MAX_RANK] = {0};
    for (int i = 0; i < c->rank; i++) {
        const hsize_t left = reduced(r, i, c->dims[i]);
        start[i] = i == r->axis ? offset[i] : offset[i] >> r->by;
        count[i] = shape[i] < left - start[i] ? shape[i] : left - start[i];
    }
    hid_t memory = H5Screate_simple(c->rank, shape, NULL), space = H5Dget_space(r->to);
    H5Sselect_hyperslab(memory, H5S_SELECT_SET, zero, NULL, count, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    const bool done = H5Dwrite(r->to, c->type, memory, space, H5P_DEFAULT, elements) >= 0;
    H5Sclose(space);
    H5Sclose(memory);
    return done || tool_fail_library("%s cannot be made smaller", c->path);
}

static bool reduce_chunk(void *data, const hsize_t *offset) {
    const reducing *r = data;
    const tool_chunked *c = &r->from;
    hsize_t shape[H5S_MAX_RANK];
    size_t size = c->element_bytes;
    tool_stored stored;
    prism_error error = {.message = "it was not compressed by h5prism"};
    for (int i = 0; i < c->rank; i++)
        size *= (size_t)(shape[i] = reduced(r, i, c->chunk[i]));
    if (!tool_beginning_read(c, offset, r->by, &stored))
        return false;
    uint8_t *elements = malloc(size);
    bool done = (elements && stored.encoded &&
                 decode(r, offset, &stored, elements, size, &error) == PRISM_OK) ||
                tool_fail("%s: a chunk cannot be made smaller: %s", c->path, error.message);
    hsize_t all = 0;
    H5Dget_chunk_storage_size(c->dataset, offset, &all);
    r->bytes->stored += all;
    done = done && write_part(r, offset, shape, elements);
    free(elements);
    free(stored.bytes);
    return done;
}

/* ---- The dataset ---- */

static bool create(reducing *r) {
    enum { INCREMENT = 1 << 20 };
    hsize_t dims[H5S_MAX_RANK];
    for (int i = 0; i < r->from.rank; i++)
        dims[i] = reduced(r, i, r->from.dims[i]);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, INCREMENT, false);
    r->file = H5Fcreate("h5prism-reduced", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    hid_t space = H5Screate_simple(r->from.rank, dims, NULL);
    hid_t type = H5Tcopy(r->from.type);
    r->to = H5Dcreate2(r->file, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(type);
    H5Sclose(space);
    return r->to >= 0 || tool_fail_library("no dataset can be made in memory");
}

static bool find_all(reducing *r) {
    if (r->from.layout != H5D_CHUNKED || r->from.place < 0)
        return tool_fail("%s: --reduce is for datasets that h5prism compressed", r->from.path);
    return tool_chunked_each(&r->from, find_pictures, r) &&
           (r->found || tool_fail("%s: its chunks have no smaller pictures within them: only "
                                  "lossy ones do",
                                  r->from.path)) &&
           parts_fit(r);
}

bool tool_source_reduce(tool_source *source, int by, tool_reduced *bytes) {
    reducing r = {.by = by, .axis = -1, .file = -1, .to = -1, .bytes = bytes};
    bool done = tool_chunked_open(&r.from, source->file, source->path) && find_all(&r) &&
                create(&r) && tool_chunked_each(&r.from, reduce_chunk, &r);
    tool_chunked_close(&r.from);
    if (done)
        return tool_source_replace(source, r.file, r.to);
    if (r.to >= 0)
        H5Dclose(r.to);
    if (r.file >= 0)
        H5Fclose(r.file);
    return false;
}
