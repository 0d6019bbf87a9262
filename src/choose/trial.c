#include "choose/trial.h"

#include <math.h>

#include "base/array.h"
#include "base/effort.h"
#include "choose/methods.h"
#include "coders/jxl.h"

enum { SOME_FRAMES = 48 };

/* By how much a quick trial may miss the best size so far and still deserve a trial. */
static const double JXL_CHANCE = 1.06, JXL_CHANCE_SMALL = 1.15, JXL_CHANCE_LARGE = 1.02,
                    DEFLATE_CHANCE = 1.3, DEFLATE_CHANCE_SPARING = 1.15,
                    DEFLATE_CHANCE_LARGE = 1.03, GUESS_CHANCE = 1.1;

/* More effort leaves that much at least of what libjxl's quick trial makes. */
static const double LEAST_GAIN = 0.3;

/* Layouts that are safer than the best one may come to a little more. */
static const double SAFER = 1.0005;

/* Frames are coded with the places without data, of which a sample may have none. */
static const double WITHOUT_HOLES = 1.03;

/* What a guess of deflate's may miss where less than a share of the elements comes again. */
static const double GUESS_ERROR = 1.02, SOME_REPEATS = 0.01;

/* The same of deflate, see PX_CLEARLY. */
static const double CLEARLY_DEFLATE = 0.97;

/* The same as px_trial, with what the sample became. Free with px_coded_free. */
static prism_status code_sample(px_coded *coded, double *bytes, const px_survey *s,
                                px_candidate *candidate, int effort, prism_error *error) {
    const size_t limit = 2 * s->part.size + PX_CONTAINER_OVERHEAD;
    px_task task = px_task_of(candidate, effort, limit);
    task.trial = true;
    if (s->part.mask.missing)
        task.mask = &s->part.mask;
    prism_status status = px_encode(coded, &s->part.array, s->part.elements, &task, error);
    if (status != PRISM_OK)
        return status;
    *bytes = (double)coded->sections.payload.size / s->part.share +
             (double)coded->sections.parameters.size * px_side_growth(s, &candidate->pipeline);
    if (!px_is_by_indices(coded)) /* to which places that stand still are copies anyway */
        *bytes *= 1 - candidate->still;
    if (!px_coder_predicts(task.pipeline.coder))
        candidate->pipeline.transform = coded->pipeline.transform;
    return PRISM_OK;
}

prism_status px_trial(double *bytes, const px_survey *s, px_candidate *candidate, int effort,
                      prism_error *error) {
    px_coded coded;
    prism_status status = code_sample(&coded, bytes, s, candidate, effort, error);
    px_coded_free(&coded);
    return status;
}

/* Whether coding at `effort` comes to at most `factor` times the best size so far. */
static prism_status has_chance(bool *chance, const px_choice *c, const px_candidate *candidate,
                               int effort, double factor, prism_error *error) {
    px_candidate quick = *candidate;
    double bytes = 0;
    prism_status status = px_trial(&bytes, c->sample, &quick, effort, error);
    *chance = c->best.bytes == 0 || bytes < factor * c->best.bytes;
    return status;
}

/* Whether a layout is to be preferred to the best one where samples of both come to the same: a
 * lift, which leaves planes out that gain nothing. */
static bool is_safer(const px_choice *c, const px_candidate *candidate) {
    return candidate->pipeline.transform == PRISM_TRANSFORM_CHANNELS && candidate->selective &&
           px_same_roles(&candidate->pipeline.roles, &c->best.pipeline.roles) &&
           c->best.pipeline.transform == PRISM_TRANSFORM_NONE;
}

static bool is_stack(const px_candidate *candidate) {
    return candidate->pipeline.transform == PRISM_TRANSFORM_STACK;
}

/* A coder that decodes slower must be clearly better, and so must layouts that come later where
 * only a sample was coded, but for safer ones. Deflate gains least from what the sample does not
 * show. */
static double clearly_of(const px_choice *c, const px_candidate *candidate) {
    const bool whole = c->sample->part.share == 1,
               same = candidate->pipeline.coder == c->best.pipeline.coder;
    if (candidate->pipeline.coder == PRISM_CODER_DEFLATE &&
        c->best.pipeline.coder == PRISM_CODER_ANS)
        return CLEARLY_DEFLATE;
    if (same && c->sample->holed && is_stack(&c->best) && !is_stack(candidate))
        return WITHOUT_HOLES;
    if (same && !whole && is_safer(c, candidate))
        return SAFER;
    return (same && whole) || px_efforts.only_size[c->options->effort] ? 1 : PX_CLEARLY;
}

void px_prefer(px_choice *c, const px_candidate *candidate, double bytes) {
    c->best = *candidate;
    c->best.bytes = bytes;
    c->best.no_palette = false;
    px_coded_free(&c->kept);
}

