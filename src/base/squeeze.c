#include "base/squeeze.h"

px_squeezed px_squeeze(const prism_array *array) {
    px_squeezed s = {.array = {.type = array->type, .order = array->order}};
    for (unsigned i = 0; i < array->rank; i++)
        if (array->dims[i] > 1) {
            s.axes[s.array.rank] = (int)i;
            s.array.dims[s.array.rank++] = array->dims[i];
        }
    if (s.array.rank == 0)
        s.array.dims[s.array.rank++] = 1;
    return s;
}

int px_squeezed_axis(const px_squeezed *squeezed, int axis) {
    if (axis < 0)
        return axis;
    for (unsigned i = 0; i < squeezed->array.rank; i++)
        if (squeezed->array.dims[i] > 1 && squeezed->axes[i] == axis)
            return (int)i;
    return PX_AXIS_NONE;
}

int px_unsqueezed_axis(const px_squeezed *squeezed, int axis) {
    return axis < 0 ? PRISM_AXIS_AUTO : squeezed->axes[axis];
}
