#include "loss.h"

#include "lossy/error.h"
#include "lossy/numbers.h"

bool tool_is_within(const prism_info *chunk, const prism_options *asked, const void *elements,
                    const void *decoded) {
    const px_bound bound = {asked->bound, asked->bound_of, asked->bound_value, 0};
    const int axis = chunk->axis >= 0 ? chunk->axis : asked->axis; /* of planes with means */
    px_numbers values;
    if (chunk->bound != asked->bound || chunk->bound_of != asked->bound_of ||
        chunk->bound_value != asked->bound_value)
        return false;
    bool within = px_numbers_load(&values, &chunk->array, elements, asked, NULL) == PRISM_OK;
    if (within && asked->bound != PRISM_BOUND_DISTANCE)
        within = px_error_reached(&bound, &values, axis, decoded) <= (double)asked->bound_value;
    px_numbers_free(&values);
    return within;
}
