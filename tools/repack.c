/*
 * h5prism repack: a copy of a file in which datasets are compressed anew, on all cores, unless they
 * would grow (task.c).
 *
 * Chunks of a dataset that has none: the last axis (channels belong together) stays whole up to
 * 1024 elements, or is cut into equal parts; of the other axes the longest is halved until a chunk
 * has at most 8 MiB.
 */
#include <H5public.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "command.h"
#include "dataset.h"
#include "filter/dataset.h"
#include "filter/parameters.h"
#include "library.h"
#include "repacking.h"

enum { MOST_CHANNELS = 1024 };

static const uint64_t CHUNK_BYTES = 8u << 20, LEAST_BYTES = 4096;

typedef struct request {
    tool_repacking repacking;
    const char *text; /* of the options */
    prism_options options;
    uint32_t words[PRISM_OPTION_WORDS];       /* of the filter */
    uint32_t exact_words[PRISM_OPTION_WORDS]; /* the same without a bound */
    tool_list chunk;                          /* none: no shape was given */
    bool lossy;
    plugin_host host;
} request;

static const char help[] =
    "usage: h5prism repack IN OUT [KEY=VALUE,...] [--dataset PATH]... [--chunks AxBx..] [-j N]\n"
    "                      [--lossy] [--always] [--verify] [--skip-bad] [--no-check] [--force]\n"
    "\n"
    "Writes a copy of the HDF5 file IN in which datasets are compressed by h5prism. Everything "
    "else\n"
    "is copied as it is. IN is not changed; OUT is opened anew and compared with it, or not "
    "there.\n"
    "\n"
    "  KEY=VALUE,...   options of the filter, as in 'h5prism options'; default: all automatic\n"
    "  --dataset PATH  only this dataset; may be given again. Without it: every dataset whose "
    "type\n"
    "                  h5prism takes and whose chunks have 4096 bytes or more\n"
    "  --chunks AxBx.. shape of the chunks of datasets of that rank; default: as in IN, or of at\n"
    "                  most 8 MiB for datasets without chunks\n"
    "  --lossy         OUT may differ from IN by the bound among the options: docs/lossy.md. "
    "Names\n"
    "                  and, unless --dataset says so, what may be identifiers stay lossless\n"
    "  --always        also where a dataset becomes larger, which is kept as it is otherwise\n"
    "  -j N            chunks that are encoded at the same time; default: one for each CPU\n"
    "  --verify        decode each chunk before it is written, and compare\n"
    "  --skip-bad      leave out chunks that h5prism wrote and that are damaged, instead of "
    "writing\n"
    "                  nothing: they read as the fill value. Each is named; exit code 1\n"
    "  --no-check      do not compare OUT with IN\n"
    "  --force         replace OUT if it is there\n"
    "\n"
    "examples: h5prism repack in.h5 out.h5\n"
    "          h5prism repack in.h5 out.h5 effort=7 --dataset run/emb --chunks 256x256x128 -j 4\n"
    "          h5prism repack in.h5 out.h5 rel_rmse=0.01 --lossy --dataset run/emb\n";

/* ---- Arguments ---- */

static bool read_filter_options(request *r) {
    prism_error error;
    if (!tool_read_filter_options(&r->options, r->text))
        return false;
    prism_options exact = r->options;
    exact.bound = PRISM_BOUND_NONE;
    exact.bound_of = PRISM_BOUND_OF_RMS;
    exact.bound_value = 0;
    return (prism_options_pack(&r->options, r->words, &error) == PRISM_OK &&
            prism_options_pack(&exact, r->exact_words, &error) == PRISM_OK) ||
           tool_fail("%s", error.message);
}

/* Nothing is lost by a mistyped option. */
static bool agrees_to_loss(const request *r) {
    const bool bounded = r->options.bound != PRISM_BOUND_NONE;
    if (bounded && !r->lossy)
        return tool_fail("%s=%g makes OUT differ from IN: say --lossy, too, if it may",
                         prism_bound_name(r->options.bound), (double)r->options.bound_value);
    return bounded || !r->lossy ||
           tool_fail("--lossy goes with max_error, rel_max_error, rel_rmse or distance");
}

/* ---- Which datasets, and in which chunks ---- */

static hsize_t half(hsize_t size) {
    return size / 2 + size % 2;
}

static void choose_chunk(const tool_chunked *s, hsize_t *chunk) {
    const int last = s->rank - 1;
    uint64_t bytes;
    memcpy(chunk, s->dims, sizeof s->dims);
    if (last > 0 && chunk[last] > MOST_CHANNELS) {
        const hsize_t parts = (chunk[last] + MOST_CHANNELS - 1) / MOST_CHANNELS;
        chunk[last] = (chunk[last] + parts - 1) / parts;
    }
    do {
        int longest = 0;
        bytes = s->element_bytes;
        for (int i = 0; i < s->rank; i++) {
            bytes *= chunk[i];
            if (i < last && chunk[i] > chunk[longest])
                longest = i;
        }
        if (bytes > CHUNK_BYTES)
            chunk[longest] = half(chunk[longest]);
    } while (bytes > CHUNK_BYTES);
}

/* Chunks reach as far as the dataset does, or may. */
static void limit_chunk(const tool_chunked *s, hsize_t *chunk) {
    for (int i = 0; i < s->rank; i++)
        if (s->most[i] != H5S_UNLIMITED && chunk[i] > s->most[i])
            chunk[i] = s->most[i];
}

