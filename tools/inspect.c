/*
 * h5prism inspect: what the chunks of a file hold.
 *
 * Sizes are those of whole chunks, also where these reach over the edge of the dataset. A chunk
 * does not say how many bits each of its planes took: planes share models, and one helps to predict
 * another. What --planes shows is an estimate therefore: each plane coded by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "check.h"
#include "command.h"
#include "filter/parameters.h"
#include "library.h"
#include "links.h"
#include "pipeline/container.h"
#include "report.h"

typedef struct request {
    const char *file;
    tool_texts names; /* of datasets; none: all of the file */
    bool chunks, planes, check, json, damaged;
} request;

static const char help[] =
    "usage: h5prism inspect FILE [--dataset PATH]... [--chunks] [--planes] [--check] [--json]\n"
    "\n"
    "Says how the datasets of an HDF5 file are compressed: options, pipelines (transform +\n"
    "predictor + coder), sizes, bits a value, checksums, and what lossy chunks lost at most.\n"
    "Nothing is decoded unless it says so below. Exit code 1 if a chunk is damaged, or of a newer\n"
    "version of the format.\n"
    "\n"
    "  --dataset PATH  only this dataset; may be given again\n"
    "  --chunks        a line for each chunk, too\n"
    "  --planes        an estimate for each plane of the first chunk of each dataset, which is\n"
    "                  decoded: the bits a value it takes when it is coded by itself\n"
    "  --check         decode every chunk, and name those that are damaged; of chunks in blocks,\n"
    "                  the blocks, too: other parts of these can be read\n"
    "  --json          for programs\n"
    "\n"
    "examples: h5prism inspect file.h5\n"
    "          h5prism inspect file.h5 --dataset run/emb --chunks\n";

/* ---- Names and numbers ---- */

const char *tool_transform_name(prism_transform transform) {
    static const char *const names[] = {"auto", "none", "channels", "stack"};
    return names[transform];
}

const char *tool_predictor_name(prism_predictor predictor) {
    static const char *const names[] = {"auto", "none", "paeth", "lsq"};
    return names[predictor];
}

const char *tool_coder_name(prism_coder coder) {
    static const char *const names[] = {"auto", "deflate", "jxl", "ans", "raw", "zstd"};
    return names[coder];
}

const char *tool_bound_text(char text[TOOL_BOUND_TEXT], prism_bound bound, prism_bound_of of,
                            float value) {
    snprintf(text, TOOL_BOUND_TEXT, "%s=%g%s%s", prism_bound_name(bound), (double)value,
             of ? ",of=" : "", of ? prism_bound_of_name(of) : "");
    return text;
}

double tool_ratio(const tool_report *r, size_t bytes, uint64_t values) {
    return (double)(values * r->dataset->element_bytes) / (double)bytes;
}

double tool_bits(size_t bytes, uint64_t values) {
    return 8 * (double)bytes / (double)values;
}

static bool add_number(tool_numbers *n, double value) {
    if (!tool_make_room(&n->values, &n->room, n->count, sizeof *n->values))
        return false;
    n->values[n->count++] = value;
    return true;
}

/* ---- Planes ---- */

/* Plane `index` of `elements`, its samples in C order. */
static void take_plane(const prism_array *array, int axis, size_t index, const uint8_t *elements,
                       uint8_t *plane) {
    size_t inner = prism_type_size(array->type), outer = 1;
    for (int i = 0; i < (int)array->rank; i++)
        if (i < axis)
            outer *= array->dims[i];
        else if (i > axis)
            inner *= array->dims[i];
    for (size_t i = 0; i < outer; i++)
        memcpy(plane + i * inner, elements + (i * array->dims[axis] + index) * inner, inner);
}

static prism_status add_planes(tool_numbers *numbers, const prism_info *info,
                               const uint8_t *elements, uint8_t *plane, prism_error *error) {
    prism_array one = info->array;
    prism_options options = prism_options_default();
    size_t size, bound, coded;
    one.dims[info->axis] = 1;
    options.effort = info->effort;
    prism_status status = prism_array_size(&one, &size, error);
    if (status == PRISM_OK)
        status = prism_encode_bound(&one, &bound, error);
    for (size_t i = 0; i < info->planes && status == PRISM_OK; i++) {
        take_plane(&info->array, info->axis, i, elements, plane);
        status = prism_encode(&one, plane, &options, plane + size, bound, &coded, error);
        if (status == PRISM_OK &&
            !add_number(numbers, tool_bits(coded, size / prism_type_size(one.type))))
            status = PRISM_E_MEMORY;
    }
    return status;
}

