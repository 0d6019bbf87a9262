/*
 * h5prism export: a chunk as a JPEG XL image that any viewer opens, in grey, further planes as
 * extra channels. Where the chunk holds such an image, that is what is written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "base/array.h"
#include "coders/jxl.h"
#include "command.h"
#include "output.h"
#include "pipeline/container.h"
#include "source.h"
#include "system/files.h"

enum { EFFORT = 7, AXIS_OF_CHUNK = -2 };

typedef struct request {
    const char *files[2], *dataset;
    tool_list chunk, planes;
    long long axis, effort;
    bool in_colour, force;
} request;

static const char help[] =
    "usage: h5prism export FILE OUT.jxl [--dataset PATH] [OPTION...]\n"
    "\n"
    "Writes a chunk of integers of 8 or 16 bits as a JPEG XL image: its first plane in grey, the\n"
    "others as extra channels. Where coder jxl has stored the samples themselves (no transform, "
    "no\n"
    "predictor), the stored codestream is written as it is; whatever else compressed the chunk, "
    "its\n"
    "values are coded for the file, losslessly. Signed values are written plus half their range\n"
    "(int8: plus 128); h5prism import --signed takes it off again.\n"
    "\n"
    "  --chunk I,J,...      the place of the chunk in the grid of chunks; default 0,0,...\n"
    "  --planes FIRST,LAST  these planes only; an image holds 257 at most\n"
    "  --colour             the first three planes are red, green and blue (sRGB)\n"
    "  --axis N             the axis along which the planes lie; by itself that of the chunk,\n"
    "                       else the last one of rank 3 and more\n"
    "  --effort 1..9        of libjxl, where the values are coded; default 7\n"
    "  --force              replace OUT.jxl if it is there\n"
    "\n"
    "Datasets that are not chunked are taken in parts of up to 16 MiB.\n";

/* ---- The chunk ---- */

/* What is exported. */
typedef struct piece {
    tool_part part;
    prism_array array;
    size_t size;     /* bytes */
    px_chunk coded;  /* if the codec has stored it, ... */
    uint8_t *stored; /* ... its bytes; owned */
} piece;

static bool find_part(piece *p, const request *r, const tool_source *s) {
    hsize_t index[H5S_MAX_RANK] = {0};
    if (r->chunk.count && r->chunk.count != (size_t)s->rank)
        return tool_fail("--chunk: %s has rank %d", s->path, s->rank);
    for (int i = 0; i < s->rank; i++) {
        const hsize_t count = (s->dims[i] + s->chunk[i] - 1) / s->chunk[i];
        index[i] = r->chunk.count ? (hsize_t)r->chunk.items[i] : 0;
        if (index[i] >= count)
            return tool_fail("--chunk: there are %llu along axis %d", (unsigned long long)count, i);
    }
    p->part = tool_source_chunk(s, index);
    if (!tool_source_array(s, p->part.count, &p->array, &p->size))
        return false;
    return px_type_is_narrow(p->array.type) ||
           tool_fail("%s: its elements are %s, not integers of 8 or 16 bits", s->path,
                     prism_type_name(p->array.type));
}

/* The filter is the only one of the dataset, and is not left out at its edge. */
static bool is_own(const piece *p, const tool_source *s) {
    unsigned flags, options = 0;
    size_t words = 0;
    hid_t list = H5Dget_create_plist(s->dataset);
    bool own = s->chunked && H5Pget_nfilters(list) == 1 &&
               H5Pget_filter2(list, 0, &flags, &words, NULL, 0, NULL, NULL) == H5PRISM_FILTER_ID &&
               H5Pget_chunk_opts(list, &options) >= 0;
    if (options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS)
        own = own && memcmp(p->part.count, s->chunk, (size_t)s->rank * sizeof *s->chunk) == 0;
    H5Pclose(list);
    return own;
}

