/* Plans of stacks: what every plan must hold to, what it finds, and damaged ones. */
#include <stdlib.h>
#include <string.h>

#include "similarity/group.h"
#include "similarity/plan.h"
#include "support.h"

static px_planes planes_of(size_t count, size_t height, size_t width, unsigned depth) {
    px_planes planes = {.count = count, .height = height, .width = width, .depth = depth};
    planes.stride = px_plane_stride(height * width);
    planes.samples = clear_samples(&planes);
    return planes;
}

/* A texture of which each moment changes a part: frame k is that of moment times[k]. */
static void fill_moving(px_planes *planes, const size_t *times) {
    const int32_t range = planes->depth == 8 ? 90 : 9000;
    const size_t size = px_plane_size(planes);
    int32_t *texture = calloc(size, sizeof *texture);
    uint32_t random = 11;
    for (size_t time = 0; time < planes->count; time++) {
        size_t k = 0;
        while (times[k] != time)
            k++;
        for (size_t p = 0; p < size; p++) {
            if (time == 0 || random_below(&random, 5) == 0)
                texture[p] = (int32_t)random_below(&random, (uint32_t)range);
            px_plane(planes, k)[p] = (int16_t)(texture[p] + (int32_t)random_below(&random, 3));
        }
    }
    free(texture);
}

/* 0, 1, ..., or these in an order that has nothing to do with it. */
static size_t *make_times(size_t count, bool shuffled) {
    size_t *times = calloc(count, sizeof *times);
    uint32_t random = 5;
    for (size_t k = 0; k < count; k++) {
        size_t other = shuffled ? random_below(&random, (uint32_t)k + 1) : k;
        times[k] = times[other];
        times[other] = k;
    }
    return times;
}

static px_stack_plan make_plan(const px_planes *planes) {
    px_stack_plan plan;
    assert_int_equal(px_stack_plan_make(&plan, planes, 5, NULL), PRISM_OK);
    return plan;
}

static size_t count_closure(const px_stack_plan *plan, size_t turn, bool *needed) {
    size_t count = 0;
    memset(needed, 0, plan->count * sizeof *needed);
    needed[turn] = true;
    for (size_t i = turn + 1; i-- > 0;) {
        if (!needed[i])
            continue;
        count++;
        for (int r = 0; r < plan->frames[i].count; r++)
            needed[plan->frames[i].references[r]] = true;
    }
    return count;
}

static void assert_valid(const px_stack_plan *plan, size_t count) {
    assert_int_equal(plan->count, count);
    bool *seen = calloc(count, sizeof *seen), *needed = calloc(count, sizeof *needed);
    for (size_t turn = 0; turn < count; turn++) {
        const px_frame *frame = &plan->frames[turn];
        assert_true(frame->plane < count && !seen[frame->plane]);
        seen[frame->plane] = true;
        assert_true(frame->count <= PX_REFERENCES);
        assert_true(!frame->duplicates || frame->count == 1);
        for (int r = 0; r < frame->count; r++)
            assert_true(frame->references[r] < turn);
        assert_true(frame->count < 2 || frame->references[0] != frame->references[1]);
        assert_true(count_closure(plan, turn, needed) <= PX_CHAIN);
    }
    free(seen);
    free(needed);
}

static px_buffer write_plan(const px_stack_plan *plan) {
    px_buffer bytes = {0};
    px_range_encoder coder = px_range_encoder_make(&bytes);
    px_stack_plan_write(plan, &coder);
    px_range_encoder_finish(&coder);
    return bytes;
}

static prism_status read_plan(px_stack_plan *plan, size_t count, const uint8_t *bytes,
                              size_t size) {
    px_reader in = px_reader_make(bytes, size);
    px_range_decoder coder = px_range_decoder_make(&in);
    return px_stack_plan_read(plan, count, &coder, NULL);
}

static void assert_same_plan(const px_stack_plan *a, const px_stack_plan *b) {
    assert_int_equal(a->count, b->count);
    for (size_t turn = 0; turn < a->count; turn++) {
        const px_frame *x = &a->frames[turn], *y = &b->frames[turn];
        assert_int_equal(x->plane, y->plane);
        assert_int_equal(x->count, y->count);
        assert_int_equal(x->duplicates, y->duplicates);
        assert_memory_equal(x->references, y->references, x->count * sizeof *x->references);
    }
}

/* Returns the bytes of the plan. */
static size_t assert_written_and_read(const px_stack_plan *plan) {
    px_stack_plan again;
    px_buffer bytes = write_plan(plan);
    const size_t size = bytes.size;
    assert_int_equal(read_plan(&again, plan->count, bytes.data, size), PRISM_OK);
    assert_same_plan(plan, &again);
    px_stack_plan_free(&again);
    px_buffer_free(&bytes);
    return size;
}

