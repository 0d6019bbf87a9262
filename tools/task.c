/*
 * A dataset is compressed if it does not grow by it, which is known once all of its chunks are
 * encoded. Until then they wait in a spool, a file beside the output that has no name: nothing is
 * written to the output in vain, where it would leave holes, memory is bounded, and the disk space
 * is no more than what the dataset takes in the input, because encoding stops where it would be
 * more.
 *
 * Sizes are those of chunks and of their index, which for many small chunks weighs as much. HDF5
 * tells the size of an index only of a dataset that has one: so there is a twin of each dataset in
 * a file in memory, with placeholders of one byte for its chunks. Headers, about as large before
 * and after, do not count.
 */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "copy.h"
#include "library.h"

tool_task *tool_task_new(const tool_chunked *source, const hsize_t *chunk,
                         const uint32_t *options) {
    const size_t length = strlen(source->path) + 2;
    tool_task *t = calloc(1, sizeof *t);
    char *path = malloc(length);
    H5O_info_t info;
    if (!t || !path || H5Oget_info2(source->dataset, &info, H5O_INFO_BASIC) < 0) {
        free(path);
        free(t);
        tool_fail("%s cannot be remembered", source->path);
        return NULL;
    }
    snprintf(path, length, "%s%s", source->path[0] == '/' ? "" : "/", source->path);
    *t = (tool_task){.path = path,
                     .address = info.addr,
                     .bytes = tool_chunked_bytes(source),
                     .chunk_bytes = source->element_bytes,
                     .list = -1,
                     .twin = -1};
    for (int i = 0; i < source->rank; i++) {
        t->chunk[i] = chunk[i];
        t->chunk_bytes *= chunk[i];
    }
    memcpy(t->options, options, sizeof t->options);
    return t;
}

void tool_task_free(tool_task *t) {
    tool_task_end(t);
    free(t->path);
    free(t);
}

/* ---- Beginning and end ---- */

/* The dataset's own properties, but for chunks and filters. Setting chunks sets the time of
 * allocation, too. */
static hid_t creation_list(const tool_task *t, const tool_packing *packing) {
    hid_t list = H5Pcopy(t->source.list);
    H5D_alloc_time_t time = H5D_ALLOC_TIME_INCR;
    if (t->source.layout == H5D_CHUNKED)
        H5Pget_alloc_time(list, &time);
    H5Premove_filter(list, H5Z_FILTER_ALL);
    H5Pset_chunk(list, t->source.rank, t->chunk);
    H5Pset_alloc_time(list, time);
    tool_packing_set(packing, list, t->source.element_bytes, t->options);
    return list;
}

/* Chunks are there when they are written, and not before. */
static hid_t create_twin(const tool_task *t, hid_t twins) {
    hid_t list = H5Pcopy(t->list), type = tool_new_type(t->source.type);
    H5Pset_alloc_time(list, H5D_ALLOC_TIME_INCR);
    hid_t space = tool_copy_space(t->source.space);
    hid_t twin = H5Dcreate_anon(twins, type, space, list, H5P_DEFAULT);
    H5Sclose(space);
    H5Tclose(type);
    H5Pclose(list);
    return twin;
}

/* The filter adds to its parameters what it learns of the dataset. */
static void read_words(tool_task *t) {
    unsigned flags;
    hid_t list = H5Dget_create_plist(t->twin);
    t->word_count = PRISM_MAX_WORDS;
    H5Pget_filter_by_id2(list, H5PRISM_FILTER_ID, &flags, &t->word_count, t->words, 0, NULL, NULL);
    H5Pclose(list);
}

static void compare_chunks(tool_task *t) {
    const tool_chunked *s = &t->source;
    t->same_chunks = s->layout == H5D_CHUNKED;
    for (int i = 0; i < s->rank; i++)
        t->same_chunks = t->same_chunks && t->chunk[i] == s->chunk[i];
    t->direct = t->same_chunks && (s->filters == 0 || (s->filters == 1 && s->place == 0));
}

static uint64_t index_size(hid_t dataset) {
    H5O_info_t info;
    return H5Oget_info2(dataset, &info, H5O_INFO_META_SIZE) >= 0 ? info.meta_size.obj.index_size
                                                                 : 0;
}

static bool open_spool(tool_task *t, hid_t to) {
    char name[4096];
    return H5Fget_name(to, name, sizeof name) < (ssize_t)sizeof name &&
           tool_spool_open(&t->spool, name);
}

bool tool_task_begin(tool_task *t, const tool_task_files *files) {
    t->begun = true;
    if (!tool_chunked_open(&t->source, files->from, t->path))
        return false;
    t->list = creation_list(t, files->packing);
    t->twin = create_twin(t, files->twins);
    if (t->twin < 0)
        return tool_fail_library("%s cannot be created", t->path);
    read_words(t);
    compare_chunks(t);
    /* Where nothing is stored yet, the filter is for what will be. */
    const uint64_t stored = H5Dget_storage_size(t->source.dataset);
    const bool any = files->always || (files->skip_bad && t->direct);
    t->limit = any || !stored ? UINT64_MAX : stored + index_size(t->source.dataset);
    return open_spool(t, files->to);
}

void tool_task_end(tool_task *t) {
    if (!t->begun)
        return;
    tool_spool_close(&t->spool);
    if (t->twin >= 0)
        H5Dclose(t->twin);
    if (t->list >= 0)
        H5Pclose(t->list);
    tool_chunked_close(&t->source);
    t->begun = false;
}

/* ---- What it takes ---- */

bool tool_task_add(tool_task *t, const hsize_t *offset, const void *bytes, size_t size) {
    static const uint8_t placeholder;
    tool_spooled chunk = {.size = size};
    memcpy(chunk.offset, offset, (size_t)t->source.rank * sizeof *offset);
    if (H5Dwrite_chunk(t->twin, H5P_DEFAULT, 0, offset, sizeof placeholder, &placeholder) < 0)
        return tool_fail_library("%s cannot be written", t->path);
    return tool_spool_add(&t->spool, &chunk, bytes);
}

uint64_t tool_task_size(const tool_task *t) {
    return t->spool.bytes + index_size(t->twin);
}

bool tool_task_is_larger(const tool_task *t) {
    return t->spool.bytes > t->limit || tool_task_size(t) > t->limit;
}
