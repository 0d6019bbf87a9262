#include "mapping/mask_rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/sizes.h"

void px_mask_rest_free(px_mask_rest *r) {
    free(r->memory);
    free(r->missing);
}

/* Places of the mask that have data, by their indices; returns how many there are. */
static size_t mark_kept(px_mask_rest *r, const px_gaps *mask) {
    const prism_array *array = &mask->array;
    const size_t count = (size_t)px_array_count(array);
    size_t with_data = 0;
    for (size_t i = 0; i < count; i++) {
        size_t left = i;
        if (mask->missing[i])
            continue;
        with_data++;
        for (unsigned d = array->rank; d-- > 0; left /= (size_t)array->dims[d])
            r->kept[d][left % (size_t)array->dims[d]] = true;
    }
    return with_data;
}

bool px_mask_is_whole(const px_mask_rest *r, const prism_array *array) {
    return memcmp(r->array.dims, array->dims, array->rank * sizeof *array->dims) == 0;
}

static void move_from(const px_mask_move *m, uint8_t **whole, uint8_t **part, unsigned d) {
    size_t run = m->size;
    for (unsigned j = d + 1; j < m->whole->rank; j++)
        run *= (size_t)m->whole->dims[j];
    for (uint64_t i = 0; i < m->whole->dims[d]; i++) {
        if (m->whole->dims[d] > 1 && !m->rest->kept[d][i]) {
            *whole += run;
        } else if (d + 1 < m->whole->rank) {
            move_from(m, whole, part, d + 1);
        } else {
            memcpy(m->back ? *whole : *part, m->back ? *part : *whole, run);
            *whole += run;
            *part += run;
        }
    }
}

void px_mask_move_all(const px_mask_move *m, void *whole, void *part) {
    uint8_t *from = whole, *to = part;
    move_from(m, &from, &to, 0);
}

static prism_status take_mask(px_mask_rest *r, const px_gaps *mask, const prism_array *array,
                              prism_error *error) {
    r->mask = *mask;
    if (px_mask_is_whole(r, array))
        return PRISM_OK;
    for (unsigned d = 0; d < mask->array.rank; d++)
        if (mask->array.dims[d] > 1)
            r->mask.array.dims[d] = r->array.dims[d];
    const uint64_t places = px_array_count(&r->mask.array);
    r->mask.missing = r->missing = px_alloc(places);
    if (!r->missing)
        return px_out_of_memory(error, (size_t)places);
    const px_mask_move to_rest = {r, &mask->array, 1, false};
    px_mask_move_all(&to_rest, (void *)(uintptr_t)mask->missing, r->missing);
    return PRISM_OK;
}

prism_status px_mask_rest_make(px_mask_rest *r, const px_gaps *mask, const prism_array *array,
                               prism_error *error) {
    size_t indices = 0;
    *r = (px_mask_rest){.array = *array};
    for (unsigned d = 0; d < array->rank; d++)
        indices = px_sum(indices, array->dims[d]);
    r->memory = px_alloc_zeroed(indices, sizeof *r->memory);
    if (!r->memory)
        return px_out_of_memory(error, indices);
    r->kept[0] = r->memory;
    for (unsigned d = 1; d < array->rank; d++)
        r->kept[d] = r->kept[d - 1] + array->dims[d - 1];
    if (!mark_kept(r, mask))
        return px_fail(error, PRISM_E_CORRUPT, "a mask leaves no data");
    for (unsigned d = 0; d < array->rank; d++) {
        if (mask->array.dims[d] == 1)
            memset(r->kept[d], true, (size_t)array->dims[d]);
        r->array.dims[d] = 0;
        for (uint64_t i = 0; i < array->dims[d]; i++)
            r->array.dims[d] += r->kept[d][i];
    }
    return take_mask(r, mask, array, error);
}