bool px_is_by_indices(const px_coded *coded) {
    return coded->pipeline.coder == PRISM_CODER_ANS && coded->sections.parameters.size &&
           coded->sections.parameters.data[0] == PRISM_METHOD_PALETTE;
}

/* Whether the best trial says that method palette is not for the whole array. */
static bool rules_palette_out(const px_choice *c) {
    return !c->by_indices && !px_efforts.only_size[c->options->effort];
}

static prism_status consider(px_choice *c, const px_candidate *candidate, int effort,
                             prism_error *error) {
    px_candidate tried = *candidate;
    px_coded coded;
    prism_status status = code_sample(&coded, &c->last, c->sample, &tried, effort, error);
    if (status == PRISM_OK &&
        (c->best.bytes == 0 || c->last < clearly_of(c, &tried) * c->best.bytes)) {
        px_prefer(c, &tried, c->last);
        c->by_indices = px_is_by_indices(&coded);
        c->best.no_palette = rules_palette_out(c);
        if (c->sample->part.share == 1 && effort == tried.pipeline.effort) {
            c->kept = coded;
            return PRISM_OK;
        }
    }
    px_coded_free(&coded);
    return status;
}

static int trial_effort(const px_candidate *candidate) {
    return px_efforts.trial[candidate->pipeline.effort];
}

bool px_may_use(const px_choice *c, px_candidate *candidate, prism_predictor predictor,
                prism_coder coder) {
    candidate->pipeline.predictor = predictor;
    candidate->pipeline.coder = coder;
    return (c->options->predictor == PRISM_PREDICTOR_AUTO || c->options->predictor == predictor) &&
           (c->options->coder == PRISM_CODER_AUTO || c->options->coder == coder);
}

/* Whether elements of the sample come again in the order of the planes. */
static prism_status comes_again(bool *again, const px_survey *s, const px_roles *roles,
                                prism_error *error) {
    const int axis = roles->planes == 1 ? roles->axes[0] : PRISM_AXIS_AUTO;
    px_byte_look look;
    prism_status status = px_byte_look_make(&look, &s->part.array, s->part.elements, axis, error);
    *again = status == PRISM_OK && fmax(look.nearby, look.far) > SOME_REPEATS;
    return status;
}

/* More effort finds no more where nothing comes again. */
static prism_status deflate_chance(double *factor, const px_survey *s, const px_roles *roles,
                                   prism_error *error) {
    bool again = true;
    prism_status status = s->sparing && !s->large ? comes_again(&again, s, roles, error) : PRISM_OK;
    *factor = s->large || !again ? DEFLATE_CHANCE_LARGE
              : s->sparing       ? DEFLATE_CHANCE_SPARING
                                 : DEFLATE_CHANCE;
    return status;
}

/* A quick trial first, which is the whole one at the lowest effort. */
static prism_status consider_unpredicted(bool *chance, px_choice *c, const px_candidate *candidate,
                                         prism_error *error) {
    const double best = c->best.bytes;
    const int effort = candidate->pipeline.effort;
    double factor;
    prism_status status = deflate_chance(&factor, c->sample, &candidate->pipeline.roles, error);
    *chance = true;
    if (status == PRISM_OK && effort > 1)
        status = has_chance(chance, c, candidate, 1, factor, error);
    if (status == PRISM_OK && *chance)
        status = consider(c, candidate, effort, error);
    if (effort == 1)
        *chance = best == 0 || c->last < factor * best;
    return status;
}

/* What deflate may make of the sample. */
static prism_status guess_deflate(double *bytes, const px_survey *s, const px_candidate *candidate,
                                  prism_error *error) {
    const px_task task = px_task_of(candidate, candidate->pipeline.effort, SIZE_MAX);
    px_prepared prepared;
    prism_status status = px_prepare(&prepared, &s->part.array, s->part.elements, &task, error);
    if (status != PRISM_OK)
        return status;
    status = px_deflate_guess(bytes, &prepared.planes, error);
    *bytes = *bytes / s->part.share +
             (double)prepared.parameters.size * px_side_growth(s, &candidate->pipeline);
    px_prepared_free(&prepared);
    return status;
}

/* Whether a guess of deflate's is worth a trial: below `sure` times the best it is, and where it is
 * not much above that, but elements come again in the order of the planes, which guesses know
 * nothing of. */
static prism_status guess_may_win(bool *may, const px_choice *c, const px_candidate *guessed,
                                  double sure, prism_error *error) {
    *may = guessed->bytes < sure * c->best.bytes;
    if (*may || guessed->bytes >= GUESS_CHANCE * c->best.bytes)
        return PRISM_OK;
    return comes_again(may, c->sample, &guessed->pipeline.roles, error);
}

/* At low efforts, where a trial takes as long as all else: only what a guess prefers, and only
 * where that may win. */
