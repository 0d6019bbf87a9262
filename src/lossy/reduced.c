#include "lossy/reduced.h"

bool px_reduced_array(prism_array *reduced, const prism_array *array, int axis, int by) {
    unsigned sides = 0;
    const uint64_t rest = ((uint64_t)1 << by) - 1;
    *reduced = *array;
    for (int i = 0; i < (int)array->rank; i++)
        if (i != axis) {
            sides += array->dims[i] > 1;
            reduced->dims[i] = (array->dims[i] + rest) >> by;
        }
    return sides <= 2;
}
