#include "pieces.h"

#include <string.h>

#include "library.h"
#include "values.h"

static const size_t PLAIN_BYTES = 4u << 20, VARYING_BYTES = 256u << 10;

/* A chunk that HDF5 does not keep is decoded for each piece of it: then it is one piece. */
static bool is_forgotten(const tool_chunked *c) {
    return c->layout == H5D_CHUNKED && c->filters > 0 && c->chunk_bytes > TOOL_CACHE_BYTES;
}

size_t tool_piece_room(const tool_chunked *c) {
    if (is_forgotten(c))
        return c->chunk_bytes / c->element_bytes;
    const size_t bytes = tool_type_varies(c->type) ? VARYING_BYTES : PLAIN_BYTES;
    return bytes > c->element_bytes ? bytes / c->element_bytes : 1;
}

/* ---- Cutting ---- */

/* What is cut, and who wants it. */
typedef struct cut {
    const tool_chunked *dataset;
    tool_piece_visit visit;
    void *request;
} cut;

/* As long as possible along the last axes: these elements lie together. */
static void shape_piece(const tool_chunked *c, const hsize_t *box, hsize_t *shape) {
    hsize_t room = tool_piece_room(c);
    for (int i = c->rank - 1; i >= 0; i--) {
        shape[i] = box[i] < room ? box[i] : room;
        room /= shape[i];
    }
}

/* The piece at `at` of the box that begins at `corner`. */
static tool_piece piece_of(const tool_chunked *c, const hsize_t *corner, const hsize_t *box,
                           const hsize_t *at, const hsize_t *shape) {
    tool_piece piece = {.elements = 1};
    for (int i = 0; i < c->rank; i++) {
        const hsize_t left = box[i] - at[i];
        piece.start[i] = corner[i] + at[i];
        piece.count[i] = left < shape[i] ? left : shape[i];
        piece.elements *= piece.count[i];
    }
    return piece;
}

static bool next(int rank, const hsize_t *box, const hsize_t *shape, hsize_t *at) {
    for (int i = rank - 1; i >= 0; i--) {
        at[i] += shape[i];
        if (at[i] < box[i])
            return true;
        at[i] = 0;
    }
    return false;
}

static bool cut_box(const cut *k, const hsize_t *corner, const hsize_t *box) {
    const tool_chunked *c = k->dataset;
    hsize_t shape[H5S_MAX_RANK], at[H5S_MAX_RANK] = {0};
    bool done = true;
    shape_piece(c, box, shape);
    do {
        const tool_piece piece = piece_of(c, corner, box, at, shape);
        done = k->visit(k->request, &piece);
    } while (done && next(c->rank, box, shape, at));
    return done;
}

tool_piece tool_chunked_box(const tool_chunked *c, const hsize_t *offset) {
    static const hsize_t begin[H5S_MAX_RANK];
    hsize_t left[H5S_MAX_RANK];
    for (int i = 0; i < c->rank; i++)
        left[i] = c->dims[i] - offset[i];
    return piece_of(c, offset, left, begin, c->chunk);
}

static bool cut_chunk(void *data, const hsize_t *offset) {
    const cut *k = data;
    const tool_piece box = tool_chunked_box(k->dataset, offset);
    return cut_box(k, offset, box.count);
}

bool tool_pieces_each(const tool_chunked *c, tool_piece_visit visit, void *request) {
    static const hsize_t corner[H5S_MAX_RANK];
    cut k = {c, visit, request};
    H5D_space_status_t status = H5D_SPACE_STATUS_ALLOCATED;
    if (c->layout == H5D_CHUNKED)
        return tool_chunked_each(c, cut_chunk, &k);
    if (c->layout == H5D_CONTIGUOUS)
        H5Dget_space_status(c->dataset, &status);
    return status == H5D_SPACE_STATUS_NOT_ALLOCATED || !tool_chunked_values(c) ||
           cut_box(&k, corner, c->dims);
}

/* ---- Reading and writing ---- */

/* The dataspace of the piece in memory; selects it in that of the file. */
static hid_t select_piece(const tool_chunked *c, const tool_piece *piece, hid_t space) {
    if (c->rank == 0)
        return H5Scopy(space);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, piece->start, NULL, piece->count, NULL);
    return H5Screate_simple(c->rank, piece->count, NULL);
}

bool tool_piece_read(const tool_chunked *c, const tool_piece *piece, void *elements) {
    char place[TOOL_SHAPE_TEXT];
    hid_t memory = select_piece(c, piece, c->space);
    bool done = H5Dread(c->dataset, c->type, memory, c->space, H5P_DEFAULT, elements) >= 0;
    H5Sclose(memory);
    return done || tool_fail_library("%s cannot be read at %s", c->path,
                                     tool_shape_text(place, c->rank, piece->start, ","));
}

bool tool_piece_write(const tool_chunked *c, hid_t target, const tool_piece *piece,
                      const void *elements) {
    hid_t memory = select_piece(c, piece, c->space);
    bool done = H5Dwrite(target, c->type, memory, c->space, H5P_DEFAULT, elements) >= 0;
    H5Sclose(memory);
    return done || tool_fail_library("%s cannot be written", c->path);
}

void tool_piece_reclaim(const tool_chunked *c, const tool_piece *piece, void *elements) {
    if (tool_type_is_plain(c->type))
        return;
    hid_t memory = select_piece(c, piece, c->space);
    tool_values_free(c->type, memory, elements);
    H5Sclose(memory);
}
