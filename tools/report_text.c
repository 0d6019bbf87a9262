#include <inttypes.h>
#include <stdio.h>

#include "report.h"

static bool is_ours(const tool_report *r) {
    return r->dataset->layout == H5D_CHUNKED && r->dataset->place >= 0;
}

static void begin(const char *file) {
    (void)file;
}

static void print_dataset(const tool_report *r, bool with_chunks) {
    char shape[TOOL_SHAPE_TEXT];
    const tool_chunked *d = r->dataset;
    printf("%s\n", d->path);
    if (!is_ours(r)) {
        printf("  not compressed by h5prism: %" PRIu64 " bytes, stored as %" PRIu64 "\n",
               tool_chunked_bytes(d), (uint64_t)H5Dget_storage_size(d->dataset));
        return;
    }
    printf("  dataset    %s %s, ", r->type, tool_shape_text(shape, d->rank, d->dims, " x "));
    printf("chunks of %s\n", tool_shape_text(shape, d->rank, d->chunk, " x "));
    if (r->options[0])
        printf("  options    %s\n", r->options);
    if (d->place < d->filters - 1)
        printf("  the filters after h5prism hide what is in its chunks\n");
    if (with_chunks)
        printf("  %-20s %10s %7s %7s %7s %9s %10s %4s %-6s pipeline\n", "chunk", "bytes", "ratio",
               "bits", "header", "parameter", "payload", "mask", "CRC");
}

static void print_pipeline(const tool_pipeline *p) {
    if (p->mapping != PRISM_MAPPING_NONE)
        printf("%s: ", prism_mapping_name(p->mapping));
    printf("%s+%s+%s", tool_transform_name(p->transform), tool_predictor_name(p->predictor),
           tool_coder_name(p->coder));
    if (p->method != PRISM_METHOD_NONE)
        printf(" (%s)", prism_method_name(p->method));
    printf(", effort %d", p->effort);
    for (unsigned i = 0; i < p->axis_count; i++)
        printf("%s%d", i ? " x " : p->axis_count > 1 ? ", axes " : ", axis ", p->axes[i]);
}

static void print_chunk_loss(const prism_info *info) {
    char text[TOOL_BOUND_TEXT];
    if (info->bound != PRISM_BOUND_NONE)
        printf("; %s, error %g",
               tool_bound_text(text, info->bound, info->bound_of, info->bound_value),
               (double)info->reached);
}

static void print_losses(const tool_report *r) {
    char text[TOOL_BOUND_TEXT];
    bool exact = true;
    for (int bound = PRISM_BOUND_MAX_ERROR; bound < TOOL_BOUNDS; bound++)
        for (int of = 0; of < TOOL_REFERENCES; of++) {
            const tool_loss *loss = &r->losses[bound][of];
            if (loss->chunks)
                printf("  lossy      %" PRIu64 " chunks, %s: worst error %g\n", loss->chunks,
                       tool_bound_text(text, (prism_bound)bound, (prism_bound_of)of, loss->bound),
                       (double)loss->worst);
            exact = exact && !loss->chunks;
        }
    if (exact && r->bounded && r->stored)
        printf("  lossy      no chunk: every bit comes back\n");
}

static void print_chunk(const tool_report *r, const tool_chunk_report *c) {
    static const char *const states[] = {"none", "right", "wrong"};
    char place[TOOL_SHAPE_TEXT];
    const double bits = tool_bits(c->size, c->values);
    printf("  %-20s %10zu %7.2f %7.3f ", tool_shape_text(place, r->dataset->rank, c->offset, ","),
           c->size, tool_ratio(r, c->size, c->values), bits);
    if (c->encoded && c->error.status == PRISM_OK) {
        printf("%7" PRIu64 " %9" PRIu64 " %10" PRIu64 " %4" PRIu32 " %-6s ", c->info.header_bytes,
               c->info.parameter_bytes, c->info.payload_bytes, c->mask, states[c->checksum]);
        const tool_pipeline pipeline = tool_pipeline_of(&c->info);
        print_pipeline(&pipeline);
        print_chunk_loss(&c->info);
        printf("\n");
    } else {
        printf("%7s %9s %10s %4" PRIu32 " %-6s %s\n", "-", "-", "-", c->mask, "-",
               c->encoded ? c->error.message : "not by h5prism");
    }
}

