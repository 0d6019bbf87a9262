/* Chunks of methods lsq and quick: planes in groups of PX_GROUP. Internal. */
#ifndef PX_LSQ_CHUNK_H
#define PX_LSQ_CHUNK_H

#include "planes/stages.h"

/* The functions of px_coder_stage; the task tells the method. */
prism_status px_lsq_chunk_encode(const px_planes *planes, const px_task *task, px_coded *out,
                                 prism_error *error);
prism_status px_lsq_chunk_decode(px_planes *planes, const px_pipeline *pipeline, bool quick,
                                 px_reader *parameters, px_reader *payload, int threads,
                                 prism_error *error);
uint64_t px_lsq_chunk_memory(const px_planes *planes, const px_pipeline *pipeline, bool quick,
                             px_reader parameters, size_t payload_size);

#endif
