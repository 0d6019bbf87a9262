#include "choose/rival.h"

#include <math.h>

#include "base/array.h"
#include "base/effort.h"
#include "choose/axes.h"
#include "choose/part_trial.h"
#include "planes/sample.h"

/* So much smaller than a quick trial of other coders, none of these comes near. */
static const double CLEARLY_SMALLER = 0.7;

/* The same where the middle is empty, of another part: coder zstd gains most where nothing is. */
static const double CLEARLY_SMALLER_ELSEWHERE = 0.75;

bool px_rival_suits(const prism_array *array, const prism_options *options, unsigned depth) {
    const unsigned deepest = px_type_is_narrow(array->type) ? 1 : 2; /* of planes by themselves */
    return px_may_be_zstd(options) &&
           (options->coder == PRISM_CODER_ZSTD || (depth <= deepest && !px_is_tiny(array)));
}

/* Of the elements, that many come again nearby where it may be clear. */
static const double MANY = 0.4;

/* That many at least where places may be smaller though elements promise nothing. */
static const double SOME = 0.05;

/* Estimates of elements and places that are nearer than that need trials. */
static const double NEAR = 4;

static double promise(const px_byte_choice *c) {
    return c->items[0].bytes + (double)c->besides;
}

static void compare(px_rival *r) {
    r->by_table = r->places.elements && promise(&r->of_places) < promise(&r->of_elements);
}

/* By trials, where estimates say too little. */
static prism_status decide(px_rival *r, prism_error *error) {
    prism_status status = PRISM_OK;
    if (!r->places.elements || promise(&r->of_elements) > NEAR * promise(&r->of_places) ||
        promise(&r->of_places) > NEAR * promise(&r->of_elements))
        return PRISM_OK;
    status = px_byte_choice_try(&r->of_elements, error);
    if (status == PRISM_OK)
        status = px_byte_choice_try(&r->of_places, error);
    compare(r);
    return status;
}

static px_byte_choice *better(px_rival *r) {
    return r->by_table ? &r->of_places : &r->of_elements;
}

static prism_status make_places(px_rival *r, prism_error *error) {
    if (r->has_places)
        return PRISM_OK;
    r->has_places = true;
    return px_places_make(&r->places, r->request->array, r->request->elements, error);
}

/* Whether a look at places promises less than so many bytes. */
static prism_status places_promise(bool *promise, px_rival *r, double bytes, prism_error *error) {
    px_byte_look look;
    *promise = false;
    if (r->request->survey->look.nearby < SOME)
        return PRISM_OK;
    prism_status status = make_places(r, error);
    if (status != PRISM_OK || !r->places.elements)
        return status;
    status = px_byte_look_make(&look, &r->places.array, r->places.elements,
                               px_asked_axis(r->request->options), error);
    *promise = px_byte_look_promises(&look, bytes - (double)r->places.table_bytes);
    return status;
}

/* Estimates of all candidates, which take long. */
static prism_status get_ready(px_rival *r, prism_error *error) {
    const px_mapping_request *request = r->request;
    const px_byte_look *look = &request->survey->look;
    if (r->is_ready)
        return PRISM_OK;
    r->is_ready = true;
    prism_status status = px_byte_choice_make(&r->of_elements, request->array, request->elements,
                                              request->options, look, error);
    r->of_elements.in_brief = request->trial;
    if (status == PRISM_OK)
        status = make_places(r, error);
    if (status != PRISM_OK || !r->places.elements)
        return status;
    status = px_byte_choice_make(&r->of_places, &r->places.array, r->places.elements,
                                 request->options, look, error);
    r->of_places.in_brief = request->trial;
    r->of_places.besides = r->places.table_bytes;
    compare(r);
    return status;
}

void px_rival_free(px_rival *r) {
    px_byte_choice_free(&r->of_elements);
    px_byte_choice_free(&r->of_places);
    px_places_free(&r->places);
}

/* ---- A sample ---- */

/* Of integers that are coded as they are, no other coder takes less than that. */
enum { NEXT_TO_NOTHING = 40 /* bytes */ };

/* Whether all elements take next to nothing, where time is spared. */
static prism_status is_next_to_nothing(bool *is, const px_rival *r, px_byte_choice *c,
                                       prism_error *error) {
    enum { SHARE = 128 }; /* of estimates that are worth a trial */
    const prism_array *array = r->request->array;
    const uint64_t size = px_array_count(array) * prism_type_size(array->type);
    *is = px_efforts.brisk[r->request->options->effort] && px_type_is_narrow(array->type) &&
          promise(c) * SHARE < (double)size;
    prism_status status = *is ? px_byte_choice_try(c, error) : PRISM_OK;
    *is = *is && promise(c) <= NEXT_TO_NOTHING;
    return status;
}

static prism_array small_part(const prism_array *array, int effort) {
    enum { BYTES = 1 << 16, ELEMENTS = 1 << 14 };
    /* Twice as much where no closer look follows. */
    const size_t times = px_efforts.brisk[effort] ? 2 : 1;
    const size_t most = times * BYTES / prism_type_size(array->type);
    return px_part_shape(array, PRISM_AXIS_AUTO, most < times * ELEMENTS ? most : times * ELEMENTS);
}

/* Integers of so few values that method palette is for them, which a sample shows too little of. */
static bool has_few_values(const px_mapping_request *request) {
    return px_type_is_narrow(request->array->type) &&
           px_efforts.palette[request->options->effort] && request->survey->values <= PX_FEW_VALUES;
}

