/*
 * Engines as large as the positions can teach: what a chunk of few positions gains from
 * neighbours it loses to learning their many weights.
 */
#include "coders/ans/adaptive/plan.h"

#include <string.h>

#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/adaptive/model.h"

/* Memory of an engine, in entries of its matrices, may be this for each sample of the group. */
enum { ENTRIES_PER_SAMPLE = 16, FREE_ENTRIES = 1 << 16 };

static size_t engine_size(const px_engine_plan *engine, size_t bands) {
    return 1 + (1 + (size_t)engine->neighbours) * bands;
}

static bool engine_fits(const px_engine_plan *engine, size_t bands, size_t positions) {
    size_t size = engine_size(engine, bands);
    return size <= PX_ENGINE_SIZE &&
           size * size * engine->classes <= ENTRIES_PER_SAMPLE * bands * positions + FREE_ENTRIES;
}

static void shrink_to_fit(px_engine_plan *engine, size_t bands, size_t positions) {
    while (engine->neighbours && !engine_fits(engine, bands, positions))
        engine->neighbours--;
    if (engine->classes && !engine_fits(engine, bands, positions))
        engine->classes = 1;
}

/* Bytes of a model, as a multiple of those of the samples; small chunks may have as much as those
 * of 1 MiB. Decoding has the planes and the samples of a group besides, and traces of a row of all
 * bands, which smaller engines do not change: a single row has none. */
enum { MODEL_TIMES = 6, MODEL_BYTES = MODEL_TIMES << 20 };

static bool model_fits(const px_adaptive_plan *plan, size_t bands, size_t positions,
                       unsigned depth) {
    const uint64_t most = px_product(MODEL_TIMES * (depth / 8), bands, positions);
    return px_adaptive_model_memory(plan, 1, positions, depth) <=
           (most > MODEL_BYTES ? most : MODEL_BYTES);
}

static size_t entries_of(const px_engine_plan *engine, size_t bands) {
    const size_t size = engine_size(engine, bands);
    return engine->neighbours || engine->classes > 1 ? size * size * engine->classes : 0;
}

/* The largest engine learns less, until the model has room; false if none can. */
static bool shrink_largest(px_adaptive_plan *plan) {
    const size_t bands = (size_t)plan->group_bands;
    px_engine_plan *largest = &plan->engines[0];
    for (int g = 1; g < PX_ENGINES; g++)
        if (entries_of(&plan->engines[g], bands) > entries_of(largest, bands))
            largest = &plan->engines[g];
    if (!entries_of(largest, bands))
        return false;
    if (largest->classes > 1)
        largest->classes = 1;
    else
        largest->neighbours--;
    return true;
}

/* As many bands together as may be, in groups of about the same size. */
static size_t group_of(size_t bands, size_t most) {
    const size_t groups = (bands + most - 1) / most;
    return groups ? (bands + groups - 1) / groups : 1;
}

void px_adaptive_plan_make(px_adaptive_plan *plan, size_t bands, size_t height, size_t positions,
                           unsigned depth, bool joint, bool phases, int effort) {
    const size_t group = group_of(bands, joint ? PX_GROUP_BANDS : 1);
    const size_t ratio = positions / group;
    const bool many = ratio >= 256, few = positions < 5000, best = px_efforts.all_engines[effort];
    /* Phases of one plane say nearly the same. */
    const uint8_t ridge = phases ? 70 : few ? 20 : 2, more_ridge = ridge < 20 ? 3 * ridge : ridge;
    const uint8_t near = ratio < 64 ? 2 : ratio < 256 || !best ? 4 : 6;
    plan->group_bands = (int)group;
    plan->mixes_by_scale = best;
    plan->fit_bits = !best ? 5 : positions < 30000 ? 3 : 4;
    memset(plan->engines, 0, sizeof plan->engines);
    plan->engines[0] =
        (px_engine_plan){.neighbours = near, .classes = 1, .ridge = more_ridge, .forgets = many};
    plan->engines[2] = (px_engine_plan){.classes = 1, .ridge = ridge};
    plan->engines[4].residual = true;
    if (best) {
        /* Where positions are many, all engines know much: the largest is not worth its time. */
        if (!many)
            plan->engines[1] = (px_engine_plan){.neighbours = ratio < 150 ? 1 : 2,
                                                .classes = 4,
                                                .share = few ? 1 : 5,
                                                .ridge = ridge};
        plan->engines[3] = (px_engine_plan){.classes = 4, .share = few ? 1 : 2, .ridge = ridge};
        plan->engines[4] = (px_engine_plan){.classes = 1, .ridge = ridge, .residual = true};
    }
    for (int g = 0; g < PX_ENGINES; g++) {
        if (height == 1 && plan->engines[g].neighbours > 1)
            plan->engines[g].neighbours = 1;
        shrink_to_fit(&plan->engines[g], group, positions);
    }
    while (!model_fits(plan, bands, positions, depth) && shrink_largest(plan))
        ;
}

