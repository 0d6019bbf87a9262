#include "lossy/lossy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "lossy/component_stage.h"
#include "lossy/error.h"
#include "lossy/grid.h"
#include "lossy/grid_error.h"
#include "lossy/phase.h"
#include "lossy/stage.h"

static const px_lossy_stage *const stages[] = {&px_lossy_uniform, &px_lossy_near, &px_lossy_spatial,
                                               &px_lossy_wavelet, &px_lossy_distance};

enum { STAGES = sizeof stages / sizeof *stages };

static const px_lossy_stage *find_stage(uint8_t number) {
    for (size_t i = 0; i < STAGES; i++)
        if (stages[i]->number == (prism_mapping)number)
            return stages[i];
    return NULL;
}

const px_mapping_stage *px_lossy_stage_of(uint8_t number) {
    const px_lossy_stage *stage = find_stage(number);
    return stage ? &stage->decoder : NULL;
}

px_bound px_lossy_bound(const px_chunk *chunk) {
    px_reader in = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_bound bound;
    return px_lossy_stage_of(px_get_u8(&in)) && px_bound_read(&bound, &in) && !in.failed
               ? bound
               : (px_bound){.kind = PRISM_BOUND_NONE};
}

bool px_lossy_is_portable(const px_bound *bound) {
    return bound->kind != PRISM_BOUND_DISTANCE;
}

/* ---- What can be asked for ---- */

static prism_status check_distance(const prism_array *array, const prism_options *options,
                                   prism_error *error) {
    if (!px_type_is_narrow(array->type))
        return px_fail(error, PRISM_E_TYPE,
                       "distance goes with integers of 8 and 16 bits only, not %s; the bounds for "
                       "it are max_error, rel_max_error and rel_rmse",
                       prism_type_name(array->type));
    if (options->transform > PRISM_TRANSFORM_NONE || options->predictor > PRISM_PREDICTOR_NONE)
        return px_fail(error, PRISM_E_OPTION,
                       "distance codes every plane as a picture of its own: it goes with "
                       "transform=none and predictor=none only");
    return PRISM_OK;
}

prism_status px_lossy_check(const prism_array *array, const prism_options *options,
                            prism_error *error) {
    return options->bound == PRISM_BOUND_DISTANCE ? check_distance(array, options, error)
                                                  : PRISM_OK;
}

/* ---- Encoding ---- */

/* What a stage makes of the elements, and how they come back. */
typedef struct outcome {
    px_coded mapped;
    void *decoded;  /* malloc'ed */
    double reached; /* the error, once it is measured; else 0 */
} outcome;

static void outcome_free(outcome *o) {
    px_coded_free(&o->mapped);
    free(o->decoded);
    *o = (outcome){.decoded = NULL};
}

/* Where the reached error stands in the parameters: after the number, as px_bound_write writes. */
static void write_reached(px_coded *mapped, const px_bound *bound) {
    px_buffer header = {0};
    px_bound_write(&header, bound);
    if (!header.failed)
        memcpy(mapped->sections.parameters.data + 1, header.data, header.size);
    mapped->sections.parameters.failed |= header.failed;
    px_buffer_free(&header);
}

static prism_status decode_again(void *elements, const px_coded *mapped,
                                 const px_mapping_request *request, prism_error *error) {
    const px_chunk chunk = {.array = *request->array,
                            .is_mapped = true,
                            .pipeline = mapped->pipeline,
                            .parameters = mapped->sections.parameters.data,
                            .parameter_size = mapped->sections.parameters.size,
                            .payload = mapped->sections.payload.data,
                            .payload_size = mapped->sections.payload.size,
                            .payload_there = mapped->sections.payload.size};
    return px_mapping_decode(&chunk, elements, request->options->threads, request->depth,
                             request->inner, error);
}

/* The axis of planes: the one that a stage chose. */
static int axis_of(const px_coded *mapped, const px_mapping_request *request) {
    const int axis = px_pipeline_axis(&mapped->pipeline);
    return axis >= 0 ? axis : request->options->axis;
}

static prism_status decode_outcome(outcome *o, const px_mapping_request *mapping,
                                   prism_error *error) {
    size_t size;
    prism_status status = prism_array_size(mapping->array, &size, error);
    if (status != PRISM_OK)
        return status;
    o->decoded = malloc(size);
    return o->decoded ? decode_again(o->decoded, &o->mapped, mapping, error)
                      : px_out_of_memory(error, size);
}

/* Keeps o->mapped.is_mapped only if what it decodes to is within the bound. */
static prism_status measure(outcome *o, const px_lossy_request *request, prism_error *error) {
    const px_mapping_request *mapping = request->mapping;
    prism_status status = o->decoded ? PRISM_OK : decode_outcome(o, mapping, error);
    if (status != PRISM_OK)
        return status;
    px_bound bound = request->bound;
    const double reached =
        px_error_reached(&bound, request->values, axis_of(&o->mapped, mapping), o->decoded);
    o->reached = reached;
    bound.reached = px_round_up(reached);
    o->mapped.is_mapped = bound.kind == PRISM_BOUND_DISTANCE || reached <= (double)bound.value;
    write_reached(&o->mapped, &bound);
    return px_sections_status(&o->mapped.sections, error);
}

