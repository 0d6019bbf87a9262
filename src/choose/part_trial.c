#include "choose/part_trial.h"

#include "base/array.h"
#include "base/effort.h"
#include "base/sizes.h"

prism_array px_part_shape(const prism_array *array, int axis, uint64_t most) {
    prism_array cut = *array;
    for (;;) {
        int longest = axis == 0 ? 1 : 0;
        for (int i = 0; i < (int)cut.rank; i++)
            if (i != axis && cut.dims[i] > cut.dims[longest])
                longest = i;
        if (px_array_count(&cut) <= most || cut.dims[longest] == 1)
            return cut;
        cut.dims[longest] = (cut.dims[longest] + 1) / 2;
    }
}

prism_options px_part_options(const prism_options *options) {
    prism_options brief = *options;
    brief.effort =
        px_efforts.trial[options->effort < PX_EFFORT_FITTED ? options->effort : PX_EFFORT_FITTED];
    return brief;
}

prism_status px_part_size(size_t *size, const px_mapping_request *request, const prism_array *array,
                          const void *elements, prism_error *error) {
    const prism_options options = px_part_options(request->options);
    px_buffer out = {0};
    px_pipeline used;
    prism_status status = px_inner_put(&out, &used, request, array, elements, &options,
                                       (px_chunk_role){.depth = 1, .trial = true}, error);
    if (status == PRISM_OK)
        status = px_buffer_status(&out, error);
    *size = out.size;
    px_buffer_free(&out);
    return status;
}
