/*
 * A picture of few colours is one drawing, whatever number of planes it has. All positions show how
 * many colours there are, and a sample whether one plane of them is smaller.
 */
#include "choose/symbols.h"

#include <math.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/sizes.h"
#include "choose/part_trial.h"
#include "planes/planes.h"
#include "planes/sample.h"

/* That many positions have one colour, else the table weighs too much. */
enum { POSITIONS_PER_COLOUR = 32, LEAST_POSITIONS = 256 };

/* A part of the positions is enough for trials. */
enum { MOST_SAMPLE = 1 << 14, LEAST_SAMPLE = 1 << 13, SHARE = 4 };

/* What a sample must come to, of what it takes as it is: to be tried, and to be all that is. */
static const double CLEARLY = 0.97, SURELY = 0.85;

/* Bytes by which a sample of next to nothing may be wrong, for either. */
static const double LITTLE = 16, MUCH = 64;

static bool may_lie_along(const prism_array *array, int axis) {
    const uint64_t planes = array->dims[axis];
    return planes > 1 && planes <= PX_MOST_COLOUR_PLANES &&
           px_array_count(array) / planes >= LEAST_POSITIONS;
}

/* The more runs there are, the more symbols. */
static double bits_of(const px_colour_set *set) {
    return (double)(set->changes + 1) * log2((double)px_colour_count(set) + 1);
}

/* Keeps the better one of both. */
static void keep_better(px_colour_set *best, px_colour_set *other) {
    if (px_colour_count(other) && (!px_colour_count(best) || bits_of(other) < bits_of(best))) {
        px_colour_set_free(best);
        *best = *other;
    } else {
        px_colour_set_free(other);
    }
}

static prism_status find_colours(px_colour_set *best, const px_mapping_request *request,
                                 prism_error *error) {
    const prism_array *array = request->array;
    prism_status status = PRISM_OK;
    *best = (px_colour_set){.colours = NULL};
    for (int axis = (int)array->rank - 1; axis >= 0 && status == PRISM_OK; axis--) {
        bool few = false;
        px_colour_set set = {.colours = NULL};
        if (may_lie_along(array, axis))
            status = px_colours_seem_few(&few, array, axis, request->elements, error);
        if (few) {
            const uint64_t positions = px_array_count(array) / array->dims[axis];
            status = px_colour_set_make(&set, array, axis, request->elements,
                                        (size_t)(positions / POSITIONS_PER_COLOUR), error);
        }
        keep_better(best, &set);
    }
    return status;
}

static prism_array sample_shape(const prism_array *array, const px_colour_set *set) {
    const size_t part = (size_t)px_array_count(&set->numbers) / SHARE;
    const uint64_t positions = px_larger(px_smaller(part, MOST_SAMPLE), LEAST_SAMPLE);
    return px_part_shape(array, set->axis, positions * array->dims[set->axis]);
}

/* *bytes: of a sample as colours, with its share of the table. */
static prism_status size_as_colours(double *bytes, const px_mapping_request *request,
                                    const px_colour_set *set, const prism_array *cut,
                                    prism_error *error) {
    prism_array plane = set->numbers;
    px_sample sample;
    size_t table = 0, places = 0;
    for (unsigned d = 0; d < plane.rank; d++)
        plane.dims[d] = cut->dims[d] < plane.dims[d] ? cut->dims[d] : plane.dims[d];
    prism_status status =
        px_sample_cut_at(&sample, &set->numbers, set->places, &plane, PX_MIDDLE, error);
    if (status == PRISM_OK)
        status = px_part_size(&places, request, &sample.array, sample.elements, error);
    if (status == PRISM_OK)
        status = px_part_size(&table, request, &set->table, set->colours, error);
    *bytes = (double)places + (double)table * sample.share;
    px_sample_free(&sample);
    return status;
}

/* *may: they may be smaller; *sure: nothing else can be. */
static prism_status compare(bool *may, bool *sure, const px_mapping_request *request,
                            const px_colour_set *set, prism_error *error) {
    const prism_array cut = sample_shape(request->array, set);
    px_sample sample;
    size_t whole = 1;
    double colours = 0;
    prism_status status =
        px_sample_cut_at(&sample, request->array, request->elements, &cut, PX_MIDDLE, error);
    if (status == PRISM_OK)
        status = px_part_size(&whole, request, &sample.array, sample.elements, error);
    if (status == PRISM_OK)
        status = size_as_colours(&colours, request, set, &cut, error);
    *may = colours + LITTLE < CLEARLY * (double)whole;
    *sure = colours + MUCH < SURELY * (double)whole;
    px_sample_free(&sample);
    return status;
}

/* Not at low efforts, at which counting and samples take longer than all else. */
static bool suits(const px_mapping_request *request) {
    const prism_options *o = request->options;
    return request->depth == 0 && !request->mask && request->array->rank > 1 &&
           !px_is_tiny(request->array) && !px_efforts.brisk[o->effort] &&
           o->axis == PRISM_AXIS_AUTO && px_options_are_open(o);
}

prism_status px_symbols_find(px_colour_set *set, bool *sure, const px_mapping_request *request,
                             prism_error *error) {
    bool may = false;
    *set = (px_colour_set){.colours = NULL};
    *sure = false;
    prism_status status = suits(request) ? find_colours(set, request, error) : PRISM_OK;
    if (status == PRISM_OK && px_colour_count(set))
        status = compare(&may, sure, request, set, error);
    if (status != PRISM_OK || !may)
        px_colour_set_free(set);
    return status;
}