static void plans_of_all_sizes_are_valid(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{1, 40, 40},  {2, 1, 1},   {3, 1, 200},  {5, 200, 1},
                                       {33, 20, 30}, {70, 9, 11}, {150, 24, 32}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (unsigned depth = 8; depth <= 16; depth += 8)
            for (int shuffled = 0; shuffled < 2; shuffled++) {
                px_planes planes = planes_of(shapes[i][0], shapes[i][1], shapes[i][2], depth);
                size_t *times = make_times(planes.count, shuffled);
                fill_moving(&planes, times);
                px_stack_plan plan = make_plan(&planes);
                assert_valid(&plan, planes.count);
                assert_written_and_read(&plan);
                px_stack_plan_free(&plan);
                px_planes_free(&planes);
                free(times);
            }
}

static void a_stack_in_order_stays_so(void **state) {
    (void)state;
    enum { COUNT = 24 };
    px_planes planes = planes_of(COUNT, 60, 70, 8);
    size_t *times = make_times(COUNT, false);
    fill_moving(&planes, times);
    px_stack_plan plan = make_plan(&planes);
    for (size_t turn = 0; turn < COUNT; turn++) {
        assert_int_equal(plan.frames[turn].plane, turn);
        if (turn > 0)
            assert_int_equal(plan.frames[turn].references[0], turn - 1);
    }
    assert_true(assert_written_and_read(&plan) < 24);
    px_stack_plan_free(&plan);
    px_planes_free(&planes);
    free(times);
}

/* References are near in time, wherever they stand in the stack. */
static void neighbours_in_time_are_found(void **state) {
    (void)state;
    enum { COUNT = 30 };
    px_planes planes = planes_of(COUNT, 60, 70, 16);
    size_t *times = make_times(COUNT, true);
    fill_moving(&planes, times);
    px_stack_plan plan = make_plan(&planes);
    size_t near = 0;
    for (size_t turn = 1; turn < COUNT; turn++) {
        const px_frame *frame = &plan.frames[turn];
        assert_true(frame->count > 0);
        const size_t from = times[plan.frames[frame->references[0]].plane];
        near += times[frame->plane] == from + 1 || times[frame->plane] + 1 == from;
    }
    assert_true(near >= COUNT - 3);
    px_stack_plan_free(&plan);
    px_planes_free(&planes);
    free(times);
}

static void strangers_have_no_references(void **state) {
    (void)state;
    px_planes planes = planes_of(6, 64, 64, 8);
    uint32_t random = 9;
    for (size_t k = 0; k < planes.count; k++)
        for (size_t p = 0; p < px_plane_size(&planes); p++)
            px_plane(&planes, k)[p] = (int16_t)random_below(&random, 256) - 128;
    px_stack_plan plan = make_plan(&planes);
    for (size_t turn = 0; turn < planes.count; turn++)
        assert_int_equal(plan.frames[turn].count, 0);
    px_stack_plan_free(&plan);
    px_planes_free(&planes);
}

/* Every third plane is one of two that stand somewhere else in the stack; one more differs from
 * its model in a single sample. */
static void duplicates_are_found(void **state) {
    (void)state;
    enum { COUNT = 100 };
    px_planes planes = planes_of(COUNT, 30, 40, 8);
    size_t *times = make_times(COUNT, true);
    fill_moving(&planes, times);
    for (size_t k = 0; k < COUNT; k += 3)
        memcpy(px_plane(&planes, k), px_plane(&planes, k % 2 ? 10 : 50),
               px_plane_size(&planes) * sizeof *planes.samples);
    px_plane(&planes, 9)[77] ^= 1;
    px_stack_plan plan = make_plan(&planes);
    assert_valid(&plan, COUNT);
    assert_written_and_read(&plan);
    size_t duplicates = 0;
    for (size_t turn = 0; turn < COUNT; turn++) {
        const px_frame *frame = &plan.frames[turn];
        if (!frame->duplicates)
            continue;
        duplicates++;
        assert_memory_equal(px_plane(&planes, frame->plane),
                            px_plane(&planes, plan.frames[frame->references[0]].plane),
                            px_plane_size(&planes) * sizeof *planes.samples);
    }
    assert_int_equal(duplicates, 33); /* of 34 planes and their two models, less plane 9 */
    px_stack_plan_free(&plan);
    px_planes_free(&planes);
    free(times);
}