/* Bits of the bytes that say how to learn, and how an engine is shaped. */
enum { FIT_BITS_MASK = 15, MIXES_BY_SCALE = 1 << 4 };
enum { NEIGHBOURS_MASK = 15, HAS_CLASSES = 1 << 4, FORGETS = 1 << 5, EXISTS = 1 << 6 };

void px_adaptive_plan_write(const px_adaptive_plan *plan, px_buffer *out) {
    px_put_varint(out, (uint64_t)plan->group_bands);
    px_put_u8(out, (uint8_t)(plan->fit_bits | (plan->mixes_by_scale ? MIXES_BY_SCALE : 0)));
    for (int g = 0; g < PX_ENGINES; g++) {
        const px_engine_plan *engine = &plan->engines[g];
        int shape = engine->neighbours;
        shape |= engine->classes > 1 ? HAS_CLASSES : 0;
        shape |= engine->forgets ? FORGETS : 0;
        shape |= engine->classes ? EXISTS : 0;
        px_put_u8(out, (uint8_t)shape);
        px_put_u8(out, engine->ridge);
        px_put_u8(out, engine->share);
    }
}

static bool engine_read(px_engine_plan *engine, px_reader *in) {
    const uint8_t shape = px_get_u8(in);
    engine->neighbours = shape & NEIGHBOURS_MASK;
    engine->classes = !(shape & EXISTS) ? 0 : shape & HAS_CLASSES ? PX_CLASSES : 1;
    engine->forgets = shape & FORGETS;
    engine->ridge = px_get_u8(in);
    engine->share = px_get_u8(in);
    return shape >> 7 == 0 && engine->share <= 16 &&
           engine->neighbours <= (engine->residual ? 0 : PX_NEIGHBOURS);
}

prism_status px_adaptive_plan_read(px_adaptive_plan *plan, size_t bands, size_t height,
                                   size_t width, px_reader *in, prism_error *error) {
    const uint64_t group = px_get_varint(in);
    const uint8_t learning = px_get_u8(in);
    plan->fit_bits = learning & FIT_BITS_MASK;
    plan->mixes_by_scale = learning & MIXES_BY_SCALE;
    if (in->failed || group < 1 || group > PX_GROUP_BANDS || (bands && group > bands) ||
        learning > (FIT_BITS_MASK | MIXES_BY_SCALE))
        return px_fail(error, PRISM_E_CORRUPT, "groups of %llu bands that learn by 0x%02x",
                       (unsigned long long)group, learning);
    plan->group_bands = (int)group;
    for (int g = 0; g < PX_ENGINES; g++) {
        px_engine_plan *engine = &plan->engines[g];
        *engine = (px_engine_plan){.residual = g == PX_ENGINES - 1};
        if (!engine_read(engine, in) || in->failed ||
            !engine_fits(engine, (size_t)group, height * width))
            return px_fail(error, PRISM_E_CORRUPT, "engine %d is impossible", g);
    }
    return PRISM_OK;
}
