/*
 * Prints what the library makes of a stack: `stack_probe COUNT HEIGHT WIDTH DEPTH` reads unsigned
 * elements of DEPTH bits (little-endian) and writes for every plane
 *   hash AVERAGE DIFFERENCE DCT
 * then for every turn
 *   frame PLANE DUPLICATES REFERENCE...
 * and the bytes of the plan and the seconds that it took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "planes/planes.h"
#include "similarity/hash.h"
#include "similarity/plan.h"

static void print_hashes(const px_planes *planes) {
    int64_t cells[PX_CELLS * PX_CELLS];
    for (size_t k = 0; k < planes->count; k++) {
        px_hashes h = px_hash_plane(planes, k, cells);
        printf("hash %016llx %016llx %016llx\n", (unsigned long long)h.average,
               (unsigned long long)h.difference, (unsigned long long)h.dct);
    }
}

static double now(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool print_plan(const px_planes *planes) {
    px_stack_plan plan;
    const double start = now();
    if (px_stack_plan_make(&plan, planes, PRISM_EFFORT_DEFAULT, NULL) != PRISM_OK)
        return false;
    const double end = now();
    for (size_t i = 0; i < plan.count; i++) {
        const px_frame *frame = &plan.frames[i];
        printf("frame %u %d", frame->plane, frame->duplicates);
        for (int r = 0; r < frame->count; r++)
            printf(" %u", frame->references[r]);
        printf("\n");
    }
    px_buffer bytes = {0};
    px_range_encoder coder = px_range_encoder_make(&bytes);
    px_stack_plan_write(&plan, &coder);
    px_range_encoder_finish(&coder);
    printf("bytes %zu\nseconds %.4f\n", bytes.size, end - start);
    px_buffer_free(&bytes);
    px_stack_plan_free(&plan);
    return true;
}

int main(int count, char **arguments) {
    if (count != 5)
        return 2;
    prism_array array = {.type = atoi(arguments[4]) == 8 ? PRISM_UINT8 : PRISM_UINT16, .rank = 3};
    for (int i = 0; i < 3; i++)
        array.dims[i] = strtoul(arguments[1 + i], NULL, 10);
    size_t size;
    px_planes planes;
    px_layout layout = px_layout_make(&array, 0);
    if (prism_array_size(&array, &size, NULL) != PRISM_OK ||
        px_planes_alloc(&planes, &array, &layout, NULL) != PRISM_OK)
        return 1;
    uint8_t *elements = malloc(size);
    bool ok = elements && fread(elements, 1, size, stdin) == size;
    if (ok) {
        px_planes_load(&planes, &array, &layout, elements);
        print_hashes(&planes);
        ok = print_plan(&planes);
    }
    free(elements);
    px_planes_free(&planes);
    return ok ? 0 : 1;
}
