/*
 * coder=ans: which of the project's own methods codes a chunk. The first byte of the parameters
 * says it. docs/FORMAT.md, "The native coder".
 */
#include "native.h"

#include "bit_set.h"
#include "indices/indices.h"
#include "memoryless/memoryless.h"
#include "status.h"

enum {
    METHOD_QUICK = 1,
    METHOD_LSQ = 2,
    METHOD_ONLINE = 3,
    METHOD_FRAMES = 4,
    METHOD_INDICES = 5,
    METHOD_MIXED = 6,
    METHOD_MEMORYLESS = 7
};
enum {
    LAST_QUICK_EFFORT = 3,
    FIRST_INDICES_EFFORT = 4,
    FIRST_MEMORYLESS_EFFORT = 4,
    DEFAULT_EFFORT = 5,
    FIRST_LEARNING_EFFORT = 8
};

/* By how much a fitted method at the default effort may miss what the learning one needs and still
 * deserve all of its own time: about twice of what that time ever gained where it won. */
static const double FITTED_CHANCE = 1.02;

/*
 * With that many different values or fewer, px_indices is smaller even for pictures of coarse grey
 * levels. With more, a part of the planes is coded by it and by px_lsq at the default effort; only
 * where neither is that much smaller, the whole is coded by both.
 */
enum { SURELY_INDICES = 8, PART_PLANES = 4, PART_SAMPLES = 1 << 16 };
static const double CLEARLY_INDICES = 0.7, CLEARLY_NOT = 1.25;

static const px_native_method *method_of(uint8_t id) {
    switch (id) {
    case METHOD_QUICK:
        return &px_quick;
    case METHOD_LSQ:
        return &px_lsq;
    case METHOD_ONLINE:
        return &px_online;
    case METHOD_FRAMES:
        return &px_frames;
    case METHOD_INDICES:
        return &px_indices;
    case METHOD_MIXED:
        return &px_mixed;
    case METHOD_MEMORYLESS:
        return &px_memoryless;
    default:
        return NULL;
    }
}

/* A chunk as one of the methods codes it. */
typedef struct coded {
    px_pipeline pipeline;
    px_buffer parameters, payload;
} coded;

static void coded_free(coded *c) {
    px_buffer_free(&c->parameters);
    px_buffer_free(&c->payload);
}

static size_t coded_size(const coded *c) {
    return c->parameters.size + c->payload.size;
}

static void swap(coded *a, coded *b) {
    coded kept = *a;
    *a = *b;
    *b = kept;
}

/* Stops when it has more than `limit` bytes. */
static prism_status encode_by(coded *c, uint8_t id, const px_planes *planes,
                              const px_pipeline *pipeline, int effort, size_t limit,
                              prism_error *error) {
    *c = (coded){.pipeline = *pipeline};
    c->pipeline.effort = effort;
    px_put_u8(&c->parameters, id);
    prism_status status =
        method_of(id)->encode(planes, &c->pipeline, limit, &c->parameters, &c->payload, error);
    c->pipeline.effort = pipeline->effort;
    return status == PRISM_OK ? px_buffers_status(&c->parameters, &c->payload, error) : status;
}

/* Learning from the samples themselves may come too late in a small chunk, or find too little: then
 * a method whose fits are sent is better. It takes a third of the time; how far it comes in a tenth
 * of that shows whether it may win. */
