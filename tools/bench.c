/*
 * h5prism bench: all pipelines on chunks from the middle of a dataset, on one thread, and which of
 * them suits reading often, which archiving.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "command.h"
#include "measure.h"
#include "spelling.h"

enum { SAMPLE_BYTES = 8 << 20, STORAGE = 100, MOST_ROWS = 24 };

/* Sizes that are no further above the smallest are as good, when archiving. */
static const double AS_SMALL = 1.01;

typedef struct request {
    const char *files[1], *dataset;
    long long sample, axis, storage;
    bool json, lossy;
} request;

static const char help[] =
    "usage: h5prism bench FILE [--dataset PATH] [--sample BYTES] [--axis N] [--storage MB/S]\n"
    "                     [--lossy] [--json]\n"
    "\n"
    "Compresses chunks from the middle of a dataset by every pipeline, on one thread, and says\n"
    "which options suit reading often and which archiving. Nothing is timed that does not come\n"
    "back bit for bit; times are processor time, MB millions of uncompressed bytes.\n"
    "\n"
    "  --sample BYTES   about so many are compressed, in whole chunks where one is not larger;\n"
    "                   default 8388608\n"
    "  --axis N         the axis along which the planes lie, as in the options\n"
    "  --storage MB/S   how fast stored bytes are read, for \"reading often\"; default 100\n"
    "  --lossy          instead, what bounds of error bring at efforts 5 and 9, and the errors\n"
    "                   that they come to\n"
    "  --json           as JSON\n";

/* ---- Pipelines ---- */

typedef struct table {
    size_t count;
    tool_row rows[MOST_ROWS];
} table;

static void add_row(table *t, prism_options options, const char *name) {
    tool_row *row = &t->rows[t->count++];
    *row = (tool_row){.options = options};
    snprintf(row->name, sizeof row->name, "%s", name);
}

/* Options from text; "-EFFORT" is added to the name. */
static void add_text(table *t, const char *name, const char *text, int effort, int axis) {
    char whole[sizeof t->rows->name];
    prism_options options = prism_options_default();
    prism_options_parse(&options, text, NULL);
    options.effort = effort;
    options.axis = axis;
    snprintf(whole, sizeof whole, "%s-%d", name, effort);
    add_row(t, options, whole);
}

static void add_transform(table *t, const char *transform, int axis) {
    static const struct {
        const char *name, *options;
        int effort;
    } coders[] = {{"paeth+deflate", "predictor=paeth,coder=deflate", 6},
                  {"none+jxl", "predictor=none,coder=jxl", 3},
                  {"none+jxl", "predictor=none,coder=jxl", 7}};
    for (size_t i = 0; i < sizeof coders / sizeof *coders; i++) {
        char name[40], text[80];
        snprintf(name, sizeof name, "%s+%s", transform, coders[i].name);
        snprintf(text, sizeof text, "transform=%s,%s", transform, coders[i].options);
        add_text(t, name, text, coders[i].effort, axis);
    }
}

static void list_pipelines(table *t, int rank, int axis) {
    prism_options options = prism_options_default();
    options.axis = axis;
    snprintf(t->rows[0].name, sizeof t->rows[0].name, "gzip-%d+shuffle", TOOL_GZIP_LEVEL);
    t->rows[0].is_gzip = true;
    t->count = 1;
    add_transform(t, "none", axis);
    if (rank > 1)
        add_transform(t, "channels", axis);
    if (rank > 2)
        add_transform(t, "stack", axis);
    for (int effort = 1; effort <= 9; effort++)
        add_text(t, "lsq+ans", "predictor=lsq,coder=ans", effort, axis);
    add_row(t, options, "auto");
}

static void list_bounds(table *t, prism_type type, int axis) {
    static const char *const bounds[] = {
        "rel_rmse=0.003",      "rel_rmse=0.01",      "rel_rmse=0.03",       "rel_rmse=0.1",
        "rel_max_error=0.001", "rel_max_error=0.01", "coder=jxl,distance=1"};
    const bool narrow = type >= PRISM_INT8 && type <= PRISM_UINT16;
    t->count = 0;
    for (int effort = PRISM_EFFORT_DEFAULT; effort <= 9; effort += 9 - PRISM_EFFORT_DEFAULT) {
        add_text(t, "lossless", "", effort, axis);
        for (size_t i = 0; i < sizeof bounds / sizeof *bounds - !narrow; i++)
            add_text(t, bounds[i], bounds[i], effort, axis);
    }
}