static prism_status try_stage(outcome *o, const px_lossy_stage *stage,
                              const px_lossy_request *request, prism_error *error) {
    px_lossy_request own = *request;
    *o = (outcome){.decoded = NULL};
    own.decoded = &o->decoded;
    px_put_u8(&o->mapped.sections.parameters, (uint8_t)stage->number);
    px_bound_write(&o->mapped.sections.parameters, &request->bound);
    prism_status status = stage->encode(&o->mapped, &own, error);
    if (status == PRISM_OK)
        status = px_sections_status(&o->mapped.sections, error);
    if (status == PRISM_OK && o->mapped.is_mapped)
        o->mapped.is_mapped = px_sections_size(&o->mapped.sections) < request->limit;
    if (status == PRISM_OK && o->mapped.is_mapped)
        status = measure(o, request, error);
    return status;
}

/* What later stages need to know of a pipeline. */
static px_pipeline found_by(const px_pipeline *pipeline) {
    px_pipeline found = *pipeline;
    found.axis = px_pipeline_axis(pipeline);
    found.roles = (px_roles){.rank = 0};
    return found;
}

static void keep_if_better(outcome *best, outcome *o, px_lossy_request *request) {
    if (!o->mapped.is_mapped) {
        outcome_free(o);
        return;
    }
    request->limit = px_sections_size(&o->mapped.sections);
    request->found = found_by(&o->mapped.pipeline);
    outcome_free(best);
    *best = *o;
}

static prism_status try_stages(outcome *best, px_lossy_request *request, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < STAGES && status == PRISM_OK; i++) {
        outcome o = {.decoded = NULL};
        if (!stages[i]->suits[request->bound.kind] ||
            stages[i]->has_components != (request->cache != NULL))
            continue;
        status = try_stage(&o, stages[i], request, error);
        if (status == PRISM_OK)
            keep_if_better(best, &o, request);
        else
            outcome_free(&o);
    }
    return status;
}

/* The largest error of an element with which the mean of errors may be the bound, after one with
 * which it was `reached`. Cells of integers hold odd numbers of them. */
static double next_largest(const px_lossy_request *request, double reached) {
    static const double LESS = 0.999, MORE = 0.2;
    const double largest = request->grid_error.largest;
    const double ratio = (double)request->bound.value / reached;
    if (request->values->words.number->fraction)
        return LESS * largest * ratio;
    const double next = floor(((2 * largest + 1) * ratio - 1) / 2 + (ratio > 1 ? MORE : 0));
    return ratio < 1 ? fmin(next, largest - 1) : next;
}

/* Largest errors that are known to keep the bound, and not to. */
typedef struct tried {
    double holds, fails;
} tried;

/* Whether another largest error is worth a trial, which becomes the request's. Cells about
 * predictions may leave the mean of errors far below the bound. */
static bool goes_on(px_lossy_request *request, tried *t, double reached, bool about_predictions) {
    static const double FAR = 0.97;
    const double bound = (double)request->bound.value;
    if (!(reached > 0) || !isfinite(reached))
        return false;
    *(reached <= bound ? &t->holds : &t->fails) = request->grid_error.largest;
    if (reached <= bound && (reached > FAR * bound || !about_predictions))
        return false;
    request->grid_error.largest = next_largest(request, reached);
    return request->grid_error.largest > t->holds && request->grid_error.largest < t->fails;
}

/* The mean of errors is known once places are coded: where it passes the bound, the grid is made
 * finer, and where it is far below, coarser. */
static prism_status try_grid(outcome *best, const px_lossy_stage *stage, px_lossy_request *request,
                             prism_error *error) {
    enum { ATTEMPTS = 3, LONG_ATTEMPTS = 2, PARTS = 8 };
    const bool about_predictions = stage == &px_lossy_near;
    const int attempts = about_predictions ? LONG_ATTEMPTS : ATTEMPTS;
    px_lossy_request own = *request;
    prism_status status = PRISM_OK;
    tried t = {.holds = 0, .fails = HUGE_VAL};
    bool more = own.grid_error.largest > 0;
    if (about_predictions && own.limit < SIZE_MAX / 2) /* a coarser grid may be that much smaller */
        own.limit += own.limit / PARTS;
    for (int i = 0; i < attempts && status == PRISM_OK && more; i++) {
        outcome o;
        status = try_stage(&o, stage, &own, error);
        more = goes_on(&own, &t, o.reached, about_predictions);
        if (!about_predictions) {
            request->grid_size = px_sections_size(&o.mapped.sections);
            request->found = found_by(&o.mapped.pipeline);
        }
        o.mapped.is_mapped &= px_sections_size(&o.mapped.sections) < request->limit;
        keep_if_better(best, &o, request);
    }
    return status;
}

/* Whether places on a grid may be smaller than what there is: an estimate by neighbours alone says
 * more than coding takes, of frames far more, and of some other arrays. */
