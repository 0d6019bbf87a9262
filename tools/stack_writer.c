#include "stack_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "creation.h"
#include "filter/chunk.h"
#include "library.h"

static const size_t CHUNK_BYTES = 16u << 20; /* unless one frame has more */

enum { JOBS_PER_THREAD = 2 };

typedef struct job {
    const unsigned *words;
    size_t word_count, size;
    hsize_t first; /* frame */
    uint8_t *samples;
    plugin_output output;
    prism_error error;
} job;

static const plugin_host nobody; /* the codec's memory is not HDF5's here */

static void work(void *data) {
    job *j = data;
    const plugin_input input = {
        .words = j->words, .count = j->word_count, .bytes = j->samples, .size = j->size};
    j->error.status = plugin_chunk_encode(&nobody, &input, &j->output, &j->error);
}

static void free_job(job *j) {
    free(j->samples);
    free(j->output.bytes);
    free(j);
}

/* ---- The dataset ---- */

int tool_stack_dims(const tool_stack *s, hsize_t dims[4]) {
    dims[0] = s->count;
    dims[1] = s->shape.height;
    dims[2] = s->shape.width;
    dims[3] = s->shape.channels;
    return s->shape.channels > 1 ? 4 : 3;
}

hid_t tool_stack_type(prism_type type) {
    switch (type) {
    case PRISM_INT8:
        return H5T_NATIVE_INT8;
    case PRISM_UINT8:
        return H5T_NATIVE_UINT8;
    case PRISM_INT16:
        return H5T_NATIVE_INT16;
    case PRISM_UINT16:
        return H5T_NATIVE_UINT16;
    case PRISM_INT32:
        return H5T_NATIVE_INT32;
    case PRISM_UINT32:
        return H5T_NATIVE_UINT32;
    case PRISM_INT64:
        return H5T_NATIVE_INT64;
    case PRISM_UINT64:
        return H5T_NATIVE_UINT64;
    case PRISM_FLOAT32:
        return H5T_NATIVE_FLOAT;
    case PRISM_FLOAT64:
        return H5T_NATIVE_DOUBLE;
    default:
        return H5I_INVALID_HID;
    }
}

/* All chunks about equally large. */
static size_t frames_of_chunk(const tool_stack *s) {
    const size_t room = CHUNK_BYTES / tool_image_bytes(&s->shape);
    size_t most = px_smaller(px_smaller(s->chunk_count, room ? room : 1), s->count);
    const size_t chunks = (s->count + most - 1) / most;
    return (s->count + chunks - 1) / chunks;
}

static hid_t create(const tool_stack *s, hid_t file, size_t frames, const prism_options *options) {
    hsize_t dims[4], chunk[4];
    const int rank = tool_stack_dims(s, dims);
    memcpy(chunk, dims, sizeof chunk);
    chunk[0] = frames;
    hid_t list = tool_creation_list(rank, chunk, options), links = H5Pcreate(H5P_LINK_CREATE);
    hid_t space = H5Screate_simple(rank, dims, NULL);
    H5Pset_create_intermediate_group(links, 1);
    hid_t dataset =
        H5Dcreate2(file, s->path, tool_stack_type(s->shape.type), space, links, list, H5P_DEFAULT);
    H5Sclose(space);
    H5Pclose(links);
    H5Pclose(list);
    if (dataset < 0)
        tool_fail_library("%s cannot be created", s->path);
    return dataset;
}

/* As the filter has completed them. */
static void read_words(tool_stack_writer *w) {
    unsigned flags;
    hid_t list = H5Dget_create_plist(w->dataset);
    w->word_count = PRISM_MAX_WORDS;
    H5Pget_filter_by_id2(list, H5PRISM_FILTER_ID, &flags, &w->word_count, w->words, 0, NULL, NULL);
    H5Pclose(list);
}

bool tool_stack_create(tool_stack_writer *w, hid_t file, const tool_stack *stack,
                       const prism_options *options, size_t threads) {
    *w = (tool_stack_writer){.stack = stack, .frames = frames_of_chunk(stack)};
    w->dataset = create(stack, file, w->frames, options);
    if (w->dataset < 0)
        return false;
    read_words(w);
    return tool_crew_open(&w->crew, threads, JOBS_PER_THREAD * threads, work);
}

/* ---- Chunks ---- */

static bool collect(tool_stack_writer *w) {
    job *j = tool_crew_take(&w->crew);
    const hsize_t offset[4] = {j->first};
    bool done =
        j->error.status == PRISM_OK || tool_fail("%s, frame %llu: %s", w->stack->path,
                                                 (unsigned long long)j->first, j->error.message);
    if (done &&
        H5Dwrite_chunk(w->dataset, H5P_DEFAULT, 0, offset, j->output.size, j->output.bytes) < 0)
        done = tool_fail_library("%s cannot be written", w->stack->path);
    free_job(j);
    return done;
}

/* What a last chunk lacks is never read: its last frame once more takes the fewest bytes. */
static void complete(tool_stack_writer *w, size_t frames) {
    const size_t bytes = tool_image_bytes(&w->stack->shape);
    for (size_t i = frames; i < w->frames; i++)
        memcpy(w->samples + i * bytes, w->samples + (frames - 1) * bytes, bytes);
}

static bool send(tool_stack_writer *w) {
    if (tool_crew_full(&w->crew) && !collect(w))
        return false;
    job *j = calloc(1, sizeof *j);
    if (!j)
        return tool_fail("out of memory");
    const size_t first = (w->added - 1) / w->frames * w->frames;
    complete(w, w->added - first);
    *j = (job){.words = w->words,
               .word_count = w->word_count,
               .size = w->frames * tool_image_bytes(&w->stack->shape),
               .first = first,
               .samples = w->samples};
    w->samples = NULL;
    tool_crew_give(&w->crew, j);
    return true;
}

bool tool_stack_add(tool_stack_writer *w, const uint8_t *samples) {
    const size_t bytes = tool_image_bytes(&w->stack->shape), at = w->added % w->frames;
    if (!w->samples)
        w->samples = px_alloc(w->frames, bytes);
    if (!w->samples)
        return tool_fail("out of memory for %zu frames", w->frames);
    memcpy(w->samples + at * bytes, samples, bytes);
    w->added++;
    return (at + 1 < w->frames && w->added < w->stack->count) || send(w);
}

bool tool_stack_close(tool_stack_writer *w, bool done) {
    while (done && w->crew.taken < w->crew.given)
        done = collect(w);
    tool_crew_stop(&w->crew);
    for (job *j; (j = tool_crew_take(&w->crew));)
        free_job(j); /* after a failure */
    tool_crew_free(&w->crew);
    free(w->samples);
    if (w->dataset >= 0 && H5Dclose(w->dataset) < 0 && done)
        done = tool_fail_library("%s cannot be written", w->stack->path);
    return done;
}
