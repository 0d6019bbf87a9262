/*
 * Where chunks are: HDF5 has two answers. Asked for the chunk at a place, it is right. Asked for
 * all chunks, or in HDF5 1.10 for the n-th, which goes through all before it, it says a wrong place
 * in files of the newer format where one axis is unlimited and not the first: that axis comes
 * first. So the second answer is asked for only where chunks are few in a wide space, and taken
 * only if the first agrees for each.
 */
#include "chunked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "library.h"
#include "values.h"

enum { FILTER_ID = H5PRISM_FILTER_ID };

static void read_pipeline(tool_chunked *c) {
    c->filters = H5Pget_nfilters(c->list);
    c->place = -1;
    for (int i = 0; i < c->filters; i++) {
        unsigned flags, words[PRISM_MAX_WORDS];
        size_t count = PRISM_MAX_WORDS;
        if (H5Pget_filter2(c->list, (unsigned)i, &flags, &count, words, 0, NULL, NULL) != FILTER_ID)
            continue;
        c->place = i;
        c->word_count = count < PRISM_MAX_WORDS ? count : PRISM_MAX_WORDS;
        memcpy(c->words, words, c->word_count * sizeof *words);
    }
}

static void read_chunks(tool_chunked *c) {
    unsigned options = 0;
    H5Pget_chunk(c->list, H5S_MAX_RANK, c->chunk);
    H5Pget_chunk_opts(c->list, &options);
    c->plain_edges = options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS;
    c->chunk_bytes = c->element_bytes;
    for (int i = 0; i < c->rank; i++)
        c->chunk_bytes *= c->chunk[i];
}

static bool shares_messages(hid_t dataset) {
    unsigned kinds = 0;
    hid_t file = H5Iget_file_id(dataset), list = H5Fget_create_plist(file);
    H5Pget_shared_mesg_nindexes(list, &kinds);
    H5Pclose(list);
    H5Fclose(file);
    return kinds > 0;
}

/* Where files keep messages that objects share, HDF5 1.10 remembers in a list where fill value and
 * filters are in this file, and would write that into another. This one knows nothing; but values
 * of variable length would not survive. */
static hid_t new_list(hid_t dataset, hid_t type) {
    size_t size = 0;
    hid_t list = H5Dget_create_plist(dataset), own = H5I_INVALID_HID;
    if (list < 0 || !tool_type_is_plain(type) || !shares_messages(dataset))
        return list;
    void *bytes = H5Pencode(list, NULL, &size) >= 0 ? malloc(size) : NULL;
    if (bytes && H5Pencode(list, bytes, &size) >= 0)
        own = H5Pdecode(bytes);
    free(bytes);
    if (own < 0)
        return list;
    H5Pclose(list);
    return own;
}

static bool describe(tool_chunked *c) {
    c->type = H5Dget_type(c->dataset);
    c->space = H5Dget_space(c->dataset);
    c->list = new_list(c->dataset, c->type);
    if (c->type < 0 || c->space < 0 || c->list < 0)
        return false;
    if (H5Sget_simple_extent_type(c->space) == H5S_SIMPLE)
        c->rank = H5Sget_simple_extent_dims(c->space, c->dims, c->most);
    c->element_bytes = H5Tget_size(c->type);
    c->layout = H5Pget_layout(c->list);
    read_pipeline(c);
    if (c->layout == H5D_CHUNKED)
        read_chunks(c);
    return true;
}

bool tool_chunked_open(tool_chunked *c, hid_t file, const char *path) {
    *c = (tool_chunked){.dataset = -1, .type = -1, .space = -1, .list = -1, .path = path};
    return tool_open_dataset(&c->dataset, file, path) &&
           (describe(c) || tool_fail_library("%s cannot be read", path));
}

bool tool_chunked_try(tool_chunked *c, hid_t dataset, const char *path) {
    *c = (tool_chunked){.dataset = dataset, .type = -1, .space = -1, .list = -1, .path = path};
    H5Iinc_ref(dataset);
    return describe(c);
}

