/*
 * What is coded with a mask is coded without it, too, unless methods that know of holes do so. Of
 * large arrays, that is twice the time: a part of them shows whether the mask may pay at all.
 */
#include "choose/masked.h"

#include <math.h>

#include "base/array.h"
#include "base/effort.h"
#include "choose/part_trial.h"
#include "mapping/mask.h"
#include "planes/sample.h"

/* Elements of the part, and of arrays for which it is worth its time, in any case. */
enum { PART = 1 << 13, LEAST_ELEMENTS = 1 << 18, SURELY_WORTH_A_LOOK = 1 << 20 };

/* Shares of a mask's places that are without data: from the first one on, a mask that is sure
 * leaves little of the array; below the second one, a mask of whole indices leaves nearly all of
 * it. */
static const double SPARES_MUCH = 0.4, SPARES_LITTLE = 0.2;

/* In a small part of many planes, what is sent of these counts more than in the whole. */
enum { MANY_PLANES = 8 };
static const double NEARLY = 1.05;

/* Little is left, and of many values, so that others than method palette code it. */
static bool spares_much(const px_mapping_request *request, const px_found_mask *found) {
    return (double)found->missing >= SPARES_MUCH * (double)px_array_count(&found->array) &&
           request->survey->values > PX_FEW_VALUES;
}

/* Low efforts have no method that knows of holes, and where a mask is sure to pay and spares much,
 * looking for others takes longer than all else. */
static bool is_worth_a_look(const px_mapping_request *request, const px_found_mask *found) {
    return found->codes &&
           px_array_count(request->array) >= (found->scattered ? 2 * PART : LEAST_ELEMENTS) &&
           !px_efforts.brisk[request->options->effort] &&
           !(found->sure && spares_much(request, found) &&
             px_array_count(request->array) < SURELY_WORTH_A_LOOK);
}

/* Few whole indices of one axis, in a large array: planes or rows of one value cost next to nothing
 * anyway, and what holes rule out may cost more. */
static bool spares_little(const px_mapping_request *request, const px_found_mask *found) {
    unsigned axes = 0;
    for (unsigned i = 0; i < found->array.rank; i++)
        axes += found->array.dims[i] > 1;
    return axes == 1 && px_array_count(request->array) >= LEAST_ELEMENTS &&
           (double)found->missing < SPARES_LITTLE * (double)px_array_count(&found->array) &&
           !px_efforts.only_size[request->options->effort];
}

static bool has_both(const px_gaps *mask) {
    const size_t places = mask->missing ? (size_t)px_array_count(&mask->array) : 0;
    bool data = false, missing = false;
    for (size_t i = 0; i < places; i++) {
        data |= !mask->missing[i];
        missing |= mask->missing[i];
    }
    return data && missing;
}

/* A part of the array without its mask, and with it. */
typedef struct trial {
    px_sample sample;
    px_coded plain, masked;
} trial;

static void trial_free(trial *t) {
    px_sample_free(&t->sample);
    px_coded_free(&t->plain);
    px_coded_free(&t->masked);
}

/* Chunks within the one that is to be made: they look for no mask themselves. */
static prism_status trial_code(trial *t, const px_mapping_request *request,
                               const px_found_mask *found, prism_error *error) {
    const prism_options options = px_part_options(request->options);
    px_found_mask here = *found;
    px_mapping_request part = *request;
    here.array = t->sample.mask.array;
    here.codes = (uint8_t *)(uintptr_t)t->sample.mask.missing;
    part.array = &t->sample.array;
    part.elements = t->sample.elements;
    part.options = &options;
    part.depth = 1;
    part.trial = true;
    prism_status status = px_inner_put(&t->plain.sections.payload, &t->plain.pipeline, request,
                                       part.array, part.elements, &options,
                                       (px_chunk_role){.depth = part.depth, .trial = true}, error);
    if (status == PRISM_OK)
        status = px_sections_status(&t->plain.sections, error);
    return status == PRISM_OK && has_both(&t->sample.mask)
               ? px_mask_encode(&t->masked, &part, &here, error)
               : status;
}

