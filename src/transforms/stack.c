/*
 * transform=stack: planes in coding order, and the difference from the frame that is most like it
 * in place of a frame that this makes cheaper. For coders that do not predict from other planes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "planes/stages.h"
#include "similarity/plan.h"
#include "transforms/stack_trial.h"

/* By how much differences must be smaller: planes side by side gain more from each other if they
 * are of one kind. */
static const double CLEARLY = 0.95;

typedef struct stack {
    px_stack_plan plan;
    bool *differs; /* [count], by turn: the plane is the difference from its first reference */
} stack;

static void stack_free(stack *s) {
    px_stack_plan_free(&s->plan);
    free(s->differs);
}

/* Frame number i becomes the one that was number sources[i]. `sources` is used up. */
static prism_status reorder(px_planes *planes, uint32_t *sources, prism_error *error) {
    const size_t bytes = px_product(px_plane_size(planes), sizeof *planes->samples);
    int16_t *first = px_alloc(bytes);
    if (!first)
        return px_out_of_memory(error, bytes);
    for (uint32_t start = 0; start < planes->count; start++) {
        uint32_t to = start;
        memcpy(first, px_plane(planes, start), bytes);
        while (sources[to] != start) {
            const uint32_t from = sources[to];
            memcpy(px_plane(planes, to), px_plane(planes, from), bytes);
            sources[to] = to;
            to = from;
        }
        memcpy(px_plane(planes, to), first, bytes);
        sources[to] = to;
    }
    free(first);
    return PRISM_OK;
}

static prism_status into_order(px_planes *planes, const px_stack_plan *plan, bool back,
                               prism_error *error) {
    uint32_t *sources = px_alloc(plan->count, sizeof *sources);
    if (!sources)
        return px_out_of_memory(error, plan->count * sizeof *sources);
    for (uint32_t turn = 0; turn < plan->count; turn++)
        sources[back ? plan->frames[turn].plane : turn] = back ? turn : plan->frames[turn].plane;
    prism_status status = reorder(planes, sources, error);
    free(sources);
    return status;
}

static void subtract(px_planes *planes, size_t from, size_t what) {
    int16_t *samples = px_plane(planes, from);
    const int16_t *other = px_plane(planes, what);
    for (size_t p = 0; p < px_plane_size(planes); p++)
        samples[p] = px_wrap(samples[p] - other[p], planes->depth);
}

static void add(px_planes *planes, size_t to, size_t what) {
    int16_t *samples = px_plane(planes, to);
    const int16_t *other = px_plane(planes, what);
    for (size_t p = 0; p < px_plane_size(planes); p++)
        samples[p] = px_wrap(samples[p] + other[p], planes->depth);
}

/* The frame of a turn becomes its difference from its first reference if that is cheaper. */
static prism_status subtract_reference(px_planes *planes, stack *s, size_t turn, px_trial *trial,
                                       prism_error *error) {
    const px_frame *frame = &s->plan.frames[turn];
    double before = 0, after = 0;
    prism_status status = px_trial_size(&before, trial, planes, turn, error);
    if (status != PRISM_OK)
        return status;
    subtract(planes, turn, frame->references[0]);
    if (!frame->duplicates)
        status = px_trial_size(&after, trial, planes, turn, error);
    s->differs[turn] = frame->duplicates || after < CLEARLY * before;
    if (!s->differs[turn])
        add(planes, turn, frame->references[0]);
    return status;
}

/* From the last frame to the first, so that references are still what they were. */
static prism_status subtract_references(px_planes *planes, stack *s, px_trial *trial,
                                        prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t turn = s->plan.count; turn-- > 0 && status == PRISM_OK;)
        if (s->plan.frames[turn].count)
            status = subtract_reference(planes, s, turn, trial, error);
    return status;
}

static void write_stack(const stack *s, px_buffer *parameters) {
    px_range_encoder coder = px_range_encoder_make(parameters);
    px_stack_plan_write(&s->plan, &coder);
    px_bit differs = PX_BIT_INIT;
    for (size_t turn = 0; turn < s->plan.count; turn++)
        if (s->plan.frames[turn].count && !s->plan.frames[turn].duplicates)
            px_encode_bit(&coder, &differs, s->differs[turn]);
    px_range_encoder_finish(&coder);
}

/* libjxl makes use of the frames before even if nothing is changed. */
static bool is_of_use(const stack *s, prism_coder coder) {
    for (size_t turn = 0; turn < s->plan.count; turn++)
        if (s->plan.frames[turn].plane != turn || s->differs[turn] ||
            (coder == PRISM_CODER_JXL && s->plan.frames[turn].count))
            return true;
    return false;
}

static prism_status forward(px_planes *planes, const px_task *task, px_buffer *parameters,
                            prism_error *error) {
    stack s = {.differs = calloc(planes->count, sizeof *s.differs)};
    px_trial trial;
    if (!s.differs)
        return px_out_of_memory(error, planes->count * sizeof *s.differs);
    prism_status status = px_stack_plan_make(&s.plan, planes, task->effort, error);
    if (status == PRISM_OK)
        status = into_order(planes, &s.plan, false, error);
    if (status == PRISM_OK)
        status = px_trial_make(&trial, planes, task, error);
    if (status == PRISM_OK) {
        status = subtract_references(planes, &s, &trial, error);
        if (status == PRISM_OK && is_of_use(&s, task->pipeline.coder))
            write_stack(&s, parameters);
        px_trial_free(&trial);
    }
    stack_free(&s);
    return status;
}

static prism_status read_stack(stack *s, size_t count, px_reader *parameters, prism_error *error) {
    px_range_decoder coder = px_range_decoder_make(parameters);
    *s = (stack){.differs = calloc(count, sizeof *s->differs)};
    if (!s->differs)
        return px_out_of_memory(error, count * sizeof *s->differs);
    prism_status status = px_stack_plan_read(&s->plan, count, &coder, error);
    px_bit differs = PX_BIT_INIT;
    for (size_t turn = 0; turn < count && status == PRISM_OK; turn++)
        if (s->plan.frames[turn].count)
            s->differs[turn] = s->plan.frames[turn].duplicates || px_decode_bit(&coder, &differs);
    if (status == PRISM_OK && parameters->failed)
        status = px_fail(error, PRISM_E_CORRUPT, "the parameters of a stack end too early");
    return status;
}

static prism_status inverse(px_planes *planes, px_reader *parameters, prism_error *error) {
    stack s;
    prism_status status = read_stack(&s, planes->count, parameters, error);
    for (size_t turn = 0; turn < planes->count && status == PRISM_OK; turn++)
        if (s.differs[turn])
            add(planes, turn, s.plan.frames[turn].references[0]);
    if (status == PRISM_OK)
        status = into_order(planes, &s.plan, true, error);
    stack_free(&s);
    return status;
}

static uint64_t inverse_memory(const px_planes *planes) {
    const uint64_t frame = px_plane_size(planes) * sizeof *planes->samples;
    return planes->count * (sizeof(bool) + sizeof(uint32_t)) + px_stack_plan_memory(planes->count) +
           frame;
}

const px_transform_stage px_stack = {forward, inverse, inverse_memory};