static prism_status consider_guessed(px_choice *c, px_candidate candidate, prism_error *error) {
    static const prism_predictor predictors[] = {PRISM_PREDICTOR_NONE, PRISM_PREDICTOR_PAETH};
    px_candidate best = {.bytes = HUGE_VAL};
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < sizeof predictors / sizeof *predictors && status == PRISM_OK; i++) {
        if (!px_may_use(c, &candidate, predictors[i], PRISM_CODER_DEFLATE))
            continue;
        status = guess_deflate(&candidate.bytes, c->sample, &candidate, error);
        best = candidate.bytes < best.bytes ? candidate : best;
    }
    bool chance = false;
    if (status == PRISM_OK)
        status = guess_may_win(&chance, c, &best, GUESS_ERROR, error);
    return status == PRISM_OK && chance ? consider(c, &best, best.pipeline.effort, error) : status;
}

static prism_status consider_deflate(px_choice *c, px_candidate candidate, prism_error *error) {
    bool chance = true;
    if (px_efforts.brisk[candidate.pipeline.effort] && c->best.bytes > 0)
        return consider_guessed(c, candidate, error);
    prism_status status = PRISM_OK;
    if (px_may_use(c, &candidate, PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE))
        status = consider_unpredicted(&chance, c, &candidate, error);
    if (status == PRISM_OK && chance &&
        px_may_use(c, &candidate, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE))
        status = consider(c, &candidate, candidate.pipeline.effort, error);
    return status;
}

/* What libjxl needs at the effort of trials, of what it needs at the quick one, in a part. */
static prism_status gain_of_trial(double *gain, const px_choice *c, const px_candidate *candidate,
                                  prism_error *error) {
    px_survey part;
    px_candidate quick = *candidate, slow = *candidate;
    double bytes[2] = {1, 1};
    prism_status status = px_part_of(&part, c->sample, error);
    if (status == PRISM_OK)
        status = px_trial(&bytes[0], &part, &quick, PX_EFFORT_QUICK, error);
    if (status == PRISM_OK)
        status = px_trial(&bytes[1], &part, &slow, trial_effort(candidate), error);
    px_survey_free(&part);
    *gain = bytes[1] / bytes[0];
    return status;
}

/* The quick trial says little of flat planes, in which slower ones find the contexts that count. */
static prism_status jxl_has_chance(bool *chance, const px_choice *c, const px_candidate *candidate,
                                   prism_error *error) {
    const double factor = c->sample->large   ? JXL_CHANCE_LARGE
                          : c->sample->small ? JXL_CHANCE_SMALL
                                             : JXL_CHANCE;
    px_candidate quick = *candidate;
    double gain = 1, bytes = 0;
    *chance = c->best.bytes == 0;
    if (*chance || (c->sample->sparing && !c->flat))
        return PRISM_OK;
    prism_status status = px_trial(&bytes, c->sample, &quick, PX_EFFORT_QUICK, error);
    *chance = !c->sample->sparing && bytes < factor * c->best.bytes;
    if (status != PRISM_OK || *chance || !c->flat || bytes * LEAST_GAIN >= c->best.bytes)
        return status;
    status = gain_of_trial(&gain, c, candidate, error);
    *chance = gain * bytes < c->best.bytes;
    return status;
}

/* libjxl takes many times the array to decode: automatic options leave larger ones to others. */
static bool is_too_large(const px_choice *c, const px_candidate *candidate) {
    const prism_array *whole = &c->sample->whole;
    const size_t bytes = (size_t)px_array_count(whole) * prism_type_size(whole->type);
    px_coded coded = {.pipeline = candidate->pipeline};
    coded.pipeline.coder = PRISM_CODER_JXL;
    return px_coded_memory(&coded, whole, NULL) > px_decoding_limit(c->options->effort, bytes);
}

/* Paeth before libjxl, which has better predictors, is done only where it is asked for. */
static prism_status consider_jxl(px_choice *c, px_candidate candidate, prism_error *error) {
    bool asked = c->options->coder == PRISM_CODER_JXL;
    bool paeth = c->options->predictor == PRISM_PREDICTOR_PAETH;
    prism_predictor predictor = paeth && asked ? PRISM_PREDICTOR_PAETH : PRISM_PREDICTOR_NONE;
    bool chance = asked;
    if (!px_may_use(c, &candidate, predictor, PRISM_CODER_JXL) ||
        (!asked && (!px_jxl_available() || is_too_large(c, &candidate) ||
                    /* far slower than the others at these efforts: */
                    px_efforts.brisk[candidate.pipeline.effort])))
        return PRISM_OK;
    /* Where repetitions count, which the quick trial does not look for, it says nothing. */
    chance |= !c->sample->large && c->best.pipeline.coder == PRISM_CODER_DEFLATE;
    prism_status status = chance ? PRISM_OK : jxl_has_chance(&chance, c, &candidate, error);
    if (status != PRISM_OK || !chance)
        return status;
    int effort = trial_effort(&candidate);
    status = consider(c, &candidate, effort, error);
    /* libjxl's fixed predictor at effort 3 may gain from the lift where the estimate says that it
     * does not. */
    if (status == PRISM_OK && candidate.selective && px_efforts.brisk[candidate.pipeline.effort]) {
        candidate.selective = false;
        status = consider(c, &candidate, effort, error);
    }
    return status;
}

