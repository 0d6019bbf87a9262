/*
 * coder=ans: which of the project's own methods codes a chunk. The first byte of the parameters
 * says it. docs/FORMAT.md, "The native coder".
 */
#include "coders/method.h"

#include "base/bit_set.h"
#include "base/effort.h"
#include "base/status.h"
#include "coders/ans/order0/order0.h"
#include "coders/ans/palette/palette.h"

/* By how much a fitted method at the default effort may miss what the learning one needs and still
 * deserve all of its own time: about twice of what that time ever gained where it won. */
static const double FITTED_CHANCE = 1.02;

/*
 * With that many different values or fewer, px_palette is smaller even for pictures of coarse grey
 * levels. With more, a part of the planes is coded by it and by px_lsq at the default effort; only
 * where neither is that much smaller, the whole is coded by both.
 */
enum { SURELY_INDICES = 8, PART_PLANES = 4, PART_SAMPLES = 1 << 16 };
static const double CLEARLY_INDICES = 0.7, CLEARLY_NOT = 1.25;

static const px_native_method *const methods[] = {
    [PRISM_METHOD_QUICK] = &px_quick,       [PRISM_METHOD_LSQ] = &px_lsq,
    [PRISM_METHOD_ADAPTIVE] = &px_adaptive, [PRISM_METHOD_FRAMES] = &px_frames,
    [PRISM_METHOD_PALETTE] = &px_palette,   [PRISM_METHOD_MIXED] = &px_mixed,
    [PRISM_METHOD_ORDER0] = &px_order0};

static const px_native_method *method_of(size_t id) {
    return id < sizeof methods / sizeof *methods ? methods[id] : NULL;
}

/* A chunk as one of the methods codes it. */
typedef struct coded {
    px_pipeline pipeline;
    px_sections sections;
} coded;

static void coded_free(coded *c) {
    px_sections_free(&c->sections);
}

static size_t coded_size(const coded *c) {
    return px_sections_size(&c->sections);
}

static void swap(coded *a, coded *b) {
    coded kept = *a;
    *a = *b;
    *b = kept;
}

/* Stops when it has more than `limit` bytes. */
static prism_status encode_by(coded *c, prism_method id, const px_planes *planes,
                              const px_pipeline *pipeline, int effort, size_t limit,
                              prism_error *error) {
    *c = (coded){.pipeline = *pipeline};
    px_put_u8(&c->sections.parameters, (uint8_t)id);
    prism_status status =
        method_of(id)->encode(planes, &c->pipeline, effort, limit, &c->sections, error);
    return status == PRISM_OK ? px_sections_status(&c->sections, error) : status;
}

/* Learning from the samples themselves may come too late in a small chunk, or find too little: then
 * a method whose fits are sent is better. It takes a third of the time; how far it comes in a tenth
 * of that shows whether it may win. */
static prism_status encode_strongest(coded *c, prism_method learning, prism_method fitted,
                                     const px_planes *planes, const px_pipeline *pipeline,
                                     size_t limit, prism_error *error) {
    const int effort = pipeline->effort;
    coded other;
    prism_status status = encode_by(c, learning, planes, pipeline, effort, limit, error);
    if (status != PRISM_OK)
        return status;
    const size_t near = (size_t)((double)coded_size(c) * FITTED_CHANCE);
    status = encode_by(&other, fitted, planes, pipeline, PX_EFFORT_DEFAULT, near, error);
    const bool may_win = status == PRISM_OK && coded_size(&other) <= near;
    if (status == PRISM_OK && coded_size(&other) < coded_size(c))
        swap(c, &other);
    coded_free(&other);
    if (!may_win)
        return status;
    status = encode_by(&other, fitted, planes, pipeline, effort, coded_size(c), error);
    if (status == PRISM_OK && coded_size(&other) < coded_size(c))
        swap(c, &other);
    coded_free(&other);
    return status;
}

/* Frames, by automatic options: one matrix for whole frames may be worse than none where a part of
 * them moves, and the middle, which decides, does not. */