static void find_chunk(const request *r, const tool_chunked *s, hsize_t *chunk) {
    if (r->chunk.count == (size_t)s->rank)
        for (int i = 0; i < s->rank; i++)
            chunk[i] = (hsize_t)r->chunk.items[i];
    else if (s->layout == H5D_CHUNKED)
        memcpy(chunk, s->chunk, sizeof s->chunk);
    else
        choose_chunk(s, chunk);
    limit_chunk(s, chunk);
}

/* NULL, or why the codec does not take such chunks. */
static const char *refusal(const request *r, const tool_chunked *s, const hsize_t *chunk,
                           prism_error *error) {
    prism_array array;
    size_t bytes = 0;
    hid_t space = H5Screate_simple(s->rank, chunk, NULL);
    prism_status status = plugin_dataset_array(&r->host, s->type, space, &array, error);
    H5Sclose(space);
    if (status == PRISM_OK)
        status = prism_array_size(&array, &bytes, error);
    if (status != PRISM_OK)
        return error->message;
    if (!r->repacking.names.count && bytes < LEAST_BYTES)
        return "its chunks are too small to gain anything";
    return NULL;
}

/* NULL, or why a dataset that is compressed keeps every bit in spite of the bound. */
static const char *need_of_bits(const request *r, const tool_chunked *s, const hsize_t *chunk,
                                prism_error *error) {
    prism_array array;
    hid_t space = H5Screate_simple(s->rank, chunk, NULL);
    prism_status status = plugin_dataset_array(&r->host, s->type, space, &array, error);
    H5Sclose(space);
    if (status == PRISM_OK)
        status = plugin_options_check(&r->host, s->type, &array, &r->options, error);
    if (status != PRISM_OK)
        return error->message;
    if (r->repacking.names.count)
        return NULL;
    if (tool_is_scale(s->dataset))
        return "it is the scale of a dimension; --dataset makes it lossy all the same";
    const bool is_wide = array.type == PRISM_INT64 || array.type == PRISM_UINT64;
    if (is_wide || (s->rank == 1 && array.type <= PRISM_UINT64))
        return "integers of rank 1 or of 64 bits may be identifiers; --dataset makes them lossy "
               "all "
               "the same";
    return NULL;
}

/* NULL, or why the dataset stays as it is. */
static const char *obstacle(const request *r, const tool_chunked *s, hsize_t *chunk,
                            prism_error *error) {
    if (s->layout == H5D_VIRTUAL)
        return "it is virtual";
    if (H5Pget_external_count(s->list) > 0)
        return "its elements are in other files";
    if (s->rank == 0)
        return "it has no dimensions";
    if (s->layout != H5D_CHUNKED && !tool_chunked_bytes(s))
        return "it is empty";
    if (r->repacking.names.count && r->chunk.count && r->chunk.count != (size_t)s->rank)
        return "--chunks has another number of dimensions";
    if (r->options.axis >= s->rank)
        return "it has fewer dimensions than the option axis needs";
    find_chunk(r, s, chunk);
    const char *missing = tool_chunked_missing_filter(s, error);
    return missing ? missing : refusal(r, s, chunk, error);
}

static void choose(void *data, const tool_chunked *s, tool_choice *choice) {
    const request *r = data;
    choice->obstacle = obstacle(r, s, choice->chunk, &choice->error);
    if (!choice->obstacle && r->lossy)
        choice->exact_because = need_of_bits(r, s, choice->chunk, &choice->error);
    choice->options = choice->exact_because ? r->exact_words : r->words;
}

static bool run(request *r) {
    tool_library_start();
    plugin_host_open(&r->host, (const void *)(size_t)&H5open);
    r->repacking.choose = choose;
    r->repacking.request = r;
    r->repacking.bound = r->lossy ? &r->options : NULL;
    const bool done = tool_repacking_run(&r->repacking);
    plugin_host_close(&r->host);
    return done;
}

int tool_repack(int count, char **arguments) {
    request r = {.text = NULL};
    tool_repacking *p = &r.repacking;
    long long threads = (long long)tool_cpus();
    const char *files[3] = {NULL, NULL, NULL};
    const tool_option options[] = {
        {"--dataset", TOOL_TEXTS, &p->names, 0, 0},
        {"--chunks", TOOL_SHAPE, &r.chunk, 1, INT64_MAX},
        {"-j", TOOL_NUMBER, &threads, 1, TOOL_MOST_THREADS},
        {"--lossy", TOOL_FLAG, &r.lossy, 0, 0},
        {"--always", TOOL_FLAG, &p->encoding.always, 0, 0},
        {"--verify", TOOL_FLAG, &p->encoding.verify, 0, 0},
        {"--skip-bad", TOOL_FLAG, &p->encoding.skip_bad, 0, 0},
        {"--no-check", TOOL_FLAG, &p->files.unchecked, 0, 0},
        {"--force", TOOL_FLAG, &p->files.force, 0, 0},
        {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    int code;
    if (tool_arguments_read(&(tool_arguments){help, options, files, 3, 1}, count, arguments,
                            &code)) {
        p->files.input = files[0];
        p->files.output = files[1];
        p->encoding.threads = (size_t)threads;
        r.text = files[2];
        code = !tool_is_hdf5_name(files[1]) || !read_filter_options(&r) || !agrees_to_loss(&r)
                   ? EXIT_USAGE
               : run(&r) ? EXIT_DONE
                         : EXIT_FAILED;
    }
    free(p->names.items);
    return code;
}
