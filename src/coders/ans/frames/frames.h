/* Method frames: both directions of a chunk, between the parameters and the payload. Internal. */
#ifndef PX_FRAMES_FRAMES_H
#define PX_FRAMES_FRAMES_H

#include "coders/ans/frames/model.h"
#include "planes/stages.h"

/* Whether planes are few and small enough to be coded. */
bool px_frames_fit(const px_planes *planes);

/* Bytes of the model, the view and what else both methods for frames decode with. */
uint64_t px_frames_memory(const px_planes *planes);

prism_status px_frames_encode(const px_planes *planes, const px_task *task, px_coded *out,
                              prism_error *error);
prism_status px_frames_decode(px_planes *planes, const bool *wanted, px_reader *parameters,
                              px_reader *payload, prism_error *error);

#endif
