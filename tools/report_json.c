#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "report.h"

static bool first_dataset, first_chunk;

static void print_named(const char *name, const char *text) {
    printf(", \"%s\": ", name);
    tool_print_json_text(text);
}

static void print_shape(const char *name, int rank, const hsize_t *shape) {
    char text[TOOL_SHAPE_TEXT];
    printf(", \"%s\": [%s]", name, tool_shape_text(text, rank, shape, ", "));
}

static void print_numbers(const char *name, const tool_numbers *numbers) {
    printf(", \"%s\": [", name);
    for (size_t i = 0; i < numbers->count; i++)
        printf("%s%.6g", i ? ", " : "", numbers->values[i]);
    printf("]");
}

static void begin(const char *file) {
    first_dataset = true;
    printf("{\"file\": ");
    tool_print_json_text(file);
    printf(", \"datasets\": [");
}

static void print_dataset(const tool_report *r, bool with_chunks) {
    const tool_chunked *d = r->dataset;
    const bool ours = d->layout == H5D_CHUNKED && d->place >= 0;
    printf("%s\n{\"path\": ", first_dataset ? "" : ",");
    first_dataset = false;
    first_chunk = true;
    tool_print_json_text(d->path);
    print_shape("shape", d->rank, d->dims);
    printf(", \"compressed\": %s", ours ? "true" : "false");
    if (!ours)
        printf(", \"bytes\": %" PRIu64 ", \"stored_bytes\": %" PRIu64, tool_chunked_bytes(d),
               (uint64_t)H5Dget_storage_size(d->dataset));
    if (!ours)
        return;
    print_shape("chunks", d->rank, d->chunk);
    print_named("type", r->type);
    print_named("options", r->options);
    printf(", \"filters\": %d, \"filter_index\": %d", d->filters, d->place);
    if (with_chunks)
        printf(", \"stored_chunks\": [");
}

static void print_pipeline(const tool_pipeline *p) {
    printf("\"mapping\": \"%s\", \"transform\": \"%s\", \"predictor\": \"%s\", \"coder\": "
           "\"%s\", \"method\": \"%s\", \"effort\": %d, \"axis\": ",
           prism_mapping_name(p->mapping), tool_transform_name(p->transform),
           tool_predictor_name(p->predictor), tool_coder_name(p->coder),
           prism_method_name(p->method), p->effort);
    if (p->axis >= 0)
        printf("%d", p->axis);
    else
        printf("null");
    printf(", \"axes\": [");
    for (unsigned i = 0; i < p->axis_count; i++)
        printf("%s%d", i ? ", " : "", p->axes[i]);
    printf("]");
}

/* Floats as they are: nine digits tell them all apart. */
static void print_bound(prism_bound bound, prism_bound_of of, float value, float reached) {
    printf("\"bound\": \"%s\", \"bound_of\": \"%s\", \"bound_value\": %.9g, \"reached\": %.9g",
           prism_bound_name(bound), prism_bound_of_name(of), (double)value, (double)reached);
}

static void print_losses(const tool_report *r) {
    const char *separator = "";
    printf(", \"lossy\": [");
    for (int bound = PRISM_BOUND_MAX_ERROR; bound < TOOL_BOUNDS; bound++)
        for (int of = 0; of < TOOL_REFERENCES; of++) {
            const tool_loss *loss = &r->losses[bound][of];
            if (!loss->chunks)
                continue;
            printf("%s{", separator);
            print_bound((prism_bound)bound, (prism_bound_of)of, loss->bound, loss->worst);
            printf(", \"chunks\": %" PRIu64 "}", loss->chunks);
            separator = ", ";
        }
    printf("]");
}

static void print_chunk(const tool_report *r, const tool_chunk_report *c) {
    static const char *const states[] = {"null", "\"right\"", "\"wrong\""};
    printf("%s\n  {\"bytes\": %zu, \"ratio\": %.6g, \"bits_per_value\": %.6g, \"filter_mask\": "
           "%" PRIu32 ", \"filtered\": %s",
           first_chunk ? "" : ",", c->size, tool_ratio(r, c->size, c->values),
           tool_bits(c->size, c->values), c->mask, c->encoded ? "true" : "false");
    first_chunk = false;
    print_shape("offset", r->dataset->rank, c->offset);
    if (c->error.status != PRISM_OK) {
        print_named("error", c->error.message);
    } else if (c->encoded) {
        printf(", \"format_version\": %u, \"header_bytes\": %" PRIu64 ", \"parameter_bytes\": "
               "%" PRIu64 ", \"payload_bytes\": %" PRIu64 ", \"decode_bytes\": %" PRIu64
               ", \"checksum\": %s, ",
               c->info.format_version, c->info.header_bytes, c->info.parameter_bytes,
               c->info.payload_bytes, c->info.decode_bytes, states[c->checksum]);
        const tool_pipeline pipeline = tool_pipeline_of(&c->info);
        print_pipeline(&pipeline);
        printf(", ");
        print_bound(c->info.bound, c->info.bound_of, c->info.bound_value, c->info.reached);
    }
    printf("}");
}

static void print_pipelines(const tool_report *r) {
    printf(", \"pipelines\": [");
    for (size_t i = 0; i < r->pipelines.count; i++) {
        const tool_pipeline *p = &r->pipelines.items[i];
        printf("%s{", i ? ", " : "");
        print_pipeline(p);
        printf(", \"chunks\": %zu}", p->chunks);
    }
    printf("]");
}

static void print_damages(const tool_report *r) {
    printf(", \"damaged_chunks\": [");
    for (size_t i = 0; i < r->damages.count; i++) {
        const tool_damage *d = &r->damages.items[i];
        printf("%s{\"error\": ", i ? ", " : "");
        tool_print_json_text(d->error.message);
        print_shape("offset", r->dataset->rank, d->offset);
        printf(", \"block_count\": %zu, \"damaged_blocks\": [", d->blocks);
        for (size_t k = 0; k < d->count; k++)
            printf("%s%zu", k ? ", " : "", d->damaged[k]);
        printf("]}");
    }
    printf("]");
}

static void print_summary(const tool_report *r, bool with_chunks) {
    if (r->dataset->layout != H5D_CHUNKED || r->dataset->place < 0) {
        printf("}");
        return;
    }
    if (with_chunks)
        printf("]");
    printf(", \"chunk_count\": %" PRIu64 ", \"stored_count\": %" PRIu64
           ", \"unfiltered_count\": %" PRIu64 ", \"unreadable_count\": %" PRIu64,
           r->all, r->stored, r->unfiltered, r->unreadable);
    printf(", \"checksums\": {\"right\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"none\": %" PRIu64
           "}",
           r->checksums[TOOL_RIGHT], r->checksums[TOOL_WRONG], r->checksums[TOOL_NONE]);
    printf(", \"bytes\": %" PRIu64 ", \"stored_bytes\": %" PRIu64,
           r->values * r->dataset->element_bytes, r->bytes);
    if (r->stored)
        printf(", \"ratio\": %.6g, \"bits_per_value\": %.6g", tool_ratio(r, r->bytes, r->values),
               tool_bits(r->bytes, r->values));
    if (r->checked)
        print_damages(r);
    print_pipelines(r);
    print_losses(r);
    print_numbers("bits_of_chunks", &r->bits);
    if (r->planes.count)
        print_numbers("bits_of_planes_estimate", &r->planes);
    printf("}");
}

static void end(void) {
    printf("\n]}\n");
}

const tool_writer tool_json = {begin, print_dataset, print_chunk, print_summary, end};
