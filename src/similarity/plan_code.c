/* A plan as adaptive bits: planes that follow each other and references to the turns just before
 * cost next to nothing. docs/FORMAT.md, "Transforms". */
#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "similarity/dependencies.h"
#include "similarity/plan.h"

typedef struct plan_models {
    px_integer plane, distances[PX_REFERENCES];
    px_bit more[PX_REFERENCES][PX_REFERENCES + 1]; /* by the references of the frame before */
    px_bit duplicates;
} plan_models;

static void models_init(plan_models *m) {
    const px_bit even = PX_BIT_INIT;
    px_integer_init(&m->plane);
    for (int r = 0; r < PX_REFERENCES; r++) {
        px_integer_init(&m->distances[r]);
        for (int before = 0; before <= PX_REFERENCES; before++)
            m->more[r][before] = even;
    }
    m->duplicates = even;
}

/* Turns between a reference and the frame, not counting a reference that is known already. */
static int32_t distance_of(uint32_t turn, const px_frame *frame, int r) {
    int32_t distance = (int32_t)(turn - 1 - frame->references[r]);
    return distance - (r > 0 && frame->references[r] < frame->references[0]);
}

void px_stack_plan_write(const px_stack_plan *plan, px_range_encoder *coder) {
    plan_models m;
    models_init(&m);
    uint32_t expected = 0;
    int before = 0;
    for (uint32_t turn = 0; turn < plan->count; turn++) {
        const px_frame *frame = &plan->frames[turn];
        px_encode_integer(coder, &m.plane, (int32_t)(frame->plane - expected));
        expected = frame->plane + 1;
        for (int r = 0; r < PX_REFERENCES; r++) {
            px_encode_bit(coder, &m.more[r][before], r < frame->count);
            if (r == frame->count)
                break;
            px_encode_integer(coder, &m.distances[r], distance_of(turn, frame, r));
            if (r == 0)
                px_encode_bit(coder, &m.duplicates, frame->duplicates);
            if (frame->duplicates)
                break;
        }
        before = frame->count;
    }
}

void px_stack_plan_free(px_stack_plan *plan) {
    free(plan->frames);
    *plan = (px_stack_plan){0};
}

/* ---- Reading ---- */

typedef struct plan_reader {
    px_range_decoder *coder;
    plan_models models;
    px_dependencies *all; /* [count] */
    bool *known;          /* [count], planes */
} plan_reader;

static bool read_reference(plan_reader *reader, uint32_t turn, px_frame *frame, int r) {
    int64_t distance = px_decode_integer(reader->coder, &reader->models.distances[r]);
    int64_t reference = (int64_t)turn - 1 - distance;
    if (r > 0 && reference <= (int64_t)frame->references[0])
        reference--;
    frame->references[r] = (uint32_t)reference;
    frame->count++;
    return distance >= 0 && reference >= 0;
}

static bool read_frame(plan_reader *reader, px_stack_plan *plan, uint32_t turn) {
    plan_models *m = &reader->models;
    px_frame *frame = &plan->frames[turn];
    const px_frame *last = turn ? frame - 1 : NULL;
    int64_t plane = last ? (int64_t)last->plane + 1 : 0;
    plane += px_decode_integer(reader->coder, &m->plane);
    if (plane < 0 || plane >= (int64_t)plan->count || reader->known[plane])
        return false;
    *frame = (px_frame){.plane = (uint32_t)plane};
    reader->known[plane] = true;
    for (int r = 0; r < PX_REFERENCES && !frame->duplicates; r++) {
        if (!px_decode_bit(reader->coder, &m->more[r][last ? last->count : 0]))
            break;
        if (!read_reference(reader, turn, frame, r))
            return false;
        if (r == 0)
            frame->duplicates = px_decode_bit(reader->coder, &m->duplicates);
    }
    return px_dependencies_make(&reader->all[turn], reader->all, turn, frame->references,
                                frame->count, PX_CHAIN);
}

uint64_t px_stack_plan_memory(size_t count) {
    return count * (uint64_t)(sizeof(px_frame) + sizeof(px_dependencies) + sizeof(bool));
}

prism_status px_stack_plan_read(px_stack_plan *plan, size_t count, px_range_decoder *coder,
                                prism_error *error) {
    plan_reader reader = {.coder = coder};
    *plan = (px_stack_plan){.count = count};
    if (count > PX_PLAN_FRAMES)
        return px_fail(error, PRISM_E_CORRUPT, "a stack of %zu frames has no plan", count);
    models_init(&reader.models);
    plan->frames = calloc(count, sizeof *plan->frames);
    reader.all = px_alloc(count, sizeof *reader.all);
    reader.known = calloc(count, sizeof *reader.known);
    prism_status status = PRISM_OK;
    if (!plan->frames || !reader.all || !reader.known)
        status = px_out_of_memory(error, count * sizeof *reader.all);
    for (uint32_t turn = 0; turn < count && status == PRISM_OK; turn++)
        if (!read_frame(&reader, plan, turn) || coder->in->failed)
            status =
                px_fail(error, PRISM_E_CORRUPT, "the plan of a stack is wrong at frame %u", turn);
    free(reader.all);
    free(reader.known);
    if (status != PRISM_OK)
        px_stack_plan_free(plan);
    return status;
}