static bool measure_all(table *t, const tool_sample *sample, hid_t type) {
    bool intact = true;
    for (size_t i = 0; i < t->count; i++) {
        tool_row *row = &t->rows[i];
        if (row->is_gzip)
            tool_measure_gzip(row, sample, type);
        else
            tool_measure(row, sample);
        intact = intact && !row->broken;
        tool_progress("coding", i + 1, t->count);
    }
    return intact;
}

/* ---- What to recommend ---- */

/* Of the whole sample, from storage to values. */
static double reading_seconds(const tool_row *row, double storage) {
    return (double)row->bytes / (1e6 * storage) + row->decode_seconds;
}

static bool is_own(const tool_row *row) {
    return row->measured && !row->is_gzip;
}

static const tool_row *best_reading(const table *t, double storage) {
    const tool_row *best = NULL;
    for (const tool_row *row = t->rows; row < t->rows + t->count; row++)
        if (is_own(row) &&
            (!best || reading_seconds(row, storage) < reading_seconds(best, storage)))
            best = row;
    return best;
}

static const tool_row *best_archiving(const table *t) {
    const tool_row *smallest = NULL, *best = NULL;
    for (const tool_row *row = t->rows; row < t->rows + t->count; row++)
        if (is_own(row) && (!smallest || row->bytes < smallest->bytes))
            smallest = row;
    for (const tool_row *row = t->rows; row < t->rows + t->count; row++)
        if (is_own(row) && (double)row->bytes <= AS_SMALL * (double)smallest->bytes &&
            (!best || row->decode_seconds < best->decode_seconds))
            best = row;
    return best;
}

/* ---- Text ---- */

static void print_shape(const hsize_t *dims, int rank, const char *separator) {
    for (int i = 0; i < rank; i++)
        printf("%s%llu", i ? separator : "", (unsigned long long)dims[i]);
}

static double megabytes_a_second(const tool_sample *sample, double seconds) {
    return seconds > 0 ? 1e-6 * (double)sample->size / seconds : 0;
}

static bool is_bounded(const table *t) {
    bool bounded = false;
    for (size_t i = 0; i < t->count; i++)
        bounded = bounded || t->rows[i].options.bound != PRISM_BOUND_NONE;
    return bounded;
}

static void print_table(const table *t, const tool_sample *sample) {
    printf("%-26s %12s %8s %10s %12s %12s%s\n", "pipeline", "bytes", "ratio", "bits/value",
           "encode MB/s", "decode MB/s", is_bounded(t) ? "        error" : "");
    for (const tool_row *row = t->rows; row < t->rows + t->count; row++)
        if (row->measured) {
            printf("%-26s %12zu %8.3f %10.3f %12.1f %12.1f", row->name, row->bytes,
                   (double)sample->size / (double)row->bytes,
                   8 * (double)row->bytes / (double)sample->values,
                   megabytes_a_second(sample, row->encode_seconds),
                   megabytes_a_second(sample, row->decode_seconds));
            if (row->options.bound != PRISM_BOUND_NONE)
                printf(" %12.4g", (double)row->reached);
            printf("\n");
        } else {
            printf("%-26s %s\n", row->name, row->note);
        }
}

static bool print_options(const request *r, const tool_row *row) {
    tool_spelling spelling;
    const char *dataset = r->dataset + strspn(r->dataset, "/"), *name = strrchr(dataset, '/');
    if (!tool_spell(&spelling, &row->options))
        return false;
    printf("options   %s\n", spelling.text);
    tool_print_spelling(&spelling, dataset, name ? name + 1 : dataset);
    return true;
}

static bool print_text(const request *r, const tool_source *s, const tool_sample *sample,
                       const table *t) {
    const double storage = (double)r->storage;
    const tool_row *reading = best_reading(t, storage), *archive = best_archiving(t);
    print_shape(s->dims, s->rank, " x ");
    printf(" %s, of which %zu bytes: %zu %s of ", prism_type_name(sample->pieces->array.type),
           sample->size, sample->count, sample->whole ? "chunk(s)" : "part(s) of chunks");
    print_shape(sample->shape, s->rank, " x ");
    printf("\n\n");
    print_table(t, sample);
    if (r->lossy)
        printf("\nErrors are shares: of the RMS, of the range, and with distance of the RMS again. "
               "0 is lossless.\n");
    if (!reading || r->lossy)
        return true;
    const double share = reading_seconds(reading, storage) * 1e6 * storage / (double)sample->size;
    printf("\nFor reading often: %s\nReading it at %lld MB/s and decoding it take %.0f %% of what "
           "reading uncompressed values takes,\nthe least of all.\n",
           reading->name, r->storage, 100 * share);
    if (!print_options(r, reading))
        return false;
    printf("\nFor archiving: %s\nOf all that is at most 1 %% larger than the smallest, it decodes "
           "fastest, at %.1f MB/s.\n",
           archive->name, megabytes_a_second(sample, archive->decode_seconds));
    return print_options(r, archive);
}