static void print_histogram(const tool_numbers *numbers, const char *title) {
    enum { BINS = 10, WIDTH = 40 };
    static const char bar[] = "########################################";
    size_t counts[BINS] = {0}, most = 0;
    double low = numbers->values[0], high = low;
    for (size_t i = 1; i < numbers->count; i++) {
        low = numbers->values[i] < low ? numbers->values[i] : low;
        high = numbers->values[i] > high ? numbers->values[i] : high;
    }
    const double step = (high - low) / BINS;
    for (size_t i = 0; i < numbers->count; i++) {
        const int bin = step > 0 ? (int)((numbers->values[i] - low) / step) : 0;
        const size_t count = ++counts[bin < BINS ? bin : BINS - 1];
        most = count > most ? count : most;
    }
    printf("  %s\n", title);
    for (int i = 0; i < (step > 0 ? BINS : 1); i++)
        printf("    %7.3f .. %7.3f  %-*.*s %zu\n", low + i * step, low + (i + 1) * step, WIDTH,
               (int)((counts[i] * WIDTH + most - 1) / most), bar, counts[i]);
}

static void print_counts(const tool_report *r) {
    printf("  chunks     %" PRIu64 " of %" PRIu64 " stored", r->stored, r->all);
    if (r->unfiltered)
        printf(", %" PRIu64 " without the filter", r->unfiltered);
    if (r->unreadable)
        printf(", %" PRIu64 " unreadable", r->unreadable);
    printf("\n");
    for (size_t i = 0; i < r->pipelines.count; i++) {
        const tool_pipeline *p = &r->pipelines.items[i];
        printf("  pipeline   ");
        print_pipeline(p);
        printf(": %zu\n", p->chunks);
    }
    printf("  checksums  %" PRIu64 " right, %" PRIu64 " wrong, %" PRIu64 " without\n",
           r->checksums[TOOL_RIGHT], r->checksums[TOOL_WRONG], r->checksums[TOOL_NONE]);
}

static void print_damage(const tool_report *r, const tool_damage *d) {
    char place[TOOL_SHAPE_TEXT];
    printf("    %s: %s", tool_shape_text(place, r->dataset->rank, d->offset, ","),
           d->error.message);
    if (d->blocks)
        printf("; %zu of %zu blocks are damaged", d->count, d->blocks);
    for (size_t i = 0; i < d->count; i++)
        printf("%s%zu", i ? ", " : ": ", d->damaged[i]);
    printf("\n");
}

static void print_check(const tool_report *r) {
    const uint64_t ours = r->stored - r->unfiltered;
    if (!r->damages.count)
        printf("  checked    %" PRIu64 " chunks, all decode\n", ours);
    else
        printf("  checked    %" PRIu64 " chunks, %zu are damaged\n", ours, r->damages.count);
    for (size_t i = 0; i < r->damages.count; i++)
        print_damage(r, &r->damages.items[i]);
}

static void print_summary(const tool_report *r, bool with_chunks) {
    (void)with_chunks;
    if (!is_ours(r))
        return;
    print_counts(r);
    if (r->checked)
        print_check(r);
    print_losses(r);
    if (!r->stored)
        return;
    printf("  size       %" PRIu64 " bytes, stored as %" PRIu64 ", ratio %.2f, %.3f bits a value\n",
           r->values * r->dataset->element_bytes, r->bytes, tool_ratio(r, r->bytes, r->values),
           tool_bits(r->bytes, r->values));
    if (r->stored > 1)
        print_histogram(&r->bits, "bits a value: chunks");
    if (r->planes.count)
        print_histogram(&r->planes, "bits a value: planes of the first chunk, each coded by itself "
                                    "(estimate)");
}

static void end(void) {}

const tool_writer tool_text = {begin, print_dataset, print_chunk, print_summary, end};
