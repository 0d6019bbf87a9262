/* Method frames: both directions of a chunk, between the parameters and the payload. Internal. */
#ifndef PX_FRAMES_FRAMES_H
#define PX_FRAMES_FRAMES_H

#include "coders/ans/frames/model.h"
#include "planes/stages.h"

/* Whether planes are few and small enough to be coded. */
bool px_frames_fit(const px_planes *planes);

/* Bytes of the model and the view that both methods for frames decode with. */
uint64_t px_frames_memory(const px_planes *planes, bool move);

prism_status px_frames_encode(const px_planes *planes, const px_task *task, px_coded *out,
                              prism_error *error);
prism_status px_frames_decode(px_planes *planes, const px_request *request, px_reader *parameters,
                              px_reader *payload, prism_error *error);

/*
 * Method mixed with something lost: a sample becomes the middle of a cell of `step` samples, an odd
 * number, and cells lie about predictions. With step 1, nothing is lost. When encoding, the planes
 * become what decoding gives. docs/format-near.md.
 */
prism_status px_frames_encode_cells(px_planes *planes, int32_t step, int effort, size_t limit,
                                    px_sections *out, prism_error *error);
prism_status px_frames_decode_cells(px_planes *planes, int32_t step, const bool *wanted,
                                    px_reader *parameters, px_reader *payload, prism_error *error);

/* Bytes that decoding takes beside the planes. */
uint64_t px_frames_cells_memory(const px_planes *planes, px_reader parameters);

#endif