/* Leaves p->stored NULL where there is no such chunk. */
static bool read_stored(piece *p, const tool_source *s) {
    prism_error error;
    hsize_t size = 0;
    unsigned mask = 0;
    if (!is_own(p, s) || H5Dget_chunk_storage_size(s->dataset, p->part.start, &size) < 0 || !size)
        return true;
    p->stored = malloc((size_t)size);
    if (!p->stored)
        return tool_fail("out of memory for %zu bytes", (size_t)size);
    if (H5Dread_chunk(s->dataset, H5P_DEFAULT, p->part.start, &mask, p->stored) < 0)
        return tool_fail("%s: the chunk cannot be read", s->path);
    if (!mask && (px_chunk_read(&p->coded, p->stored, (size_t)size, &error) != PRISM_OK ||
                  (p->coded.has_checksum &&
                   px_chunk_verify(p->stored, (size_t)size, 1, &error) != PRISM_OK)))
        return tool_fail("%s: %s", s->path, error.message);
    if (mask) {
        free(p->stored);
        p->stored = NULL;
    }
    return true;
}

static bool open_piece(piece *p, const request *r, const tool_source *s) {
    *p = (piece){.stored = NULL};
    return find_part(p, r, s) && read_stored(p, s);
}

/* ---- The image ---- */

typedef struct image {
    const uint8_t *bytes;
    size_t size, planes;
    int axis; /* along which they lie, if there are more */
    bool as_stored;
    px_buffer coded; /* what `bytes` are in otherwise; owned */
} image;

/* A chunk that reaches over the edge has more samples than the dataset; damage may have put one
 * there that holds something else. */
static bool is_whole(const piece *p) {
    const prism_array *coded = &p->coded.array;
    return coded->type == p->array.type && coded->rank == p->array.rank &&
           memcmp(coded->dims, p->array.dims, sizeof coded->dims) == 0;
}

static int axis_of(const request *r, const piece *p) {
    if (r->axis != AXIS_OF_CHUNK)
        return (int)r->axis;
    if (p->stored && p->coded.pipeline.coder != PRISM_CODER_RAW)
        return px_pipeline_axis(&p->coded.pipeline);
    return p->array.rank > 2 ? (int)p->array.rank - 1 : PRISM_AXIS_AUTO;
}

/* Whether the samples of the chunk are stored as one image. */
static bool find_image(image *i, const px_chunk *chunk) {
    const px_pipeline *pipeline = &chunk->pipeline;
    if (chunk->is_mapped || pipeline->roles.rank || pipeline->coder != PRISM_CODER_JXL ||
        pipeline->transform != PRISM_TRANSFORM_NONE ||
        pipeline->predictor != PRISM_PREDICTOR_NONE ||
        px_layout_make(&chunk->array, pipeline->axis).count > PX_JXL_PLANES)
        return false;
    i->bytes = px_jxl_only_image(px_reader_make(chunk->payload, chunk->payload_size), &i->size);
    return i->bytes;
}

/* Sets the axis, too. */
static bool take_stored(image *i, const request *r, const piece *p) {
    i->as_stored = p->stored && is_whole(p) && !r->planes.count && !r->in_colour &&
                   r->axis == AXIS_OF_CHUNK && find_image(i, &p->coded);
    i->axis = axis_of(r, p);
    if (i->as_stored)
        i->planes = px_layout_make(&p->array, i->axis).count;
    return i->as_stored;
}

static bool find_planes(size_t *first, size_t *count, const request *r, const px_planes *planes) {
    *first = 0;
    *count = planes->count;
    if (r->planes.count) {
        const size_t last = (size_t)r->planes.items[1];
        *first = (size_t)r->planes.items[0];
        if (last >= planes->count || *first > last)
            return tool_fail("--planes: there are %zu", planes->count);
        *count = last - *first + 1;
    }
    return *count <= PX_JXL_PLANES ||
           tool_fail("%zu planes: an image holds %d at most (--planes FIRST,LAST)", *count,
                     PX_JXL_PLANES);
}

