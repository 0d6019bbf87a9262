/* Encoding a group of planes by one of the methods. Internal. */
#ifndef PX_LSQ_ENCODE_H
#define PX_LSQ_ENCODE_H

#include "bytes.h"
#include "planes.h"

typedef struct px_group_task {
    bool mixes; /* planes are predicted from each other, */
    bool wide;  /* by wide weights (model.h); method lsq only */
    int effort;
    bool swift;   /* see px_pipeline */
    size_t limit; /* more coded bytes than that are not wanted */
} px_group_task;

/* Where the coded samples would be more than the limit, *too_long is set instead. */
typedef prism_status (*px_encode_group)(const px_planes *planes, size_t first, size_t count,
                                        const px_group_task *task, px_buffer *parameters,
                                        px_buffer *payload, bool *too_long, prism_error *error);

prism_status px_lsq_encode_group(const px_planes *planes, size_t first, size_t count,
                                 const px_group_task *task, px_buffer *parameters,
                                 px_buffer *payload, bool *too_long, prism_error *error);
prism_status px_quick_encode_group(const px_planes *planes, size_t first, size_t count,
                                   const px_group_task *task, px_buffer *parameters,
                                   px_buffer *payload, bool *too_long, prism_error *error);

#endif
