/*
 * Engines as large as the positions can teach: what a chunk of few positions gains from
 * neighbours it loses to learning their many weights.
 */
#include "plan.h"

#include "status.h"

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
    if (!engine_fits(engine, bands, positions))
        engine->classes = 1;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

void px_online_plan_make(px_online_plan *plan, size_t bands, size_t height, size_t width,
                         bool joint, int effort) {
    const size_t positions = height * width;
    (void)effort;
    /* As many bands together as may be, in groups of about the same size. */
    size_t group = smaller(joint ? PX_GROUP_BANDS : 1, bands);
    group = bands ? (bands + (bands + group - 1) / group - 1) / ((bands + group - 1) / group) : 1;
    const size_t ratio = positions / group;
    const bool many = ratio >= 256;
    const uint8_t ridge = positions < 5000 ? 20 : 2;
    const uint8_t near = ratio < 64 ? 2 : ratio < 256 ? 4 : 6;
    plan->group_bands = (int)group;
    plan->engines[0] = (px_engine_plan){
        .neighbours = near, .classes = 1, .ridge = ridge < 20 ? 3 * ridge : ridge, .forgets = many};
    plan->engines[1] = (px_engine_plan){
        .neighbours = ratio < 150 ? 1 : 2, .classes = 4, .share = 5, .ridge = ridge};
    plan->engines[2] = (px_engine_plan){.classes = 1, .ridge = ridge};
    plan->engines[3] = (px_engine_plan){.classes = 4, .share = 2, .ridge = ridge};
    plan->engines[4] = (px_engine_plan){.classes = 1, .ridge = ridge, .residual = true};
    for (int g = 0; g < PX_ENGINES; g++) {
        if (height == 1 && plan->engines[g].neighbours > 1)
            plan->engines[g].neighbours = 1;
        shrink_to_fit(&plan->engines[g], group, positions);
    }
}

void px_online_plan_write(const px_online_plan *plan, px_buffer *out) {
    px_put_varint(out, (uint64_t)plan->group_bands);
    for (int g = 0; g < PX_ENGINES; g++) {
        const px_engine_plan *engine = &plan->engines[g];
        px_put_u8(
            out, (uint8_t)(engine->neighbours | (engine->classes > 1) << 4 | engine->forgets << 5));
        px_put_u8(out, engine->ridge);
        px_put_u8(out, engine->share);
    }
}

prism_status px_online_plan_read(px_online_plan *plan, size_t bands, size_t height, size_t width,
                                 px_reader *in, prism_error *error) {
    const uint64_t group = px_get_varint(in);
    if (in->failed || group < 1 || group > PX_GROUP_BANDS || (bands && group > bands))
        return px_fail(error, PRISM_E_CORRUPT, "groups of %llu bands", (unsigned long long)group);
    plan->group_bands = (int)group;
    for (int g = 0; g < PX_ENGINES; g++) {
        const uint8_t shape = px_get_u8(in), ridge = px_get_u8(in), share = px_get_u8(in);
        plan->engines[g] = (px_engine_plan){.neighbours = shape & 15,
                                            .classes = shape & 16 ? 4 : 1,
                                            .share = share,
                                            .ridge = ridge,
                                            .forgets = shape >> 5 & 1,
                                            .residual = g == PX_ENGINES - 1};
        const bool bare = plan->engines[g].residual; /* residuals have no neighbours */
        if (in->failed || shape >> 6 || share > 16 || (shape & 15) > (bare ? 0 : PX_NEIGHBOURS) ||
            !engine_fits(&plan->engines[g], (size_t)group, height * width))
            return px_fail(error, PRISM_E_CORRUPT, "engine %d cannot be 0x%02x", g, shape);
    }
    return PRISM_OK;
}