static prism_status encode_strongest(coded *c, uint8_t learning, uint8_t fitted,
                                     const px_planes *planes, const px_pipeline *pipeline,
                                     size_t limit, prism_error *error) {
    const int effort = pipeline->effort;
    coded other;
    prism_status status = encode_by(c, learning, planes, pipeline, effort, limit, error);
    if (status != PRISM_OK)
        return status;
    const size_t near = (size_t)((double)coded_size(c) * FITTED_CHANCE);
    status = encode_by(&other, fitted, planes, pipeline, DEFAULT_EFFORT, near, error);
    if (status == PRISM_OK && coded_size(&other) <= near) {
        coded_free(&other);
        status = encode_by(&other, fitted, planes, pipeline, effort, coded_size(c), error);
    }
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
    prism_status status =
        encode_by(&other, METHOD_QUICK, planes, &plain, pipeline->effort, coded_size(c), error);
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
    const uint8_t fitted = stack                         ? METHOD_FRAMES
                           : effort <= LAST_QUICK_EFFORT ? METHOD_QUICK
                                                         : METHOD_LSQ;
    if (effort >= FIRST_LEARNING_EFFORT)
        return encode_strongest(c, stack ? METHOD_MIXED : METHOD_ONLINE, fitted, planes, pipeline,
                                limit, error);
    prism_status status = encode_by(c, fitted, planes, pipeline, effort, limit, error);
    if (status == PRISM_OK && fitted == METHOD_QUICK && may_do_without_lift(pipeline))
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

/* *ratio: what px_indices needs of what px_lsq needs; 1 where the part is too narrow for it. How
 * large the ratio is above CLEARLY_NOT does not matter. */
static prism_status compare(double *ratio, const px_planes *planes, const px_pipeline *pipeline,
                            prism_error *error) {
    const px_planes part = middle_of(planes);
    const size_t plain = part.count * px_plane_size(&part) * sizeof *part.samples;
    coded lsq, indices = {.pipeline = {0}};
    *ratio = 1;
    if (!px_indices_values(&part))
        return PRISM_OK;
    prism_status status =
        encode_by(&lsq, METHOD_LSQ, &part, pipeline, DEFAULT_EFFORT, plain, error);
    const size_t enough = (size_t)((double)coded_size(&lsq) * CLEARLY_NOT) + 1;
    if (status == PRISM_OK)
        status = encode_by(&indices, METHOD_INDICES, &part, pipeline, FIRST_INDICES_EFFORT, enough,
                           error);
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
    if (px_indices_values(planes) > SURELY_INDICES)
        status = compare(&ratio, planes, pipeline, error);
    if (status != PRISM_OK || ratio > CLEARLY_NOT)
        return status == PRISM_OK ? encode_by_effort(c, planes, pipeline, limit, error) : status;
    status = encode_by(c, METHOD_INDICES, planes, pipeline, pipeline->effort, limit, error);
    if (status != PRISM_OK || ratio < CLEARLY_INDICES)
        return status;
    status = encode_by_effort(&other, planes, pipeline, coded_size(c), error);
    if (status == PRISM_OK && coded_size(&other) < coded_size(c))
        swap(c, &other);
    coded_free(&other);
    return status;
}

/* Where predicting was of no use. */
static prism_status try_memoryless(coded *c, const px_planes *planes, const px_pipeline *pipeline,
                                   prism_error *error) {
    coded other;
    size_t bytes;
    prism_status status = px_memoryless_bytes(&bytes, planes, error);
    if (status != PRISM_OK || bytes >= coded_size(c))
        return status;
    status = encode_by(&other, METHOD_MEMORYLESS, planes, pipeline, pipeline->effort, coded_size(c),
                       error);
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
                               pipeline->effort >= FIRST_INDICES_EFFORT
                           ? px_indices_values(planes)
                           : 0;
    return values && values <= SURELY_INDICES
               ? encode_by(c, METHOD_INDICES, planes, pipeline, pipeline->effort, limit, error)
               : encode_by_effort(c, planes, pipeline, limit, error);
}

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, size_t limit,
                           px_buffer *parameters, px_buffer *payload, prism_error *error) {
    coded c = {.pipeline = {0}};
    const bool few =
        !pipeline->swift && pipeline->effort >= FIRST_INDICES_EFFORT && px_indices_values(planes);
    prism_status status = pipeline->swift ? encode_swiftly(&c, planes, pipeline, limit, error)
                          : few           ? encode_few_values(&c, planes, pipeline, limit, error)
                                          : encode_by_effort(&c, planes, pipeline, limit, error);
    if (status == PRISM_OK && pipeline->effort >= FIRST_MEMORYLESS_EFFORT &&
        (!pipeline->swift || have_few_values(planes)))
        status = try_memoryless(&c, planes, pipeline, error);
    if (status == PRISM_OK) {
        *pipeline = c.pipeline;
        px_put_bytes(parameters, c.parameters.data, c.parameters.size);
        px_put_bytes(payload, c.payload.data, c.payload.size);
    }
    coded_free(&c);
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, int threads, prism_error *error) {
    uint8_t id = px_get_u8(parameters);
    const px_native_method *method = method_of(id);
    if (!method)
        return px_fail(error, PRISM_E_CORRUPT, "method %u of coder ans is not known", id);
    prism_status status = method->late ? PRISM_OK : px_planes_take(planes, error);
    return status == PRISM_OK
               ? method->decode(planes, pipeline, parameters, payload, threads, error)
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

const px_coder_stage px_ans = {true, encode, decode, decode_memory};
