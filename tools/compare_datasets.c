/* A dataset beside its copy: how its elements are kept, and the elements. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "command.h"
#include "comparing.h"
#include "copy.h"
#include "library.h"
#include "pieces.h"
#include "values.h"

/* A dataset and its copy. */
typedef struct pair {
    tool_comparing *comparing;
    tool_chunked from, to;
    uint8_t *elements, *others; /* of a piece */
} pair;

/* ---- Properties ---- */

/* HDF5 2 sets the parameters of its own filters for elements of variable length, too: older ones
 * leave them without any. */
static bool same_filter(hid_t from, hid_t to, unsigned i) {
    unsigned flags, other_flags, words[PRISM_MAX_WORDS] = {0}, others[PRISM_MAX_WORDS] = {0};
    size_t count = PRISM_MAX_WORDS, other_count = PRISM_MAX_WORDS;
    return H5Pget_filter2(from, i, &flags, &count, words, 0, NULL, NULL) ==
               H5Pget_filter2(to, i, &other_flags, &other_count, others, 0, NULL, NULL) &&
           flags == other_flags &&
           (count == 0 || (count == other_count && memcmp(words, others, sizeof words) == 0));
}

static bool same_chunks(const pair *p) {
    return p->from.layout == H5D_CHUNKED && p->to.layout == H5D_CHUNKED &&
           memcmp(p->from.chunk, p->to.chunk, sizeof p->from.chunk) == 0;
}

static bool same_filters(const pair *p) {
    bool same = p->from.filters == p->to.filters && p->from.plain_edges == p->to.plain_edges;
    for (unsigned i = 0; (int)i < p->from.filters && same; i++)
        same = same_filter(p->from.list, p->to.list, i);
    return same;
}

/* Compressed by h5prism and nothing else: that may be new. */
static bool is_ours(const tool_chunked *c) {
    return c->filters == 1 && c->place == 0;
}

static bool is_unpacked(const pair *p) {
    return p->comparing->files->unpacked && p->from.place >= 0 && p->to.place < 0;
}

static bool compare_layouts(const pair *p) {
    if (is_ours(&p->to) || (is_unpacked(p) && same_chunks(p)))
        return true;
    return (p->from.layout == p->to.layout && (p->from.layout != H5D_CHUNKED || same_chunks(p)) &&
            same_filters(p)) ||
           tool_differs(p->from.path, "layout or other filters");
}

static bool same_fill_values(const pair *p) {
    H5D_fill_value_t state = H5D_FILL_VALUE_ERROR, other = H5D_FILL_VALUE_ERROR;
    hid_t type = p->from.type;
    H5Pfill_value_defined(p->from.list, &state);
    H5Pfill_value_defined(p->to.list, &other);
    if (state != other || state != H5D_FILL_VALUE_USER_DEFINED)
        return state == other;
    uint8_t *values = calloc(2, p->from.element_bytes);
    uint8_t *second = values ? values + p->from.element_bytes : NULL;
    bool same = values && H5Pget_fill_value(p->from.list, type, values) >= 0 &&
                H5Pget_fill_value(p->to.list, type, second) >= 0 &&
                tool_same_values(p->comparing, type, values, second, 1);
    hid_t scalar = H5Screate(H5S_SCALAR);
    if (values) {
        tool_values_free(type, scalar, values);
        tool_values_free(type, scalar, second);
    }
    H5Sclose(scalar);
    free(values);
    return same;
}

static bool compare_fill(const pair *p) {
    H5D_fill_time_t time = H5D_FILL_TIME_ERROR, other = H5D_FILL_TIME_ERROR;
    H5Pget_fill_time(p->from.list, &time);
    H5Pget_fill_time(p->to.list, &other);
    return (time == other && same_fill_values(p)) || tool_differs(p->from.path, "fill value");
}

/* Chunks that take the place of other storage take space when they are written. */
static bool compare_allocation(const pair *p) {
    return (p->from.layout != H5D_CHUNKED && is_ours(&p->to)) ||
           tool_compare_allocation(p->from.list, p->to.list, p->from.path);
}

static bool same_external_file(hid_t from, hid_t to, unsigned i) {
    char name[1024] = "", other[1024] = "";
    off_t offset, other_offset;
    hsize_t size, other_size;
    return H5Pget_external(from, i, sizeof name, name, &offset, &size) >= 0 &&
           H5Pget_external(to, i, sizeof other, other, &other_offset, &other_size) >= 0 &&
           strncmp(name, other, sizeof name) == 0 && offset == other_offset && size == other_size;
}

static bool compare_external(const pair *p) {
    const int count = H5Pget_external_count(p->from.list);
    bool same = count == H5Pget_external_count(p->to.list);
    for (unsigned i = 0; (int)i < count && same; i++)
        same = same_external_file(p->from.list, p->to.list, i);
    return same || tool_differs(p->from.path, "list of external files");
}