bool tool_chunked_of(tool_chunked *c, hid_t dataset, const char *path) {
    return tool_chunked_try(c, dataset, path) || tool_fail_library("%s cannot be read", path);
}

void tool_chunked_close(tool_chunked *c) {
    if (c->list >= 0)
        H5Pclose(c->list);
    if (c->space >= 0)
        H5Sclose(c->space);
    if (c->type >= 0)
        H5Tclose(c->type);
    if (c->dataset >= 0)
        H5Dclose(c->dataset);
}

bool tool_chunked_is_own(const tool_chunked *c) {
    return c->layout != H5D_VIRTUAL && H5Pget_external_count(c->list) <= 0;
}

const char *tool_chunked_missing_filter(const tool_chunked *c, prism_error *error) {
    for (unsigned i = 0; (int)i < c->filters; i++) {
        char name[64] = "";
        unsigned flags;
        size_t count = 0;
        const H5Z_filter_t id =
            H5Pget_filter2(c->list, i, &flags, &count, NULL, sizeof name, name, NULL);
        if (H5Zfilter_avail(id) > 0)
            continue;
        snprintf(error->message, sizeof error->message, "its filter %d %s is not installed", id,
                 name);
        return error->message;
    }
    return NULL;
}

uint64_t tool_chunked_values(const tool_chunked *c) {
    return (uint64_t)H5Sget_simple_extent_npoints(c->space);
}

uint64_t tool_chunked_bytes(const tool_chunked *c) {
    return tool_chunked_values(c) * c->element_bytes;
}

bool tool_chunked_next(const tool_chunked *c, const hsize_t *chunk, hsize_t *offset) {
    for (int i = c->rank - 1; i >= 0; i--) {
        offset[i] += chunk[i];
        if (offset[i] < c->dims[i])
            return true;
        offset[i] = 0;
    }
    return false;
}

static hsize_t places_along(const tool_chunked *c, int axis) {
    return c->dims[axis] / c->chunk[axis] + (c->dims[axis] % c->chunk[axis] != 0);
}

static hsize_t count_places(const tool_chunked *c) {
    hsize_t all = 1;
    for (int i = 0; i < c->rank; i++)
        if (__builtin_mul_overflow(all, places_along(c, i), &all))
            all = UINT64_MAX;
    return all;
}

bool tool_chunked_count(const tool_chunked *c, hsize_t *stored, hsize_t *all) {
    hid_t space = H5Dget_space(c->dataset);
    bool done = H5Dget_num_chunks(c->dataset, space, stored) >= 0;
    H5Sclose(space);
    *all = count_places(c);
    return done || tool_fail_library("%s: its chunks cannot be counted", c->path);
}

bool tool_chunked_holds(const tool_chunked *c, const hsize_t *offset) {
    hsize_t size = 0;
    return H5Dget_chunk_storage_size(c->dataset, offset, &size) >= 0 && size > 0;
}

/* The number of a place in C order, and back. */
static uint64_t number_of(const tool_chunked *c, const hsize_t *offset) {
    uint64_t number = 0;
    for (int i = 0; i < c->rank; i++)
        number = number * places_along(c, i) + offset[i] / c->chunk[i];
    return number;
}

static void place_of(const tool_chunked *c, uint64_t number, hsize_t *offset) {
    for (int i = c->rank - 1; i >= 0; number /= places_along(c, i), i--)
        offset[i] = number % places_along(c, i) * c->chunk[i];
}

static bool is_place(const tool_chunked *c, const hsize_t *offset) {
    for (int i = 0; i < c->rank; i++)
        if (offset[i] >= c->dims[i] || offset[i] % c->chunk[i])
            return false;
    return true;
}