static bool estimate_planes(tool_report *r, const tool_stored *stored, const prism_info *info) {
    size_t size, bound;
    prism_error error = {0};
    prism_decode_options options = {.threads = 1};
    prism_status status = prism_array_size(&info->array, &size, &error);
    if (status == PRISM_OK)
        status = plugin_memory_limit(&options.memory_limit, &error);
    if (status == PRISM_OK && size != r->dataset->chunk_bytes)
        return tool_fail("%s: a chunk holds %zu bytes where the dataset's chunks have %zu",
                         r->dataset->path, size, r->dataset->chunk_bytes);
    if (status == PRISM_OK)
        status = prism_encode_bound(&info->array, &bound, &error);
    uint8_t *elements = status == PRISM_OK ? malloc(size) : NULL;
    uint8_t *plane = status == PRISM_OK ? malloc(size + bound) : NULL;
    if (elements && plane)
        status = prism_decode(stored->bytes, stored->size, elements, size, &options, &error);
    if (elements && plane && status == PRISM_OK)
        status = add_planes(&r->planes, info, elements, plane, &error);
    bool done = elements && plane && status == PRISM_OK;
    free(plane);
    free(elements);
    return done || tool_fail("%s: planes cannot be estimated: %s", r->dataset->path,
                             *error.message ? error.message : "out of memory");
}

/* ---- Chunks ---- */

static void read_encoded(tool_chunk_report *c, const tool_stored *stored) {
    if (prism_inspect(stored->bytes, stored->size, &c->info, &c->error) != PRISM_OK)
        return;
    if (c->info.checksum)
        c->checksum = px_chunk_verify(stored->bytes, stored->size, 1, NULL) == PRISM_OK
                          ? TOOL_RIGHT
                          : TOOL_WRONG;
}

tool_pipeline tool_pipeline_of(const prism_info *info) {
    tool_pipeline p = {.mapping = info->mapping,
                       .transform = info->transform,
                       .predictor = info->predictor,
                       .coder = info->coder,
                       .method = info->method,
                       .effort = info->effort,
                       .axis = info->axis,
                       .axis_count = info->axis_count,
                       .chunks = 1};
    memcpy(p.axes, info->axes, sizeof p.axes);
    return p;
}

static bool is_same(const tool_pipeline *p, const tool_pipeline *q) {
    return p->mapping == q->mapping && p->transform == q->transform &&
           p->predictor == q->predictor && p->coder == q->coder && p->method == q->method &&
           p->effort == q->effort && p->axis_count == q->axis_count &&
           memcmp(p->axes, q->axes, sizeof p->axes) == 0;
}

static bool count_pipeline(tool_pipelines *p, const prism_info *info) {
    const tool_pipeline one = tool_pipeline_of(info);
    for (size_t i = 0; i < p->count; i++)
        if (is_same(&one, &p->items[i])) {
            p->items[i].chunks++;
            return true;
        }
    if (!tool_make_room(&p->items, &p->room, p->count, sizeof *p->items))
        return false;
    p->items[p->count++] = one;
    return true;
}

static float larger(float a, float b) {
    return a > b ? a : b;
}

static void count_loss(tool_report *r, const prism_info *info) {
    tool_loss *loss = &r->losses[info->bound][info->bound_of];
    loss->chunks++;
    loss->bound = larger(loss->bound, info->bound_value);
    loss->worst = larger(loss->worst, info->reached);
}

static bool count_chunk(tool_report *r, const tool_chunk_report *c) {
    r->stored++;
    r->bytes += c->size;
    r->values += c->values;
    if (!c->encoded) {
        r->unfiltered++;
    } else if (c->error.status != PRISM_OK) {
        r->unreadable++;
    } else {
        r->checksums[c->checksum]++;
        count_loss(r, &c->info);
        return count_pipeline(&r->pipelines, &c->info);
    }
    return true;
}

/* The first chunk that is not as it should be is told of; the others are counted. */
static void complain(request *q, const tool_report *r, const tool_chunk_report *c) {
    char place[TOOL_SHAPE_TEXT];
    const bool wrong = c->checksum == TOOL_WRONG;
    if (c->error.status == PRISM_OK && !wrong)
        return;
    q->damaged = true;
    if (r->unreadable + r->checksums[TOOL_WRONG] == 1)
        tool_fail("%s, chunk %s: %s", r->dataset->path,
                  tool_shape_text(place, r->dataset->rank, c->offset, ","),
                  wrong ? "its checksum is wrong" : c->error.message);
}

/* False if there is no memory. */
static bool check_chunk(request *q, tool_report *r, const hsize_t *offset,
                        const tool_stored *stored) {
    tool_damages *d = &r->damages;
    if (!tool_make_room(&d->items, &d->room, d->count, sizeof *d->items))
        return false;
    tool_damage *damage = &d->items[d->count];
    tool_check_chunk(damage, r->dataset, offset, stored);
    d->count += damage->error.status != PRISM_OK;
    if (d->count == 1 && !q->damaged) /* of no other check */
        tool_fail("%s: %s", r->dataset->path, damage->error.message);
    q->damaged |= d->count > 0;
    return true;
}

typedef struct inspection {
    request *request;
    tool_report *report;
    const tool_writer *writer;
} inspection;