/* Frames of five scenes in turn: each group gets those of one scene. */
static void groups_are_scenes(void **state) {
    (void)state;
    enum { SCENES = 5, FRAMES = 8, COUNT = SCENES * FRAMES };
    px_planes scenes = planes_of(SCENES, 40, 50, 8), planes = planes_of(COUNT, 40, 50, 8);
    const size_t times[SCENES] = {0, 1, 2, 3, 4};
    uint32_t random = 3, order[COUNT];
    fill_moving(&scenes, times);
    for (size_t k = 0; k < COUNT; k++)
        for (size_t p = 0; p < px_plane_size(&planes); p++)
            px_plane(&planes, k)[p] =
                (int16_t)(px_plane(&scenes, k % SCENES)[p] / 2 + (int16_t)random_below(&random, 4));
    px_signatures signatures;
    assert_int_equal(px_signatures_alloc(&signatures, COUNT, &planes, 1000, NULL), PRISM_OK);
    for (size_t k = 0; k < COUNT; k++)
        px_signatures_set(&signatures, k, &planes, k);
    assert_int_equal(px_stack_group(order, &signatures, FRAMES, 5, NULL), PRISM_OK);
    bool seen[COUNT] = {false};
    for (size_t i = 0; i < COUNT; i++) {
        const size_t start = i / FRAMES * FRAMES;
        assert_true(order[i] < COUNT && !seen[order[i]]);
        seen[order[i]] = true;
        assert_int_equal(order[i] % SCENES, order[start] % SCENES);
        assert_true(i == start || order[i] > order[i - 1]);
    }
    px_signatures_free(&signatures);
    px_planes_free(&planes);
    px_planes_free(&scenes);
}

/* Whatever is read is valid, or refused. */
static void damaged_plans_are_refused_or_valid(void **state) {
    (void)state;
    enum { COUNT = 60 };
    px_planes planes = planes_of(COUNT, 20, 30, 8);
    size_t *times = make_times(COUNT, true);
    fill_moving(&planes, times);
    px_stack_plan plan = make_plan(&planes), again;
    px_buffer bytes = write_plan(&plan);
    uint32_t random = 21;
    for (int i = 0; i < 20000; i++) {
        const size_t size = i % 2 ? bytes.size : random_below(&random, (uint32_t)bytes.size);
        uint8_t *damaged = malloc(size + 1);
        memcpy(damaged, bytes.data, size);
        for (uint32_t n = random_below(&random, 4); n-- && size;)
            damaged[random_below(&random, (uint32_t)size)] = (uint8_t)random_next(&random);
        prism_status status = read_plan(&again, COUNT, damaged, size);
        assert_true(status == PRISM_OK || status == PRISM_E_CORRUPT);
        if (status == PRISM_OK)
            assert_valid(&again, COUNT);
        px_stack_plan_free(&again);
        free(damaged);
    }
    px_buffer_free(&bytes);
    px_stack_plan_free(&plan);
    px_planes_free(&planes);
    free(times);
}

static void assert_refused(px_frame *frames, size_t count) {
    px_stack_plan plan = {count, frames}, again;
    px_buffer bytes = write_plan(&plan);
    assert_int_equal(read_plan(&again, count, bytes.data, bytes.size), PRISM_E_CORRUPT);
    px_buffer_free(&bytes);
}

static void wrong_plans_are_refused(void **state) {
    (void)state;
    assert_refused((px_frame[]){{.plane = 0}, {.plane = 0}}, 2);
    assert_refused((px_frame[]){{.plane = 0}, {.plane = 2}}, 2);
    assert_refused((px_frame[]){{.plane = 0, .count = 1, .references = {0}}}, 1);
    assert_refused((px_frame[]){{.plane = 0}, {.plane = 1, .count = 1, .references = {1}}}, 2);
    px_frame chain[PX_CHAIN + 1] = {{.plane = 0}};
    for (uint32_t turn = 1; turn <= PX_CHAIN; turn++)
        chain[turn] = (px_frame){.plane = turn, .count = 1, .references = {turn - 1}};
    assert_refused(chain, PX_CHAIN + 1);
    assert_written_and_read(&(px_stack_plan){PX_CHAIN, chain});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_of_all_sizes_are_valid),
        cmocka_unit_test(a_stack_in_order_stays_so),
        cmocka_unit_test(neighbours_in_time_are_found),
        cmocka_unit_test(strangers_have_no_references),
        cmocka_unit_test(duplicates_are_found),
        cmocka_unit_test(groups_are_scenes),
        cmocka_unit_test(damaged_plans_are_refused_or_valid),
        cmocka_unit_test(wrong_plans_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