/* ---- JSON ---- */

static void print_row(const tool_row *row, const tool_sample *sample) {
    tool_spelling spelling;
    printf("{\"name\": \"%s\"", row->name);
    if (!row->is_gzip && tool_spell(&spelling, &row->options)) {
        printf(", ");
        tool_print_spelling_json(&spelling);
    }
    if (row->measured)
        printf(", \"bytes\": %zu, \"ratio\": %.6g, \"bits_per_value\": %.6g, \"encode_mb_s\": "
               "%.4g, \"decode_mb_s\": %.4g",
               row->bytes, (double)sample->size / (double)row->bytes,
               8 * (double)row->bytes / (double)sample->values,
               megabytes_a_second(sample, row->encode_seconds),
               megabytes_a_second(sample, row->decode_seconds));
    if (row->measured && row->options.bound != PRISM_BOUND_NONE)
        printf(", \"reached\": %.9g", (double)row->reached);
    printf(", \"note\": ");
    tool_print_json_text(row->note);
    printf("}");
}

static void print_choice(const char *purpose, const tool_row *row) {
    printf("\"%s\": ", purpose);
    if (row)
        printf("\"%s\"", row->name);
    else
        printf("null");
}

static bool print_json(const request *r, const tool_source *s, const tool_sample *sample,
                       const table *t) {
    printf("{\"file\": ");
    tool_print_json_text(r->files[0]);
    printf(", \"dataset\": ");
    tool_print_json_text(r->dataset);
    printf(", \"shape\": [");
    print_shape(s->dims, s->rank, ", ");
    printf("], \"type\": \"%s\", \"sample_shape\": [", prism_type_name(sample->pieces->array.type));
    print_shape(sample->shape, s->rank, ", ");
    printf("], \"sample_chunks\": %zu, \"sample_bytes\": %zu, \"storage_mb_s\": %lld,\n \"rows\": "
           "[",
           sample->count, sample->size, r->storage);
    for (const tool_row *row = t->rows; row < t->rows + t->count; row++) {
        printf("%s", row > t->rows ? ",\n  " : "\n  ");
        print_row(row, sample);
    }
    printf("],\n \"recommended\": {");
    print_choice("reading", r->lossy ? NULL : best_reading(t, (double)r->storage));
    printf(", ");
    print_choice("archiving", r->lossy ? NULL : best_archiving(t));
    printf("}}\n");
    return true;
}

/* ---- Work ---- */

static bool run(request *r) {
    tool_source source;
    tool_sample sample = {.pieces = NULL};
    table t = {.count = 0};
    bool done = tool_source_open(&source, r->files[0], r->dataset);
    r->dataset = source.path;
    if (done && r->axis >= source.rank)
        done = tool_fail("--axis %lld: %s has rank %d", r->axis, r->dataset, source.rank);
    done = done && tool_sample_read(&sample, &source, (size_t)r->sample);
    if (done) {
        if (r->lossy)
            list_bounds(&t, sample.pieces->array.type, (int)r->axis);
        else
            list_pipelines(&t, source.rank, (int)r->axis);
        const bool intact = measure_all(&t, &sample, source.type);
        done = (r->json ? print_json : print_text)(r, &source, &sample, &t);
        if (!intact)
            done = tool_fail("%s: a round trip failed", r->dataset);
    }
    tool_sample_free(&sample);
    tool_source_close(&source);
    return done;
}

int tool_bench(int count, char **arguments) {
    request r = {.sample = SAMPLE_BYTES, .axis = PRISM_AXIS_AUTO, .storage = STORAGE};
    const tool_option options[] = {
        {"--dataset", TOOL_TEXT, &r.dataset, 0, 0},
        {"--sample", TOOL_NUMBER, &r.sample, 1, UINT32_MAX},
        {"--axis", TOOL_NUMBER, &r.axis, 0, H5S_MAX_RANK - 1},
        {"--storage", TOOL_NUMBER, &r.storage, 1, 1000000},
        {"--lossy", TOOL_FLAG, &r.lossy, 0, 0},
        {"--json", TOOL_FLAG, &r.json, 0, 0},
        {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    int code;
    if (!tool_arguments_read(&(tool_arguments){help, options, r.files, 1, 0}, count, arguments,
                             &code))
        return code;
    return run(&r) ? EXIT_DONE : EXIT_FAILED;
}
