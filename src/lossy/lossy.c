#include "lossy/lossy.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "lossy/error.h"
#include "lossy/stage.h"

static const px_lossy_stage *const stages[] = {&px_lossy_uniform, &px_lossy_wavelet,
                                               &px_lossy_spatial};

enum { STAGES = sizeof stages / sizeof *stages };

const px_mapping_stage *px_lossy_stage_of(uint8_t number) {
    for (size_t i = 0; i < STAGES; i++)
        if (stages[i]->number == (prism_mapping)number)
            return &stages[i]->decoder;
    return NULL;
}

px_bound px_lossy_bound(const px_chunk *chunk) {
    px_reader in = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_bound bound;
    return px_lossy_stage_of(px_get_u8(&in)) && px_bound_read(&bound, &in) && !in.failed
               ? bound
               : (px_bound){.kind = PRISM_BOUND_NONE};
}

/* What a stage makes of the elements, and how they come back. */
typedef struct outcome {
    px_mapped mapped;
    void *decoded; /* malloc'ed */
} outcome;

static void outcome_free(outcome *o) {
    px_mapped_free(&o->mapped);
    free(o->decoded);
    *o = (outcome){.decoded = NULL};
}

/* Where the reached error stands in the parameters: after the number, as px_bound_write writes. */
static void write_reached(px_mapped *mapped, const px_bound *bound) {
    px_buffer header = {0};
    px_bound_write(&header, bound);
    if (!header.failed)
        memcpy(mapped->sections.parameters.data + 1, header.data, header.size);
    mapped->sections.parameters.failed |= header.failed;
    px_buffer_free(&header);
}

static prism_status decode_again(void *elements, const px_mapped *mapped,
                                 const px_mapping_request *request, prism_error *error) {
    const px_chunk chunk = {.array = *request->array,
                            .is_mapped = true,
                            .pipeline = mapped->pipeline,
                            .parameters = mapped->sections.parameters.data,
                            .parameter_size = mapped->sections.parameters.size,
                            .payload = mapped->sections.payload.data,
                            .payload_size = mapped->sections.payload.size};
    return px_mapping_decode(&chunk, elements, request->options->threads, request->depth,
                             request->inner, error);
}

/* The axis of planes: the one that a stage chose. */
static int axis_of(const px_mapped *mapped, const px_mapping_request *request) {
    return mapped->pipeline.axis >= 0 ? mapped->pipeline.axis : request->options->axis;
}

/* Keeps o->mapped.used only if what it decodes to is within the bound. */
static prism_status measure(outcome *o, const px_lossy_request *request, prism_error *error) {
    size_t size;
    const px_mapping_request *mapping = request->mapping;
    prism_status status = prism_array_size(mapping->array, &size, error);
    if (status != PRISM_OK)
        return status;
    o->decoded = malloc(size);
    if (!o->decoded)
        return px_out_of_memory(error, size);
    status = decode_again(o->decoded, &o->mapped, mapping, error);
    if (status != PRISM_OK)
        return status;
    px_bound bound = request->bound;
    const double reached =
        px_error_reached(&bound, request->values, axis_of(&o->mapped, mapping), o->decoded);
    bound.reached = px_round_up(reached);
    o->mapped.used = bound.kind == PRISM_BOUND_DISTANCE || reached <= (double)bound.value;
    write_reached(&o->mapped, &bound);
    return px_sections_status(&o->mapped.sections, error);
}

static prism_status try_stage(outcome *o, const px_lossy_stage *stage,
                              const px_lossy_request *request, prism_error *error) {
    *o = (outcome){.decoded = NULL};
    px_put_u8(&o->mapped.sections.parameters, (uint8_t)stage->number);
    px_bound_write(&o->mapped.sections.parameters, &request->bound);
    prism_status status = stage->encode(&o->mapped, request, error);
    if (status == PRISM_OK)
        status = px_sections_status(&o->mapped.sections, error);
    if (status == PRISM_OK && o->mapped.used)
        o->mapped.used = px_sections_size(&o->mapped.sections) < request->limit;
    if (status == PRISM_OK && o->mapped.used)
        status = measure(o, request, error);
    return status;
}

static prism_status try_all(outcome *best, px_lossy_request *request, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < STAGES && status == PRISM_OK; i++) {
        if (!stages[i]->suits[request->bound.kind])
            continue;
        outcome o;
        status = try_stage(&o, stages[i], request, error);
        if (status == PRISM_OK && o.mapped.used) {
            request->limit = px_sections_size(&o.mapped.sections);
            outcome_free(best);
            *best = o;
        } else {
            outcome_free(&o);
        }
    }
    return status;
}

prism_status px_lossy_encode(px_mapped *mapped, void *decoded, const px_mapping_request *request,
                             size_t limit, prism_error *error) {
    const prism_options *asked = request->options;
    prism_options options = *asked;
    options.bound = PRISM_BOUND_NONE;
    options.bound_of = PRISM_BOUND_OF_RMS;
    options.bound_value = 0;
    px_mapping_request mapping = *request;
    mapping.options = &options;
    px_values values;
    outcome best = {.decoded = NULL};
    size_t size;
    *mapped = (px_mapped){.used = false};
    prism_status status = prism_array_size(request->array, &size, error);
    if (status != PRISM_OK)
        return status;
    status = px_values_load(&values, request->array, request->elements, error);
    values.scales = request->scales;
    px_lossy_request lossy = {.mapping = &mapping,
                              .values = &values,
                              .bound = {asked->bound, asked->bound_of, asked->bound_value, 0},
                              .limit = limit};
    if (status == PRISM_OK)
        status = try_all(&best, &lossy, error);
    if (status == PRISM_OK && best.mapped.used) {
        *mapped = best.mapped;
        memcpy(decoded, best.decoded, size);
        best.mapped = (px_mapped){.used = false};
    }
    outcome_free(&best);
    px_values_free(&values);
    return status;
}