static bool may_grid_be_smaller(const px_lossy_request *request) {
    static const double USUAL = 0.6, LEAST = 0.3;
    px_quantiser q;
    if (!px_quantiser_make(&q, request->values, request->grid_error.largest))
        return false;
    const bool all = px_efforts.only_size[request->mapping->options->effort];
    const double share = all || px_are_frames(request->mapping->array) ? LEAST : USUAL;
    const double bits = share * px_phase_bits(&q, request->values);
    return bits * (double)request->values->words.count < 8 * (double)request->limit;
}

/* Grids, of a bound on the mean of errors, where components do not make less of it. Cells about
 * predictions may be a little wider, since most elements are near the middle of theirs. */
static prism_status try_grids(outcome *best, px_lossy_request *request, prism_error *error) {
    static const double NEARER = 0.9; /* errors of cells about predictions, to those of a grid */
    const double reference =
        px_error_reference(request->bound.of, request->values, request->mapping->options->axis);
    px_grid_error fixed, moving = {.largest = 0};
    prism_status status = px_grid_error_find(&fixed, request, reference, error);
    if (status == PRISM_OK)
        status = px_grid_error_find(&moving, request, reference / (NEARER * NEARER), error);
    request->grid_error = fixed.largest > 0 ? fixed : moving;
    if (status != PRISM_OK || !may_grid_be_smaller(request))
        return status;
    status = try_grid(best, &px_lossy_uniform, request, error);
    if (!request->values->words.number->fraction)
        request->grid_error = moving;
    return status == PRISM_OK ? try_grid(best, &px_lossy_near, request, error) : status;
}

/* Components along each axis that is worth it; along others where those keep no bound. Then grids,
 * which know of no planes that deviations could be from the means of. */
static prism_status try_axes(outcome *best, px_lossy_request *request, prism_error *error) {
    px_component_cache cache = {.filled = false};
    px_axis_list list;
    prism_status status = px_component_find_axes(&list, request, error);
    prism_options options = *request->mapping->options;
    px_mapping_request mapping = *request->mapping;
    px_lossy_request each = *request;
    mapping.options = &options;
    each.mapping = &mapping;
    each.cache = &cache;
    for (int i = 0; i < list.count && status == PRISM_OK; i++) {
        if (i >= list.near && best->mapped.is_mapped)
            break;
        options.axis = list.axes[i];
        status = try_stages(best, &each, error);
    }
    px_component_cache_free(&cache);
    options.axis = request->mapping->options->axis;
    each.cache = NULL;
    each.found = request->found;
    return status == PRISM_OK && request->bound.of == PRISM_BOUND_OF_RMS
               ? try_grids(best, &each, error)
               : status;
}

prism_status px_lossy_encode(px_coded *mapped, void **decoded, const px_mapping_request *request,
                             size_t limit, prism_error *error) {
    const prism_options *asked = request->options;
    prism_options options = *asked;
    options.bound = PRISM_BOUND_NONE;
    options.bound_of = PRISM_BOUND_OF_RMS;
    options.bound_value = 0;
    px_mapping_request mapping = *request;
    mapping.options = &options;
    px_numbers values;
    outcome best = {.decoded = NULL};
    *mapped = (px_coded){.is_mapped = false};
    *decoded = NULL;
    prism_status status = px_numbers_load(&values, request->array, request->elements, asked, error);
    values.scales = request->scales;
    px_lossy_request lossy = {.mapping = &mapping,
                              .values = &values,
                              .bound = {asked->bound, asked->bound_of, asked->bound_value, 0},
                              .limit = limit,
                              .found = {.transform = PRISM_TRANSFORM_AUTO, .axis = asked->axis}};
    if (status == PRISM_OK)
        status = asked->bound == PRISM_BOUND_REL_RMSE ? try_axes(&best, &lossy, error)
                                                      : try_stages(&best, &lossy, error);
    if (status == PRISM_OK && best.mapped.is_mapped) {
        *mapped = best.mapped;
        *decoded = best.decoded;
        best = (outcome){.decoded = NULL};
    }
    outcome_free(&best);
    px_numbers_free(&values);
    return status;
}

/* ---- Reduced pictures ---- */

prism_status px_lossy_reduce(const px_chunk *chunk, void *elements, const prism_array *reduced,
                             int by, const px_inner_codec *inner, prism_error *error) {
    px_chunk squeezed = *chunk;
    squeezed.array = px_squeeze(&chunk->array).array;
    px_mapping_source source = {.chunk = &squeezed,
                                .parameters =
                                    px_reader_make(chunk->parameters, chunk->parameter_size),
                                .payload = px_reader_make(chunk->payload, chunk->payload_size),
                                .threads = 1,
                                .inner = inner};
    const px_lossy_stage *stage =
        chunk->is_mapped ? find_stage(px_get_u8(&source.parameters)) : NULL;
    return stage && stage->reduce
               ? stage->reduce(elements, &source, reduced, by, error)
               : px_fail(error, PRISM_E_OPTION,
                         "reduce=%d: the chunk has no smaller pictures within it", by);
}
