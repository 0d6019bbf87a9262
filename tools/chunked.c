#include "chunked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "library.h"

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

bool tool_chunked_open(tool_chunked *c, hid_t file, const char *path) {
    *c = (tool_chunked){.dataset = -1, .type = -1, .space = -1, .list = -1, .path = path};
    if (!tool_open_dataset(&c->dataset, file, path))
        return false;
    c->type = H5Dget_type(c->dataset);
    c->space = H5Dget_space(c->dataset);
    c->list = H5Dget_create_plist(c->dataset);
    if (c->type < 0 || c->space < 0 || c->list < 0)
        return tool_fail_library("%s cannot be read", path);
    if (H5Sget_simple_extent_type(c->space) == H5S_SIMPLE)
        c->rank = H5Sget_simple_extent_dims(c->space, c->dims, c->most);
    c->element_bytes = H5Tget_size(c->type);
    c->layout = H5Pget_layout(c->list);
    read_pipeline(c);
    if (c->layout == H5D_CHUNKED)
        read_chunks(c);
    return true;
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

bool tool_chunked_count(const tool_chunked *c, hsize_t *stored, hsize_t *all) {
    hid_t space = H5Dget_space(c->dataset);
    bool done = H5Dget_num_chunks(c->dataset, space, stored) >= 0;
    H5Sclose(space);
    *all = 1;
    for (int i = 0; i < c->rank; i++)
        *all *= (c->dims[i] + c->chunk[i] - 1) / c->chunk[i];
    return done || tool_fail_library("%s: its chunks cannot be counted", c->path);
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
    stored->encoded = c->place >= 0 && c->place == c->filters - 1 &&
                      !(stored->mask >> c->place & 1) &&
                      !(c->plain_edges && tool_chunked_partial(c, c->chunk, offset));
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