/* With some frames in the middle of the sample: planning many small ones would take too long. */
static prism_status consider_stack(px_choice *c, const px_candidate *candidate,
                                   prism_error *error) {
    const px_survey *whole = c->sample;
    px_survey some = *whole;
    prism_array cut = whole->part.array;
    const px_roles *roles = &candidate->pipeline.roles;
    for (uint64_t i = roles->planes, frames = 1; i-- > 0; frames *= cut.dims[roles->axes[i]]) {
        const uint64_t most = SOME_FRAMES / frames ? SOME_FRAMES / frames : 1;
        uint64_t *count = &cut.dims[roles->axes[i]];
        *count = *count < most ? *count : most;
    }
    prism_status status =
        px_sample_cut(&some.part, &whole->part.array, whole->part.elements, &cut, error);
    some.part.share *= whole->part.share;
    c->sample = &some;
    if (status == PRISM_OK)
        status = consider(c, candidate, trial_effort(candidate), error);
    c->sample = whole;
    px_sample_free(&some.part);
    return status;
}

/* Layouts of the same planes are the same to method palette, but that lifted ones leave surely few
 * values to the others. */
static bool has_tried_palette(px_choice *c, const px_candidate *layout) {
    const px_pipeline *pipeline = &layout->pipeline;
    for (size_t i = 0; i < c->tried_count; i++)
        if (px_same_roles(&c->tried[i], &pipeline->roles))
            return true;
    if ((pipeline->transform != PRISM_TRANSFORM_CHANNELS ||
         !px_is_drawing(c->sample, c->options)) &&
        c->tried_count < PX_MOST_ROLES)
        c->tried[c->tried_count++] = pipeline->roles;
    return false;
}

static prism_status consider_native(px_choice *c, const px_candidate *layout, prism_error *error) {
    px_candidate candidate = *layout;
    candidate.no_palette = has_tried_palette(c, layout);
    px_may_use(c, &candidate, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
    if (c->sample->large && layout->pipeline.transform == PRISM_TRANSFORM_STACK &&
        layout->pipeline.axis >= 0)
        return consider_stack(c, &candidate, error);
    /* In small arrays even the slowest trial is short, and learning ranks other layouts first. */
    return consider(c, &candidate,
                    c->sample->large ? trial_effort(&candidate) : candidate.pipeline.effort, error);
}

/* At low efforts, a guess has to come near. */
prism_status px_may_repeat(bool *chance, const px_choice *c, const px_candidate *candidate,
                           prism_error *error) {
    px_candidate guessed = *candidate;
    *chance = true;
    if (!px_efforts.brisk[candidate->pipeline.effort])
        return PRISM_OK;
    prism_status status = guess_deflate(&guessed.bytes, c->sample, candidate, error);
    return status == PRISM_OK ? guess_may_win(chance, c, &guessed, 1, error) : status;
}

prism_status px_consider_others(px_choice *c, const px_candidate *layout, prism_error *error) {
    prism_status status = consider_deflate(c, *layout, error);
    return status == PRISM_OK ? consider_jxl(c, *layout, error) : status;
}

bool px_others_come_last(const px_survey *s, const prism_options *options) {
    return px_may_be_native(options) && !px_is_drawing(s, options) &&
           (s->sparing || px_efforts.brisk[options->effort] ||
            (px_efforts.only_size[options->effort] && s->values > PX_FEW_VALUES));
}

prism_status px_consider_layout(px_choice *c, const px_candidate *layout, prism_error *error) {
    const px_survey *s = c->sample;
    const bool native = px_may_be_native(c->options);
    prism_status status = native ? consider_native(c, layout, error) : PRISM_OK;
    c->native = c->last;
    const bool behind = native && (s->large || px_is_brisk(s, c->options->effort)) &&
                        (!px_same_roles(&c->best.pipeline.roles, &layout->pipeline.roles) ||
                         c->best.pipeline.transform != layout->pipeline.transform);
    if (status != PRISM_OK || behind || px_is_drawing(s, c->options) ||
        px_others_come_last(s, c->options) ||
        (native && layout->pipeline.transform == PRISM_TRANSFORM_STACK))
        return status;
    return px_consider_others(c, layout, error);
}
