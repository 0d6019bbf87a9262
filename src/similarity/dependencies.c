#include "similarity/dependencies.h"

bool px_dependencies_make(px_dependencies *dependencies, const px_dependencies *all, uint32_t turn,
                          const uint32_t *references, size_t count, uint32_t limit) {
    static const px_dependencies nothing = {.count = 0};
    const px_dependencies *a = count > 0 ? &all[references[0]] : &nothing;
    const px_dependencies *b = count > 1 ? &all[references[1]] : &nothing;
    dependencies->count = 0;
    for (uint32_t i = 0, j = 0; i < a->count || j < b->count; dependencies->count++) {
        if (dependencies->count + 1 == limit) /* one place is for the frame itself */
            return false;
        const uint32_t x = i < a->count ? a->turns[i] : UINT32_MAX;
        const uint32_t y = j < b->count ? b->turns[j] : UINT32_MAX;
        dependencies->turns[dependencies->count] = x < y ? x : y;
        i += x <= y;
        j += y <= x;
    }
    dependencies->turns[dependencies->count++] = turn;
    return true;
}