static bool may_do_without_lift(const px_pipeline *pipeline) {
    return pipeline->selective && pipeline->axis == 0 &&
           pipeline->transform == PRISM_TRANSFORM_CHANNELS;
}

static prism_status try_without_lift(coded *c, const px_planes *planes, const px_pipeline *pipeline,
                                     prism_error *error) {
    px_pipeline plain = *pipeline;
    plain.transform = PRISM_TRANSFORM_NONE;
    coded other;
    prism_status status = encode_by(&other, PRISM_METHOD_QUICK, planes, &plain, pipeline->effort,
                                    coded_size(c), error);
    if (status == PRISM_OK && coded_size(&other) < coded_size(c))
        swap(c, &other);
    coded_free(&other);
    return status;
}

/* The coder that the transform or the effort asks for. */
static prism_status encode_by_effort(coded *c, const px_planes *planes, const px_pipeline *pipeline,
                                     size_t limit, prism_error *error) {
    const int effort = pipeline->effort;
    const bool stack = pipeline->transform == PRISM_TRANSFORM_STACK;
    const prism_method usual = (stack ? px_efforts.frames : px_efforts.planes)[effort];
    const prism_method fitted = stack ? PRISM_METHOD_FRAMES : px_efforts.fitted[effort];
    if (usual != fitted)
        return encode_strongest(c, usual, fitted, planes, pipeline, limit, error);
    prism_status status = encode_by(c, fitted, planes, pipeline, effort, limit, error);
    if (status == PRISM_OK && fitted == PRISM_METHOD_QUICK && may_do_without_lift(pipeline))
        status = try_without_lift(c, planes, pipeline, error);
    return status;
}

/* Rows in the middle of planes in the middle. */
static px_planes middle_of(const px_planes *planes) {
    px_planes part = *planes;
    part.count = planes->count < PART_PLANES ? planes->count : PART_PLANES;
    part.height = PART_SAMPLES / (part.count * planes->width) + 1;
    part.height = planes->height < part.height ? planes->height : part.height;
    part.samples = px_plane(planes, (planes->count - part.count) / 2) +
                   (planes->height - part.height) / 2 * planes->width;
    return part;
}

/* *ratio: what px_palette needs of what px_lsq needs; 1 where the part is too narrow for it. How
 * large the ratio is above CLEARLY_NOT does not matter. */
static prism_status compare(double *ratio, const px_planes *planes, const px_pipeline *pipeline,
                            prism_error *error) {
    const px_planes part = middle_of(planes);
    const size_t plain = part.count * px_plane_size(&part) * sizeof *part.samples;
    coded lsq, indices = {.pipeline = {0}};
    *ratio = 1;
    if (!px_palette_values(&part))
        return PRISM_OK;
    prism_status status =
        encode_by(&lsq, PRISM_METHOD_LSQ, &part, pipeline, PX_EFFORT_DEFAULT, plain, error);
    const size_t enough = (size_t)((double)coded_size(&lsq) * CLEARLY_NOT) + 1;
    if (status == PRISM_OK)
        status = encode_by(&indices, PRISM_METHOD_PALETTE, &part, pipeline, PX_EFFORT_FITTED,
                           enough, error);
    if (status == PRISM_OK)
        *ratio = (double)coded_size(&indices) / (double)coded_size(&lsq);
    coded_free(&indices);
    coded_free(&lsq);
    return status;
}

static prism_status encode_few_values(coded *c, const px_planes *planes,
                                      const px_pipeline *pipeline, size_t limit,
                                      prism_error *error) {
    double ratio = 0;
    coded other;
    prism_status status = PRISM_OK;
    if (px_palette_values(planes) > SURELY_INDICES)
        status = compare(&ratio, planes, pipeline, error);
    if (status != PRISM_OK || ratio > CLEARLY_NOT)
        return status == PRISM_OK ? encode_by_effort(c, planes, pipeline, limit, error) : status;
    status = encode_by(c, PRISM_METHOD_PALETTE, planes, pipeline, pipeline->effort, limit, error);
    if (status != PRISM_OK || ratio < CLEARLY_INDICES)
        return status;
    status = encode_by_effort(&other, planes, pipeline, coded_size(c), error);
    if (status == PRISM_OK && coded_size(&other) < coded_size(c))
        swap(c, &other);
    coded_free(&other);
    return status;
}