static bool code_planes(image *i, const request *r, const tool_source *s, const px_planes *planes) {
    px_jxl_task task = {.colours = r->in_colour ? 3 : 1, .effort = (int)r->effort};
    prism_error error;
    if (!find_planes(&task.first, &i->planes, r, planes))
        return false;
    if (i->planes < task.colours)
        return tool_fail("--colour: there are fewer than 3 planes");
    task.extras = i->planes - task.colours;
    if (px_jxl_encode_image(planes, &task, &i->coded, &error) != PRISM_OK)
        return tool_fail("%s: %s", s->path, error.message);
    i->bytes = i->coded.data;
    i->size = i->coded.size;
    return true;
}

static bool code_values(image *i, const request *r, const tool_source *s, const piece *p) {
    const px_layout layout = px_layout_make(&p->array, i->axis);
    prism_error error;
    px_planes planes;
    if (px_planes_alloc(&planes, &p->array, &layout, &error) != PRISM_OK)
        return tool_fail("%s", error.message);
    void *elements = malloc(p->size);
    bool done = elements ? tool_source_read(s, &p->part, NULL, s->type, elements)
                         : tool_fail("out of memory for %zu bytes", p->size);
    if (done)
        px_planes_load(&planes, &p->array, &layout, elements);
    done = done && code_planes(i, r, s, &planes);
    free(elements);
    px_planes_free(&planes);
    return done;
}

/* ---- Work ---- */

static bool write_image(const request *r, const image *i) {
    tool_output output;
    if (!tool_output_begin(&output, r->files[1], r->files[0], r->force))
        return false;
    FILE *file = px_file_stream(output.name, true);
    bool done = file && fwrite(i->bytes, 1, i->size, file) == i->size;
    if (file && fclose(file) != 0)
        done = false;
    if (!done)
        tool_fail("%s cannot be written: %s", r->files[1], strerror(errno));
    return tool_output_end(&output, done);
}

static void report(const request *r, const piece *p, const image *i) {
    printf("%s: %zu bytes, %zu plane(s)", r->files[1], i->size, i->planes);
    if (i->planes > 1)
        printf(" along axis %d", i->axis);
    printf(" of %s%s, %s\n", prism_type_name(p->array.type),
           px_number_of(p->array.type)->is_signed ? " plus half its range" : "",
           i->as_stored ? "the codestream as it is stored" : "coded for this file");
}

static bool run(request *r) {
    tool_source source;
    piece p = {.stored = NULL};
    image i = {.bytes = NULL};
    bool done = tool_source_open(&source, r->files[0], r->dataset);
    r->dataset = source.path;
    if (done && r->axis >= source.rank)
        done = tool_fail("--axis %lld: %s has rank %d", r->axis, r->dataset, source.rank);
    done = done && open_piece(&p, r, &source) &&
           (take_stored(&i, r, &p) || code_values(&i, r, &source, &p)) && write_image(r, &i);
    if (done)
        report(r, &p, &i);
    px_buffer_free(&i.coded);
    free(p.stored);
    tool_source_close(&source);
    return done;
}

int tool_export(int count, char **arguments) {
    request r = {.axis = AXIS_OF_CHUNK, .effort = EFFORT};
    const tool_option options[] = {
        {"--dataset", TOOL_TEXT, &r.dataset, 0, 0},
        {"--chunk", TOOL_LIST, &r.chunk, 0, INT64_MAX},
        {"--planes", TOOL_LIST, &r.planes, 0, INT64_MAX},
        {"--colour", TOOL_FLAG, &r.in_colour, 0, 0},
        {"--axis", TOOL_NUMBER, &r.axis, 0, H5S_MAX_RANK - 1},
        {"--effort", TOOL_NUMBER, &r.effort, 1, 9},
        {"--force", TOOL_FLAG, &r.force, 0, 0},
        {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    int code;
    if (!tool_arguments_read(&(tool_arguments){help, options, r.files, 2, 0}, count, arguments,
                             &code))
        return code;
    if (r.planes.count && r.planes.count != 2)
        return tool_misused("--planes takes two numbers: FIRST,LAST");
    if (!tool_has_ending(r.files[1], ".jxl"))
        return tool_misused("%s: what is written is a JPEG XL file, *.jxl", r.files[1]);
    return run(&r) ? EXIT_DONE : EXIT_FAILED;
}