static double missing_share(const px_gaps *mask) {
    const size_t places = mask->missing ? (size_t)px_array_count(&mask->array) : 1;
    size_t missing = 0;
    for (size_t i = 0; mask->missing && i < places; i++)
        missing += mask->missing[i] != 0;
    return (double)missing / (double)places;
}

/* The part in which most nearly as many places are without data as in the whole: the middle may
 * have none, or nothing else. */
static prism_status cut_sample(px_sample *sample, const px_mapping_request *request,
                               const px_gaps *mask, const prism_array *cut, prism_error *error) {
    static const unsigned places[] = {PX_MIDDLE, 4, 12, 1, 15};
    const double share = missing_share(mask);
    double least = HUGE_VAL;
    unsigned best = PX_MIDDLE;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        px_sample tried = {.array = *cut, .sixteenths = places[i]};
        prism_status status = px_sample_mask(&tried, request->array, mask, error);
        if (status != PRISM_OK)
            return status;
        const double off = fabs(missing_share(&tried.mask) - share);
        best = off < least ? places[i] : best;
        least = fmin(least, off);
        px_sample_free(&tried);
    }
    prism_status status =
        px_sample_cut_at(sample, request->array, request->elements, cut, best, error);
    return status == PRISM_OK ? px_sample_mask(sample, request->array, mask, error) : status;
}

/* Whether the part is smaller with the mask; where it shows nothing of it, whether it is coded by a
 * method that knows of holes. */
static prism_status has_chance(bool *chance, const px_mapping_request *request,
                               const px_found_mask *found, prism_error *error) {
    const prism_array cut = px_part_shape(request->array, PRISM_AXIS_AUTO, PART);
    const px_gaps mask = {found->array, found->codes};
    const uint64_t planes = px_array_count(request->array) / px_array_count(&found->array);
    const double nearly = planes >= MANY_PLANES ? NEARLY : 1;
    trial t = {.masked = {.is_mapped = false}};
    prism_status status = cut_sample(&t.sample, request, &mask, &cut, error);
    if (status == PRISM_OK)
        status = trial_code(&t, request, found, error);
    if (status == PRISM_OK)
        *chance = px_coded_size(&t.masked)
                      ? (double)px_coded_size(&t.masked) < nearly * (double)px_coded_size(&t.plain)
                      : px_knows_holes(&t.plain);
    trial_free(&t);
    return status;
}

/* Whether the mask may be all that need be tried. Where only size counts, arrays are coded without
 * it, too, unless they are large and a look at a part spoke for it. */
static bool is_sure(const px_mapping_request *request, const px_found_mask *found, bool chance) {
    return found->sure && chance &&
           (px_array_count(request->array) >= SURELY_WORTH_A_LOOK ||
            !px_efforts.only_size[request->options->effort]);
}

prism_status px_masked_encode(px_coded *mapped, bool *sure, const px_mapping_request *request,
                              prism_error *error) {
    px_found_mask found = {.codes = NULL};
    const bool only_size = px_efforts.only_size[request->options->effort];
    bool chance = true;
    prism_status status = PRISM_OK;
    *mapped = (px_coded){.is_mapped = false};
    *sure = false;
    if (px_mask_suits(request))
        status = px_mask_find(&found, request, error);
    if (request->trial)
        chance = found.sure;
    else if (found.codes && spares_little(request, &found))
        chance = false;
    else if (status == PRISM_OK && is_worth_a_look(request, &found))
        status = has_chance(&chance, request, &found, error);
    if (status == PRISM_OK && found.codes && (chance || (only_size && !request->trial))) {
        status = px_mask_encode(mapped, request, &found, error);
        *sure = is_sure(request, &found, chance) && px_knows_holes(mapped);
    }
    px_found_mask_free(&found);
    return status;
}