/* Where predicting was of no use. */
static prism_status try_order0(coded *c, const px_planes *planes, const px_pipeline *pipeline,
                               prism_error *error) {
    coded other;
    size_t bytes;
    prism_status status = px_order0_bytes(&bytes, planes, error);
    if (status != PRISM_OK || bytes >= coded_size(c))
        return status;
    status = encode_by(&other, PRISM_METHOD_ORDER0, planes, pipeline, pipeline->effort,
                       coded_size(c), error);
    if (status == PRISM_OK && coded_size(&other) < coded_size(c))
        swap(c, &other);
    coded_free(&other);
    return status;
}

/* Whether values come often enough for counts of them to be of use. To count them as far as they
 * reach takes longer. */
static bool have_few_values(const px_planes *planes) {
    enum { SAMPLES_PER_VALUE = 2 };
    px_bit_set seen = {{0}};
    size_t values = 0, samples = 0;
    for (size_t k = 0; k < planes->count; k++, samples += px_plane_size(planes))
        for (size_t i = 0; i < px_plane_size(planes); i++)
            values += px_bit_set_add(&seen, (uint16_t)px_plane(planes, k)[i]);
    return values * SAMPLES_PER_VALUE <= samples;
}

/* One method, without trials: indices take ten times as long for a sample as others do. */
static prism_status encode_swiftly(coded *c, const px_planes *planes, const px_pipeline *pipeline,
                                   size_t limit, prism_error *error) {
    enum { MOST_INDICES = 512 }; /* samples */
    const int values = planes->count * px_plane_size(planes) <= MOST_INDICES &&
                               px_efforts.palette[pipeline->effort]
                           ? px_palette_values(planes)
                           : 0;
    return values && values <= SURELY_INDICES ? encode_by(c, PRISM_METHOD_PALETTE, planes, pipeline,
                                                          pipeline->effort, limit, error)
                                              : encode_by_effort(c, planes, pipeline, limit, error);
}

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, size_t limit,
                           px_sections *out, prism_error *error) {
    coded c = {.pipeline = {0}};
    const bool few =
        !pipeline->swift && px_efforts.palette[pipeline->effort] && px_palette_values(planes);
    prism_status status = pipeline->swift ? encode_swiftly(&c, planes, pipeline, limit, error)
                          : few           ? encode_few_values(&c, planes, pipeline, limit, error)
                                          : encode_by_effort(&c, planes, pipeline, limit, error);
    if (status == PRISM_OK && px_efforts.order0[pipeline->effort] &&
        (!pipeline->swift || have_few_values(planes)))
        status = try_order0(&c, planes, pipeline, error);
    if (status == PRISM_OK) {
        *pipeline = c.pipeline;
        px_sections_append(out, &c.sections);
    }
    coded_free(&c);
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    uint8_t id = px_get_u8(parameters);
    const px_native_method *method = method_of(id);
    if (!method)
        return px_fail(error, PRISM_E_CORRUPT, "method %u of coder ans is not known", id);
    prism_status status = method->late ? PRISM_OK : px_planes_take(planes, error);
    return status == PRISM_OK
               ? method->decode(planes, pipeline, parameters, payload, request, error)
               : status;
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    const px_native_method *method = method_of(px_get_u8(&parameters));
    if (!method)
        return 0;
    const uint64_t early = method->late ? 0 : px_planes_bytes(planes);
    return early + method->decode_memory(planes, pipeline, parameters, payload_size);
}

static prism_method method(px_reader parameters) {
    const uint8_t id = px_get_u8(&parameters);
    return method_of(id) ? (prism_method)id : PRISM_METHOD_NONE;
}

const px_coder_stage px_ans = {true, encode, decode, decode_memory, method};