static bool inspect_chunk(void *data, const hsize_t *offset) {
    const inspection *i = data;
    request *q = i->request;
    tool_report *r = i->report;
    tool_stored stored;
    tool_chunk_report c = {0};
    if (!tool_chunked_read(r->dataset, offset, &stored))
        return false;
    if (!stored.bytes)
        return true;
    memcpy(c.offset, offset, sizeof c.offset);
    c.values = tool_chunked_inside(r->dataset, offset);
    c.size = stored.size;
    c.mask = stored.mask;
    c.encoded = stored.encoded;
    if (c.encoded)
        read_encoded(&c, &stored);
    bool done = count_chunk(r, &c);
    complain(q, r, &c);
    if (done && q->check && c.encoded)
        done = check_chunk(q, r, offset, &stored);
    if (q->chunks)
        i->writer->chunk(r, &c);
    done = done && add_number(&r->bits, tool_bits(c.size, c.values));
    if (done && q->planes && !r->planes.count && c.encoded && c.error.status == PRISM_OK &&
        c.info.axis >= 0)
        done = estimate_planes(r, &stored, &c.info);
    free(stored.bytes);
    return done;
}

static bool inspect_chunks(request *q, tool_report *r, const tool_writer *writer) {
    const tool_chunked *d = r->dataset;
    hsize_t there, all;
    if (d->layout != H5D_CHUNKED || d->place < 0)
        return true;
    if (!tool_chunked_count(d, &there, &all))
        return false;
    r->all = all;
    return tool_chunked_each(d, inspect_chunk, &(inspection){q, r, writer});
}

/* ---- Datasets ---- */

static void read_parameters(tool_report *r) {
    const tool_chunked *d = r->dataset;
    prism_options options;
    prism_array array;

    if (prism_options_unpack(&options, d->words, d->word_count, NULL) == PRISM_OK) {
        prism_options_format(&options, r->options, sizeof r->options, NULL);
        r->bounded = options.bound != PRISM_BOUND_NONE;
    }
    if (d->word_count > PRISM_OPTION_WORDS &&
        prism_array_unpack(&array, d->words + PRISM_OPTION_WORDS,
                           d->word_count - PRISM_OPTION_WORDS, NULL) == PRISM_OK)
        snprintf(r->type, sizeof r->type, "%s", prism_type_name(array.type));
    else
        snprintf(r->type, sizeof r->type, "%zu-byte elements", d->element_bytes);
}

static bool inspect_dataset(request *q, hid_t file, const char *path) {
    const tool_writer *writer = q->json ? &tool_json : &tool_text;
    tool_chunked dataset;
    tool_report report = {.dataset = &dataset, .checked = q->check};
    bool done = tool_chunked_open(&dataset, file, path);
    if (done) {
        read_parameters(&report);
        writer->dataset(&report, q->chunks);
        done = inspect_chunks(q, &report, writer);
        writer->summary(&report, q->chunks);
    }
    for (size_t i = 0; i < report.damages.count; i++)
        tool_damage_free(&report.damages.items[i]);
    free(report.damages.items);
    free(report.pipelines.items);
    free(report.bits.values);
    free(report.planes.values);
    tool_chunked_close(&dataset);
    return done;
}

/* A dataset that cannot be read keeps none of the others from being told of. */
static herr_t inspect_visited(hid_t file, const char *name, const H5O_info_t *info, void *data) {
    request *q = data;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    char *path = tool_path("", name);
    if (!path)
        return -1;
    q->damaged |= !inspect_dataset(q, file, path);
    free(path);
    return 0;
}

static bool inspect_file(request *q, hid_t file) {
    const tool_writer *writer = q->json ? &tool_json : &tool_text;
    bool done = true;
    writer->begin(q->file);
    for (size_t i = 0; i < q->names.count && done; i++)
        done = inspect_dataset(q, file, q->names.items[i]);
    if (!q->names.count)
        done = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, inspect_visited, q, H5O_INFO_BASIC) >= 0;
    writer->end();
    if (!done && !tool_has_failed())
        tool_fail_library("%s cannot be read", q->file);
    return done && !q->damaged;
}

static bool run(request *q) {
    hid_t file;
    tool_library_start();
    if (!tool_open_input(&file, q->file))
        return false;
    const bool done = inspect_file(q, file);
    H5Fclose(file);
    return done;
}

int tool_inspect(int count, char **arguments) {
    request q = {.file = NULL};
    const tool_option options[] = {
        {"--dataset", TOOL_TEXTS, &q.names, 0, 0}, {"--chunks", TOOL_FLAG, &q.chunks, 0, 0},
        {"--planes", TOOL_FLAG, &q.planes, 0, 0},  {"--check", TOOL_FLAG, &q.check, 0, 0},
        {"--json", TOOL_FLAG, &q.json, 0, 0},      {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    int code;
    if (tool_arguments_read(&(tool_arguments){help, options, &q.file, 1, 0}, count, arguments,
                            &code))
        code = run(&q) ? EXIT_DONE : EXIT_FAILED;
    free(q.names.items);
    return code;
}