static bool same_name(hid_t from, hid_t to, size_t i,
                      ssize_t (*get)(hid_t list, size_t index, char *name, size_t size)) {
    const ssize_t length = get(from, i, NULL, 0);
    if (length < 0 || length != get(to, i, NULL, 0))
        return false;
    char *names = calloc(2, (size_t)length + 1), *other = names ? names + length + 1 : NULL;
    bool same = names && get(from, i, names, (size_t)length + 1) >= 0 &&
                get(to, i, other, (size_t)length + 1) >= 0 && strcmp(names, other) == 0;
    free(names);
    return same;
}

/* By its selection: of files whose lengths take 4 bytes, HDF5 says another extent. */
static bool is_endless(hid_t space) {
    hsize_t count[H5S_MAX_RANK], block[H5S_MAX_RANK];
    bool endless = false;
    if (H5Sget_select_type(space) != H5S_SEL_HYPERSLABS || H5Sis_regular_hyperslab(space) <= 0 ||
        H5Sget_regular_hyperslab(space, NULL, NULL, count, block) < 0)
        return false;
    for (int i = 0; i < H5Sget_simple_extent_ndims(space); i++)
        endless |= count[i] == H5S_UNLIMITED || block[i] == H5S_UNLIMITED;
    return endless;
}

/* Of a space without end HDF5 says the extent that the sources give it now, or have once given. */
static void take_extent(hid_t from, hid_t to) {
    hsize_t dims[H5S_MAX_RANK], most[H5S_MAX_RANK], others[H5S_MAX_RANK];
    const int rank = H5Sget_simple_extent_dims(from, dims, NULL);
    if (is_endless(from) && is_endless(to) && rank == H5Sget_simple_extent_dims(to, others, most))
        H5Sset_extent_simple(to, rank, dims, most);
}

static bool same_space(hid_t from, hid_t to, size_t i, hid_t (*get)(hid_t list, size_t index)) {
    hid_t space = get(from, i), other = get(to, i);
    if (space >= 0 && other >= 0)
        take_extent(space, other);
    bool same = space >= 0 && other >= 0 && tool_same_selection(space, other);
    H5Sclose(other);
    H5Sclose(space);
    return same;
}

static bool compare_mappings(const pair *p) {
    size_t count = 0, other = 0;
    hid_t from = p->from.list, to = p->to.list;
    if (p->from.layout != H5D_VIRTUAL)
        return true;
    H5Pget_virtual_count(from, &count);
    H5Pget_virtual_count(to, &other);
    bool same = count == other;
    for (size_t i = 0; i < count && same; i++)
        same = same_name(from, to, i, H5Pget_virtual_filename) &&
               same_name(from, to, i, H5Pget_virtual_dsetname) &&
               same_space(from, to, i, H5Pget_virtual_vspace) &&
               same_space(from, to, i, H5Pget_virtual_srcspace);
    return same || tool_differs(p->from.path, "mapping of its virtual elements");
}

/* ---- Elements ---- */

static bool compare_chunk(void *data, const hsize_t *offset) {
    const pair *p = data;
    char place[TOOL_SHAPE_TEXT];
    tool_stored chunk = {0}, other = {0};
    bool done =
        tool_chunked_read(&p->from, offset, &chunk) && tool_chunked_read(&p->to, offset, &other);
    if (done && (!other.bytes || chunk.size != other.size || chunk.mask != other.mask ||
                 memcmp(chunk.bytes, other.bytes, chunk.size) != 0))
        done = tool_fail("%s: the copy has another chunk %s", p->from.path,
                         tool_shape_text(place, p->from.rank, offset, ","));
    free(chunk.bytes);
    free(other.bytes);
    return done;
}

/* Bytes of elements that are nowhere, and have no fill value, are what they were before reading. */
static bool compare_piece(void *data, const tool_piece *piece) {
    const pair *p = data;
    char place[TOOL_SHAPE_TEXT];
    const size_t size = piece->elements * p->from.element_bytes;
    memset(p->elements, 0, size);
    memset(p->others, 0, size);
    if (!tool_piece_read(&p->from, piece, p->elements))
        return false;
    bool done = tool_piece_read(&p->to, piece, p->others);
    if (done &&
        !tool_same_values(p->comparing, p->from.type, p->elements, p->others, piece->elements))
        done = tool_fail("%s: the copy has other elements at or behind %s", p->from.path,
                         tool_shape_text(place, p->from.rank, piece->start, ","));
    tool_piece_reclaim(&p->from, piece, p->elements);
    tool_piece_reclaim(&p->to, piece, p->others);
    return done;
}