/* What mappings and the native coder make of it in little time. */
static prism_status native_size(size_t *size, const px_rival *r, const px_sample *sample,
                                prism_error *error) {
    const px_mapping_request *request = r->request;
    px_buffer out = {0};
    px_pipeline used;
    prism_options options = *request->options;
    /* Low efforts have no other method for what masks are about. */
    const px_chunk_role role = {.depth = request->depth,
                                .trial = !px_efforts.brisk[options.effort]};
    options.effort = options.effort < PX_EFFORT_FITTED ? options.effort : PX_EFFORT_FITTED;
    options.transform = PRISM_TRANSFORM_NONE;
    options.predictor = PRISM_PREDICTOR_LSQ;
    options.coder = PRISM_CODER_ANS;
    prism_status status = request->inner->encode(&out, &used, &sample->array, sample->elements,
                                                 &options, role, error);
    *size = out.size;
    px_buffer_free(&out);
    return status;
}

static prism_status own_size(double *bytes, px_rival *r, unsigned place, prism_error *error) {
    px_byte_choice *c = better(r);
    const prism_array cut = small_part(c->array, c->effort);
    px_sample sample;
    size_t size = 0;
    prism_status status = px_sample_cut_at(&sample, c->array, c->elements, &cut, place, error);
    if (status == PRISM_OK)
        status = px_byte_choice_size(&size, c, &sample.array, sample.elements, error);
    *bytes = (double)size + sample.share * (double)c->besides;
    px_sample_free(&sample);
    return status;
}

/* Where time is short, the middle: if that is emptier than the whole, coder zstd is the sooner
 * clear. */
static unsigned sample_place(const px_mapping_request *request, const prism_array *cut) {
    return px_efforts.brisk[request->options->effort]
               ? PX_MIDDLE
               : px_sample_place(request->array, request->elements, cut);
}

prism_status px_rival_is_clear(bool *clear, px_rival *r, prism_error *error) {
    const prism_array cut = small_part(r->request->array, r->request->options->effort);
    px_sample sample;
    size_t other = 0;
    double own = 0;
    *clear = false;
    if (!px_efforts.zstd_alone[r->request->options->effort] ||
        r->request->survey->look.nearby < MANY || has_few_values(r->request))
        return PRISM_OK;
    prism_status status = get_ready(r, error);
    if (status == PRISM_OK)
        status = is_next_to_nothing(clear, r, better(r), error);
    if (status != PRISM_OK || *clear || !px_byte_choice_may_be_clear(better(r)))
        return status;
    status = px_sample_cut_at(&sample, r->request->array, r->request->elements, &cut,
                              sample_place(r->request, &cut), error);
    if (status == PRISM_OK)
        status = native_size(&other, r, &sample, error);
    if (status == PRISM_OK)
        status = own_size(&own, r, sample.sixteenths, error);
    *clear = own < (sample.sixteenths == PX_MIDDLE ? CLEARLY_SMALLER : CLEARLY_SMALLER_ELSEWHERE) *
                       (double)other;
    px_sample_free(&sample);
    return status;
}

/* ---- All elements ---- */

/* Estimates of all candidates take so little time that no look is needed. */
static bool is_short(const px_rival *r) {
    enum { SHORT = 1 << 15 /* bytes */, FEW = 1 << 14 /* elements */ };
    const prism_array *array = r->request->array;
    const uint64_t count = px_array_count(array);
    return (count < FEW || count * prism_type_size(array->type) < SHORT) &&
           !px_efforts.brisk[r->request->options->effort];
}

/* Looks may be wrong by so much, more where elements come again, which is worth estimates where
 * time is not that short; and estimates, which is worth a trial where it is not spared. */
static const double DOUBT = 1.03, DOUBT_OF_REPETITIONS = 1.3, DOUBT_AT_LEISURE = 2,
                    DOUBT_OF_ESTIMATES = 1.06, DOUBT_OF_QUICK_TRIALS = 1.2;

static double doubt_of_look(const px_rival *r) {
    const px_byte_look *look = &r->request->survey->look;
    const int effort = r->request->options->effort;
    if (px_efforts.brisk[effort])
        return 1;
    if (fmax(look->nearby, look->far) <= SOME)
        return DOUBT;
    return effort > PX_EFFORT_DEFAULT ? DOUBT_AT_LEISURE : DOUBT_OF_REPETITIONS;
}

prism_status px_rival_may_win(bool *may, px_rival *r, size_t other, bool repeats,
                              prism_error *error) {
    const int effort = r->request->options->effort;
    const px_byte_look *look = &r->request->survey->look;
    const double looked = (double)other * doubt_of_look(r);
    const bool spared = effort <= PX_EFFORT_DEFAULT && !is_short(r);
    const double shortly = effort <= PX_EFFORT_DEFAULT ? DOUBT : DOUBT_OF_ESTIMATES;
    const double doubt = repeats ? DOUBT_OF_QUICK_TRIALS : spared ? 1 : shortly;
    const double most = (double)other * doubt;
    *may = is_short(r) || repeats || px_byte_look_promises(look, looked);
    prism_status status = *may ? PRISM_OK : places_promise(may, r, looked, error);
    if (status == PRISM_OK && *may)
        status = get_ready(r, error);
    if (status == PRISM_OK && *may)
        status = px_byte_choice_may_win(may, better(r), (size_t)most, look->far, error);
    if (status == PRISM_OK && r->by_table && !*may) { /* estimates rank the two wrongly at times */
        r->by_table = false;
        status = px_byte_choice_may_win(may, better(r), (size_t)most, look->far, error);
    }
    return status;
}

prism_status px_rival_encode(px_coded *coded, px_rival *r, prism_error *error) {
    *coded = (px_coded){.is_mapped = false};
    prism_status status = get_ready(r, error);
    if (status == PRISM_OK)
        status = decide(r, error);
    if (status != PRISM_OK)
        return status;
    return r->by_table ? px_places_encode(coded, r->request, error)
                       : px_byte_choice_encode(coded, &r->of_elements, error);
}
