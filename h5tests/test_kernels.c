/* Every kernel of every instruction set that this CPU has, by the checks of kernels_*.c. */
#include <stdio.h>
#include <stdlib.h>

#include "kernels_support.h"

static const kernel_check *const families[] = {element_checks, product_checks, row_checks,
                                               wave_checks,    frame_checks,   model_checks};
enum { FAMILIES = sizeof families / sizeof *families };

/* A table is its name and pointers; a pointer that no check names fails here. */
static void every_kernel_has_a_check(void **state) {
    (void)state;
    enum { POINTER = sizeof(void (*)(void)), PLACES = sizeof(px_kernels) / POINTER };
    int checks[PLACES] = {0};
    for (size_t f = 0; f < FAMILIES; f++)
        for (const kernel_check *check = families[f]; check->name; check++)
            checks[check->offset / POINTER]++;
    for (size_t place = offsetof(px_kernels, name) / POINTER + 1; place < PLACES; place++)
        if (checks[place] != 1)
            fail_msg("kernel %zu of px_kernels has %d checks", place, checks[place]);
}

static void every_set_passes(void **state) {
    (void)state;
    for (const px_kernels *const *set = px_kernels_runnable(); *set; set++)
        for (size_t f = 0; f < FAMILIES; f++)
            for (const kernel_check *check = families[f]; check->name; check++) {
                print_message("%s %s\n", (*set)->name, check->name);
                check->run(*set);
            }
}

static void the_best_set_is_the_last(void **state) {
    (void)state;
    const px_kernels *const *sets = px_kernels_runnable();
    size_t count = 0;
    while (sets[count])
        count++;
    assert_true(count >= 1);
    assert_ptr_equal(sets[0], &px_kernels_scalar);
    assert_ptr_equal(px_kernels_best(), sets[count - 1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_has_a_check),
        cmocka_unit_test(every_set_passes),
        cmocka_unit_test(the_best_set_is_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
