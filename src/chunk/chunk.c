#include "chunk/chunk.h"

#include "base/array.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "choose/methods.h"
#include "lossy/lossy.h"
#include "lossy/reduced.h"
#include "pipeline/pipeline.h"

const px_inner_codec px_chunk_codec = {px_chunk_encode, px_encode, px_chunk_memory, px_chunk_decode,
                                       px_lossy_stage_of};

px_bound px_chunk_bound(const px_chunk *chunk) {
    return chunk->is_mapped ? px_lossy_bound(chunk) : (px_bound){.kind = PRISM_BOUND_NONE};
}

bool px_chunk_is_portable(const px_chunk *chunk) {
    const px_bound bound = px_chunk_bound(chunk);
    return px_lossy_is_portable(&bound);
}

prism_status px_chunk_decode(const px_chunk *chunk, void *elements, int threads, unsigned depth,
                             prism_error *error) {
    return chunk->is_mapped
               ? px_mapping_decode(chunk, elements, threads, depth, &px_chunk_codec, error)
               : px_pipeline_decode(chunk, elements, threads, error);
}

uint64_t px_chunk_memory(const px_chunk *chunk, unsigned depth) {
    return chunk->is_mapped ? px_mapping_memory(chunk, depth, &px_chunk_codec)
                            : px_pipeline_memory(chunk);
}

prism_method px_chunk_method(const px_chunk *chunk) {
    px_chunk inner = *chunk;
    for (int depth = 0; inner.is_mapped; depth++) {
        const px_chunk outer = inner;
        if (depth > PX_CHUNK_DEPTH || !px_mapping_inner(&inner, &outer))
            return PRISM_METHOD_NONE;
    }
    return px_pipeline_method(&inner);
}

/* ---- Parts ---- */

prism_status px_chunk_open_regions(px_region_reader *reader, const px_chunk *chunk,
                                   prism_error *error) {
    return px_region_reader_open(reader, chunk, 0, &px_chunk_codec, error);
}

uint64_t px_chunk_regions_memory(const px_chunk *chunk) {
    return px_region_reader_memory(chunk, &px_chunk_codec);
}

/* ---- Reduced pictures ---- */

uint64_t px_chunk_reduced_memory(const px_chunk *chunk, const prism_array *reduced) {
    const px_layout layout = px_layout_make(reduced, px_pipeline_axis(&chunk->pipeline));
    const size_t stride = px_plane_stride(layout.height * layout.width);
    return px_chunk_memory(chunk, 0) + (uint64_t)layout.count * stride * sizeof(int16_t);
}

prism_status px_chunk_decode_reduced(const px_chunk *chunk, int by, void *elements,
                                     prism_error *error) {
    const px_squeezed squeezed = px_squeeze(&chunk->array);
    const int axis = px_squeezed_axis(&squeezed, px_pipeline_axis(&chunk->pipeline));
    prism_array reduced;
    if (!px_reduced_array(&reduced, &squeezed.array, axis, by))
        return px_fail(error, PRISM_E_INTERNAL, "the chunk holds no pictures");
    return px_lossy_reduce(chunk, elements, &reduced, by, &px_chunk_codec, error);
}