/* Whether every element is stored. */
static bool is_full(const tool_chunked *c) {
    hsize_t stored, all;
    H5D_space_status_t status = H5D_SPACE_STATUS_NOT_ALLOCATED;
    if (!tool_chunked_is_own(c))
        return false;
    if (c->layout == H5D_CHUNKED)
        return tool_chunked_count(c, &stored, &all) && stored == all;
    H5Dget_space_status(c->dataset, &status);
    return status == H5D_SPACE_STATUS_ALLOCATED;
}

/* What is stored in neither has the fill value in both. The larger chunks say in which pieces: they
 * are decoded once then. */
static bool compare_all_pieces(pair *p) {
    const bool larger = p->to.chunk_bytes > p->from.chunk_bytes && tool_chunked_is_own(&p->to);
    const tool_chunked *first = larger ? &p->to : &p->from, *second = larger ? &p->from : &p->to;
    return tool_pieces_each(first, compare_piece, p) &&
           (is_full(first) || tool_pieces_each(second, compare_piece, p));
}

static bool compare_pieces(pair *p) {
    const size_t room = tool_piece_room(&p->from), other = tool_piece_room(&p->to);
    const size_t bytes = (room > other ? room : other) * p->from.element_bytes;
    p->elements = malloc(bytes);
    p->others = malloc(bytes);
    bool done = p->elements && p->others
                    ? compare_all_pieces(p)
                    : tool_fail("out of memory for elements of %s", p->from.path);
    free(p->others);
    free(p->elements);
    return done;
}

static bool compare_counts(const pair *p) {
    hsize_t stored, other, all;
    if (!same_chunks(p))
        return true;
    return tool_chunked_count(&p->from, &stored, &all) &&
           tool_chunked_count(&p->to, &other, &all) &&
           (stored == other || (p->comparing->files->skip_bad && stored > other) ||
            tool_differs(p->from.path, "number of stored chunks"));
}

/* Whether a chunk of the original may be missing. */
static bool is_bad(const pair *p, const hsize_t *offset) {
    tool_stored stored;
    tool_damage damage = {.error = {.status = PRISM_OK}};
    if (!p->comparing->files->skip_bad || !tool_chunked_read(&p->from, offset, &stored))
        return false;
    if (stored.encoded)
        tool_check_chunk(&damage, &p->from, offset, &stored);
    tool_damage_free(&damage);
    free(stored.bytes);
    return damage.error.status != PRISM_OK;
}

static bool compare_place(void *data, const hsize_t *offset) {
    const pair *p = data;
    return tool_chunked_holds(&p->to, offset) || is_bad(p, offset) ||
           tool_differs(p->from.path, "set of chunks");
}

/* Chunks of the copy, and what the original has where the copy has none. */
static bool compare_compressed(pair *p) {
    if (!tool_compare_chunks(p->comparing, &p->from, &p->to))
        return false;
    if (same_chunks(p))
        return tool_chunked_each(&p->from, compare_place, p);
    return is_full(&p->to) || compare_pieces(p);
}

static bool compare_elements(pair *p, bool replaced) {
    if (!tool_chunked_values(&p->from) || (!tool_chunked_is_own(&p->from) && !replaced))
        return true;
    if (is_ours(&p->to) && tool_type_is_plain(p->from.type) && tool_chunked_is_own(&p->from))
        return compare_compressed(p);
    if (same_chunks(p) && same_filters(p) && tool_type_is_plain(p->from.type))
        return tool_chunked_each(&p->from, compare_chunk, p);
    return compare_pieces(p);
}

/* ---- All of it ---- */

/* The way in which elements are kept. */
static bool compare_storage(const pair *p) {
    return (H5Sextent_equal(p->from.space, p->to.space) > 0 ||
            tool_differs(p->from.path, "dataspace")) &&
           compare_layouts(p) && compare_allocation(p) && compare_fill(p) && compare_external(p) &&
           compare_mappings(p) && compare_counts(p);
}

static bool compare_shapes(const pair *p) {
    return (p->from.rank == p->to.rank &&
            memcmp(p->from.dims, p->to.dims, sizeof p->from.dims) == 0) ||
           tool_differs(p->from.path, "shape");
}

bool tool_compare_datasets(tool_comparing *c, hid_t from, hid_t to, const char *path) {
    pair p = {.comparing = c};
    const bool replaced = tool_address(from) == c->files->replaced;
    bool done = tool_chunked_of(&p.from, from, path);
    done = tool_chunked_of(&p.to, to, path) && done &&
           tool_compare_types(c, p.from.type, p.to.type, path) &&
           (replaced ? compare_shapes(&p) && compare_fill(&p) : compare_storage(&p)) &&
           compare_elements(&p, replaced);
    tool_chunked_close(&p.from);
    tool_chunked_close(&p.to);
    return done;
}
