#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dataset.h"
#include "filter/dataset.h"
#include "library.h"

enum { CACHE_SLOTS = 10007 };

/* So that what reads a dataset part by part decodes its chunks once. */
static const size_t CACHE_BYTES = 512u << 20;

/* What a chunk has where the dataset has none. */
static const size_t CHUNK_BYTES = 16u << 20;

/* As tool_open_dataset, but in any file that links lead to, and with a larger memory. */
static bool open_dataset(tool_source *s) {
    if (!tool_exists(s->file, s->path))
        return tool_fail("%s: there is no such dataset in the file", s->path);
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(access, CACHE_SLOTS, CACHE_BYTES, H5D_CHUNK_CACHE_W0_DEFAULT);
    s->dataset = H5Dopen2(s->file, s->path, access);
    H5Pclose(access);
    return s->dataset >= 0 || tool_fail_to_open(s->file, s->path);
}

void tool_halve(hsize_t *part, int rank, size_t element, size_t most, int whole) {
    for (;;) {
        double bytes = (double)element;
        int longest = -1;
        for (int i = 0; i < rank; i++) {
            bytes *= (double)part[i];
            if (i != whole && part[i] > 1 && (longest < 0 || part[i] > part[longest]))
                longest = i;
        }
        longest = longest < 0 ? whole : longest;
        if (bytes <= (double)most || longest < 0 || part[longest] == 1)
            return;
        part[longest] = (part[longest] + 1) / 2;
    }
}

static void find_chunk(tool_source *s) {
    hid_t list = H5Dget_create_plist(s->dataset);
    s->chunked = H5Pget_layout(list) == H5D_CHUNKED;
    if (s->chunked) {
        H5Pget_chunk(list, s->rank, s->chunk);
    } else {
        memcpy(s->chunk, s->dims, sizeof s->chunk);
        tool_halve(s->chunk, s->rank, H5Tget_size(s->type), CHUNK_BYTES,
                   s->rank > 2 ? s->rank - 1 : -1);
    }
    H5Pclose(list);
}

static bool describe(tool_source *s) {
    s->type = H5Dget_type(s->dataset);
    s->space = H5Dget_space(s->dataset);
    const H5S_class_t kind = H5Sget_simple_extent_type(s->space);
    s->rank = kind == H5S_SIMPLE ? H5Sget_simple_extent_ndims(s->space) : 0;
    if (kind == H5S_SCALAR)
        return tool_fail("%s: it is a scalar, not an array", s->path);
    if (s->rank < 1)
        return tool_fail("%s: it is empty", s->path);
    H5Sget_simple_extent_dims(s->space, s->dims, NULL);
    for (int i = 0; i < s->rank; i++)
        if (!s->dims[i])
            return tool_fail("%s: it is empty", s->path);
    find_chunk(s);
    return true;
}

bool tool_source_open(tool_source *s, const char *file, const char *path) {
    *s = (tool_source){.path = path, .file = -1, .dataset = -1, .type = -1, .space = -1};
    tool_library_start();
    if (!tool_open_input(&s->file, file))
        return false;
    if (!path)
        s->path = s->found = tool_only_dataset(s->file);
    return s->path && open_dataset(s) && describe(s);
}

void tool_source_close(tool_source *s) {
    free(s->found);
    s->found = NULL;
    if (s->space >= 0)
        H5Sclose(s->space);
    if (s->type >= 0)
        H5Tclose(s->type);
    if (s->dataset >= 0)
        H5Dclose(s->dataset);
    if (s->file >= 0)
        H5Fclose(s->file);
}

bool tool_source_array(const tool_source *s, const hsize_t *dims, prism_array *array,
                       size_t *size) {
    plugin_host host;
    prism_error error;
    hid_t space = H5Screate_simple(s->rank, dims, NULL);
    plugin_host_open(&host, (const void *)(uintptr_t)&H5open);
    bool done = plugin_dataset_array(&host, s->type, space, array, &error) == PRISM_OK &&
                prism_array_size(array, size, &error) == PRISM_OK;
    plugin_host_close(&host);
    H5Sclose(space);
    if (!done)
        return tool_fail("%s: %s", s->path, error.message);
    return (int)array->rank == s->rank ||
           tool_fail("%s: its elements hold several numbers", s->path);
}

bool tool_source_read(const tool_source *s, const tool_part *part, const hsize_t *stride,
                      hid_t type, void *elements) {
    hid_t memory = H5Screate_simple(s->rank, part->count, NULL);
    bool done = H5Sselect_hyperslab(s->space, H5S_SELECT_SET, part->start, stride, part->count,
                                    NULL) >= 0 &&
                H5Dread(s->dataset, type, memory, s->space, H5P_DEFAULT, elements) >= 0;
    H5Sclose(memory);
    return done || tool_fail_library("%s: it cannot be read", s->path);
}

tool_part tool_source_chunk(const tool_source *s, const hsize_t *index) {
    tool_part part = {.start = {0}};
    for (int i = 0; i < s->rank; i++) {
        part.start[i] = index[i] * s->chunk[i];
        const hsize_t left = s->dims[i] - part.start[i];
        part.count[i] = left < s->chunk[i] ? left : s->chunk[i];
    }
    return part;
}

bool tool_source_replace(tool_source *s, hid_t file, hid_t dataset) {
    char *found = s->found; /* the path may be in it */
    s->found = NULL;
    tool_source_close(s);
    s->found = found;
    s->file = file;
    s->dataset = dataset;
    return describe(s);
}
