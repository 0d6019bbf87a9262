/* Every kernel of every instruction set that this CPU has, by the checks of kernels_*.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels_support.h"

static const kernel_check *const families[] = {
    element_checks, product_checks,   row_checks,   wave_checks, frame_checks,
    model_checks,   component_checks, block_checks, cell_checks, estimate_checks};
enum { FAMILIES = sizeof families / sizeof *families };

/* A table is pointers; one that no check names, or two do, fails here. A table of which no kernel
 * is named is found by test_source.py. */
static void every_kernel_has_a_check(void **state) {
    (void)state;
    enum { POINTER = sizeof(void (*)(void)), MOST = 64 };
    for (size_t f = 0; f < FAMILIES; f++)
        for (const kernel_check *first = families[f]; first->name; first++) {
            int checks[MOST] = {0};
            for (size_t g = 0; g < FAMILIES; g++)
                for (const kernel_check *check = families[g]; check->name; check++)
                    if (strcmp(check->table, first->table) == 0)
                        checks[check->offset / POINTER]++;
            for (size_t place = 0; place < first->size / POINTER; place++)
                if (checks[place] != 1)
                    fail_msg("kernel %zu of px_%s_kernels has %d checks", place, first->table,
                             checks[place]);
        }
}

static void every_set_passes(void **state) {
    (void)state;
    for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++)
        for (size_t f = 0; f < FAMILIES; f++)
            for (const kernel_check *check = families[f]; check->name; check++) {
                print_message("%s %s_%s\n", px_simd_name(set), check->table, check->name);
                check->run(set);
            }
}

static void the_best_set_is_the_last_that_runs(void **state) {
    (void)state;
    assert_true(px_simd_runs(PX_SIMD_SCALAR));
    for (px_simd set = 0; set < PX_SIMD_SETS; set++)
        assert_int_equal(px_simd_runs(set), set <= px_simd_best());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_has_a_check),
        cmocka_unit_test(every_set_passes),
        cmocka_unit_test(the_best_set_is_the_last_that_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
