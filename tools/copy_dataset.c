/*
 * A dataset as it is. Chunks are copied as they are stored, so that their filters need not be
 * there, unless values in them are addresses: these, and elements without chunks, are read and
 * written piece by piece. What is not stored stays so.
 */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "copy.h"
#include "library.h"
#include "pieces.h"
#include "values.h"

/* ---- Creation ---- */

/* Takes the place of a filter while a dataset is created: chunks that HDF5 allocates then are
 * small, and are written again. It cannot decode. */
static size_t stand_in(unsigned flags, size_t count, const unsigned words[], size_t size,
                       size_t *room, void **bytes) {
    (void)count, (void)words, (void)size, (void)room, (void)bytes;
    return flags & H5Z_FLAG_REVERSE ? 0 : 1;
}

static void set_stand_ins(hid_t list, bool there) {
    const int filters = H5Pget_nfilters(list);
    for (unsigned i = 0; (int)i < filters; i++) {
        size_t count = 0;
        unsigned flags;
        H5Z_filter_t id = H5Pget_filter2(list, i, &flags, &count, NULL, 0, NULL, NULL);
        const H5Z_class2_t class = {.version = H5Z_CLASS_T_VERS,
                                    .id = id,
                                    .encoder_present = 1,
                                    .decoder_present = 1,
                                    .name = "stand-in",
                                    .filter = stand_in};
        if (id >= H5Z_FILTER_RESERVED && there)
            H5Zregister(&class);
        else if (id >= H5Z_FILTER_RESERVED)
            H5Zunregister(id);
    }
    if (!there)
        tool_library_filters();
}

static hid_t create_by(const tool_place *place, const tool_chunked *s, hid_t type) {
    hid_t access = H5Dget_access_plist(s->dataset), space = tool_copy_space(s->space);
    hid_t target =
        H5Dcreate2(place->copy->to, place->path, type, space, place->links, s->list, access);
    H5Sclose(space);
    H5Pclose(access);
    return target;
}

/* Filters may be missing, or refuse what they have written themselves: all they could do here is to
 * change their parameters. */
static hid_t create_without_filters(const tool_place *place, const tool_chunked *s, hid_t type) {
    set_stand_ins(s->list, true);
    hid_t target = create_by(place, s, type);
    set_stand_ins(s->list, false);
    return target;
}

static hid_t create(const tool_place *place, const tool_chunked *s) {
    hid_t type = tool_copy_type(place->copy, s->type);
    hid_t target = create_by(place, s, type);
    if (target < 0 && s->filters > 0)
        target = create_without_filters(place, s, type);
    if (target < 0)
        tool_fail_library("%s cannot be created", place->path);
    H5Tclose(type);
    return target;
}

/* ---- Elements ---- */

static bool is_undecoded(const tool_chunked *s, prism_error *missing) {
    hsize_t stored = 0, all;
    return s->layout == H5D_CHUNKED && !tool_type_is_plain(s->type) &&
           tool_chunked_missing_filter(s, missing) && tool_chunked_count(s, &stored, &all) &&
           stored;
}

const char *tool_why_undecoded(char text[TOOL_WHY_TEXT], hid_t dataset, const char *path) {
    tool_chunked source;
    prism_error missing;
    const bool unread = !tool_chunked_try(&source, dataset, path);
    const bool out = unread || is_undecoded(&source, &missing);
    if (unread)
        tool_why_unopened(text, dataset, path);
    else if (out)
        snprintf(text, TOOL_WHY_TEXT, "%s, and its elements are %s", missing.message,
                 tool_type_varies(source.type) ? "of variable length" : "references");
    tool_chunked_close(&source);
    return out ? text : NULL;
}

typedef struct transfer {
    const tool_chunked *source;
    hid_t target;
    void *elements; /* of a piece */
} transfer;

static bool copy_chunk(void *data, const hsize_t *offset) {
    const transfer *t = data;
    char place[TOOL_SHAPE_TEXT];
    tool_stored chunk;
    if (!tool_chunked_read(t->source, offset, &chunk))
        return false;
    bool done =
        H5Dwrite_chunk(t->target, H5P_DEFAULT, chunk.mask, offset, chunk.size, chunk.bytes) >= 0;
    free(chunk.bytes);
    return done || tool_fail_library("%s, chunk %s cannot be written", t->source->path,
                                     tool_shape_text(place, t->source->rank, offset, ","));
}

static bool copy_piece(void *data, const tool_piece *piece) {
    const transfer *t = data;
    if (!tool_piece_read(t->source, piece, t->elements))
        return false;
    bool done = tool_piece_write(t->source, t->target, piece, t->elements);
    tool_piece_reclaim(t->source, piece, t->elements);
    return done;
}

static bool copy_pieces(transfer *t) {
    t->elements = calloc(tool_piece_room(t->source), t->source->element_bytes);
    bool done = t->elements ? tool_pieces_each(t->source, copy_piece, t)
                            : tool_fail("out of memory for elements of %s", t->source->path);
    free(t->elements);
    return done;
}

static bool copy_elements(const tool_chunked *s, hid_t target) {
    transfer t = {s, target, NULL};
    if (!tool_chunked_is_own(s) || !tool_chunked_values(s) || tool_type_refers(s->type))
        return true;
    if (s->layout == H5D_CHUNKED && tool_type_is_plain(s->type))
        return tool_chunked_each(s, copy_chunk, &t);
    return copy_pieces(&t);
}

bool tool_copy_dataset(const tool_place *place) {
    tool_chunked source;
    bool done = tool_chunked_open(&source, place->copy->from, place->path);
    hid_t target = done ? create(place, &source) : H5I_INVALID_HID;
    done = target >= 0 && tool_copy_attributes(place->copy, source.dataset, target) &&
           copy_elements(&source, target);
    if (target >= 0 && H5Dclose(target) < 0 && done)
        done = tool_fail_library("%s cannot be written", place->path);
    tool_chunked_close(&source);
    return done;
}