static int compare_numbers(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* An offset in which the unlimited axis comes first, in the order of the axes. */
static void turn_back(const tool_chunked *c, hsize_t *offset) {
    int axis = 0;
    while (axis + 1 < c->rank && c->most[axis] != H5S_UNLIMITED)
        axis++;
    const hsize_t first = offset[0];
    memmove(offset, offset + 1, (size_t)axis * sizeof *offset);
    offset[axis] = first;
}

/* Places as HDF5 lists them. */
typedef struct listing {
    const tool_chunked *chunked;
    bool turned;
    uint64_t *numbers;
    hsize_t count, room;
} listing;

static bool list_place(listing *l, const hsize_t *place) {
    const tool_chunked *c = l->chunked;
    hsize_t offset[H5S_MAX_RANK];
    memcpy(offset, place, (size_t)c->rank * sizeof *offset);
    if (l->turned)
        turn_back(c, offset);
    if (l->count == l->room || !is_place(c, offset) || !tool_chunked_holds(c, offset))
        return false;
    l->numbers[l->count++] = number_of(c, offset);
    return true;
}

#if H5_VERSION_GE(1, 14, 0)

static int list_chunk(const hsize_t *offset, unsigned mask, haddr_t address, hsize_t size,
                      void *data) {
    (void)mask, (void)address, (void)size;
    return list_place(data, offset) ? H5_ITER_CONT : H5_ITER_ERROR;
}

static bool list_places(listing *l) {
    return H5Dchunk_iter(l->chunked->dataset, H5P_DEFAULT, list_chunk, l) >= 0;
}

static bool is_sparse(hsize_t stored, hsize_t all) {
    return all / 2 > stored;
}

#else

/* Going past a chunk takes a small part of what looking at a place takes. */
static const hsize_t STEPS_PER_LOOK = 32;

static bool list_places(listing *l) {
    hsize_t offset[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(l->chunked->dataset);
    bool right = true;
    for (hsize_t i = 0; i < l->room && right; i++)
        right = H5Dget_chunk_info(l->chunked->dataset, space, i, offset, NULL, NULL, NULL) >= 0 &&
                list_place(l, offset);
    H5Sclose(space);
    return right;
}

static bool is_sparse(hsize_t stored, hsize_t all) {
    return all / 2 > stored && all / stored > stored / STEPS_PER_LOOK;
}

#endif

/* Right if all of these places are different, and a chunk is stored at each. */
static bool list_numbers(const tool_chunked *c, hsize_t stored, bool turned, uint64_t *numbers) {
    listing l = {c, turned, numbers, 0, stored};
    bool right = list_places(&l) && l.count == stored;
    if (!right)
        return false;
    qsort(numbers, stored, sizeof *numbers, compare_numbers);
    for (hsize_t i = 1; i < stored && right; i++)
        right = numbers[i] != numbers[i - 1];
    return right;
}

/* In the order of their numbers; to be freed. NULL if HDF5 does not know them. */
static uint64_t *list_chunks(const tool_chunked *c, hsize_t stored) {
    uint64_t *numbers = px_alloc(stored, sizeof *numbers);
    if (numbers &&
        (list_numbers(c, stored, false, numbers) || list_numbers(c, stored, true, numbers)))
        return numbers;
    free(numbers);
    return NULL;
}

static bool visit_listed(const tool_chunked *c, const uint64_t *numbers, hsize_t stored,
                         tool_chunk_visit visit, void *request) {
    hsize_t offset[H5S_MAX_RANK];
    bool done = true;
    for (hsize_t i = 0; i < stored && done; i++) {
        place_of(c, numbers[i], offset);
        done = visit(request, offset);
    }
    return done;
}

/* A chunk that is not found is not there, or its index is damaged: hence the count. */
static bool visit_found(const tool_chunked *c, hsize_t stored, tool_chunk_visit visit,
                        void *request) {
    hsize_t offset[H5S_MAX_RANK] = {0}, found = 0;
    bool done = true, more = stored > 0;
    while (done && more) {
        if (tool_chunked_holds(c, offset)) {
            found++;
            done = visit(request, offset);
        }
        more = found < stored && tool_chunked_next(c, c->chunk, offset);
    }
    return done &&
           (found == stored || tool_fail("%s: %llu chunks are stored, %llu can be found", c->path,
                                         (unsigned long long)stored, (unsigned long long)found));
}

bool tool_chunked_each(const tool_chunked *c, tool_chunk_visit visit, void *request) {
    hsize_t stored, all;
    if (!tool_chunked_count(c, &stored, &all))
        return false;
    const bool sparse = stored && all != UINT64_MAX && is_sparse(stored, all);
    uint64_t *numbers = sparse ? list_chunks(c, stored) : NULL;
    bool done = numbers ? visit_listed(c, numbers, stored, visit, request)
                        : visit_found(c, stored, visit, request);
    free(numbers);
    return done;
}

bool tool_chunked_partial(const tool_chunked *c, const hsize_t *chunk, const hsize_t *offset) {
    for (int i = 0; i < c->rank; i++)
        if (offset[i] + chunk[i] > c->dims[i])
            return true;
    return false;
}

uint64_t tool_chunked_inside(const tool_chunked *c, const hsize_t *offset) {
    uint64_t values = 1;
    for (int i = 0; i < c->rank; i++) {
        const hsize_t left = c->dims[i] - offset[i];
        values *= left < c->chunk[i] ? left : c->chunk[i];
    }
    return values;
}

bool tool_chunked_encoded(const tool_chunked *c, const hsize_t *offset, uint32_t mask) {
    return c->place >= 0 && c->place == c->filters - 1 && !(mask >> c->place & 1) &&
           !(c->plain_edges && tool_chunked_partial(c, c->chunk, offset));
}

bool tool_chunked_read(const tool_chunked *c, const hsize_t *offset, tool_stored *stored) {
    char text[TOOL_SHAPE_TEXT];
    hsize_t size = 0;
    *stored = (tool_stored){0};
    if (H5Dget_chunk_storage_size(c->dataset, offset, &size) < 0 || size == 0)
        return true; /* HDF5 does not tell a chunk that is not there from a broken index: count */
    stored->bytes = malloc(size);
    stored->size = size;
    if (!stored->bytes)
        return tool_fail("out of memory: %llu bytes for a chunk", (unsigned long long)size);
    if (H5Dread_chunk(c->dataset, H5P_DEFAULT, offset, &stored->mask, stored->bytes) < 0) {
        free(stored->bytes);
        stored->bytes = NULL;
        return tool_fail_library("%s, chunk %s cannot be read", c->path,
                                 tool_shape_text(text, c->rank, offset, ","));
    }
    stored->encoded = tool_chunked_encoded(c, offset, stored->mask);
    return true;
}

const char *tool_shape_text(char text[TOOL_SHAPE_TEXT], int rank, const hsize_t *shape,
                            const char *separator) {
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < rank; i++)
        used += (size_t)snprintf(text + used, TOOL_SHAPE_TEXT - used, "%s%llu", i ? separator : "",
                                 (unsigned long long)shape[i]);
    return text;
}

void tool_chunked_fill(const tool_chunked *c, uint8_t *elements, size_t bytes) {
    const size_t size = c->element_bytes;
    H5D_fill_value_t state = H5D_FILL_VALUE_UNDEFINED;
    memset(elements, 0, size);
    H5Pfill_value_defined(c->list, &state);
    if (state != H5D_FILL_VALUE_UNDEFINED)
        H5Pget_fill_value(c->list, c->type, elements);
    for (size_t filled = size, more; filled < bytes; filled += more) {
        more = filled < bytes - filled ? filled : bytes - filled;
        memcpy(elements + filled, elements, more);
    }
}

bool tool_chunked_is_lossy(const tool_chunked *c, prism_options *options) {
    return c->place >= 0 &&
           prism_options_unpack(options, c->words, c->word_count, NULL) == PRISM_OK &&
           options->bound != PRISM_BOUND_NONE;
}
