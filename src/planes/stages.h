/*
 * The stages of the pipeline, as equals:
 *
 *   elements -> planes -> transform -> predictor -> coder -> container
 *
 * A transform and a predictor replace samples by residuals of the same depth, in place, and back; a
 * coder turns planes into bytes and back. What decoding needs to know is written to `parameters`; a
 * transform that writes none has changed nothing.
 * pipeline.c runs them; choose/ decides which. Internal.
 */
#ifndef PX_PLANES_STAGES_H
#define PX_PLANES_STAGES_H

#include "base/bytes.h"
#include "planes/planes.h"
#include "planes/roles.h"

/* The stages of a chunk, as it says them: nothing is AUTO. */
typedef struct px_pipeline {
    prism_transform transform;
    prism_predictor predictor;
    prism_coder coder;
    int effort;
    int axis;       /* of the planes in the arranged array, or PRISM_AXIS_AUTO for a single plane */
    px_roles roles; /* by which elements are arranged first, if any are given */
    /* Encoding: */
    int block;   /* side of blocks that can be decoded alone; 0: there are none */
    bool stored; /* planes are coded as they come: the first ones can be decoded without others */
    int threads; /* that may be used */
} px_pipeline;

/* The planes that a pipeline makes of an array. */
static inline px_layout px_pipeline_layout(const px_pipeline *pipeline, const prism_array *array) {
    const prism_array arranged = px_arranged_array(array, &pipeline->roles);
    return px_layout_make(&arranged, pipeline->axis);
}

/* The one axis of the array along which planes lie; PRISM_AXIS_AUTO for a single plane and for
 * planes along several. */
static inline int px_pipeline_axis(const px_pipeline *pipeline) {
    return pipeline->roles.rank ? px_roles_axis(&pipeline->roles) : pipeline->axis;
}

/* What encoding is asked for. */
typedef struct px_task {
    px_pipeline pipeline;
    prism_method method; /* of coder ans; NONE for other coders */
    int effort;          /* that stages work at; the pipeline has the one that the chunk tells */
    bool selective;      /* the transform leaves planes alone that the predictor serves better */
    bool swift;          /* a tiny chunk: only what takes next to no time is tried */
    bool trial;          /* of one layout of several: what others are is not tried here */
    bool no_palette;     /* that method has been tried, and others are smaller */
    size_t limit;        /* more bytes of payload are not wanted */
    bool doubtful;       /* nor those of a part that make more likely for the whole */
    const px_gaps *mask; /* of the array, or of one of another shape, of which it says nothing */
} px_task;

enum { PX_MOST_REDUCED = 3 }; /* pictures at 1/2, 1/4 and 1/8 may be had from a beginning */

/* What encoding comes to: two sections of the container, owned. */
typedef struct px_coded {
    px_pipeline pipeline; /* what was done in the end */
    bool is_mapped;       /* the sections are those of a mapping */
    px_sections sections;
    size_t ends[PX_MOST_REDUCED]; /* [by - 1]: bytes of the payload that the pictures at 1/2^by
                                     need, fewer for larger `by`; 0: there is no such part */
} px_coded;

void px_coded_free(px_coded *coded);

/* The status of an encoding, or that of its sections, which have failed where there was no memory.
 * After a failure nothing is left. */
prism_status px_coded_finish(px_coded *coded, prism_status status, prism_error *error);

/* Bytes of both sections; 0 before anything was coded. */
size_t px_coded_size(const px_coded *coded);

/* *tried takes the place of *best if it is smaller, or the first. The other one is freed. */
void px_coded_keep_smaller(px_coded *best, px_coded *tried);

typedef struct px_transform_stage {
    prism_status (*forward)(px_planes *planes, const px_task *task, px_buffer *parameters,
                            prism_error *error);
    prism_status (*inverse)(px_planes *planes, px_reader *parameters, prism_error *error);
    uint64_t (*inverse_memory)(const px_planes *planes); /* see px_decode_memory */
} px_transform_stage;

typedef struct px_predictor_stage {
    void (*forward)(px_planes *planes);
    void (*inverse)(px_planes *planes);
} px_predictor_stage;

/*
 * Bytes that decoding allocates at most at a time: beside the planes themselves, but with
 * them for a coder that is late. Of `planes` only the shape is set. Nothing is
 * allocated to find it, and whatever the sections hold, decoding fails or takes no more: parameters
 * that cannot be read make it 0.
 */
typedef uint64_t (*px_decode_memory)(const px_planes *planes, const px_pipeline *pipeline,
                                     px_reader parameters, size_t payload_size);

/* What decoding is asked for. */
typedef struct px_request {
    const bool *wanted; /* [planes]; NULL: all */
    int threads;        /* at least 1 */
} px_request;

/*
 * A coder either takes residuals, after the transform and the predictor, or it predicts: then it
 * takes samples, and the transform and the predictor of the pipeline are its own business, since it
 * needs more of a prediction than the rounded residual. With transform none, it does not predict
 * planes from each other.
 *
 * `encode` appends to the sections of `out`. It may stop and leave more than task->limit bytes of
 * payload as soon as it is clear that it needs that many. It may turn the transform of
 * out->pipeline to what it did. `decode` checks everything it reads; it may leave out planes that
 * are not wanted, if no other needs them. A coder that is `late` takes the planes' memory itself
 * (px_planes_take), when it needs it, and counts it.
 */
typedef struct px_coder_stage {
    bool late;
    prism_status (*encode)(const px_planes *planes, const px_task *task, px_coded *out,
                           prism_error *error);
    prism_status (*decode)(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error);
    px_decode_memory decode_memory;
} px_coder_stage;

extern const px_transform_stage px_channels; /* transforms/channels.c */
extern const px_transform_stage px_stack;    /* transforms/stack.c */
extern const px_predictor_stage px_paeth;    /* transforms/paeth.c */
extern const px_coder_stage px_deflate;      /* coders/deflate.c */
extern const px_coder_stage px_jxl;          /* coders/jxl.c */

/* The methods of coder ans. */
extern const px_coder_stage px_quick;    /* coders/ans/lsq/quick.c */
extern const px_coder_stage px_lsq;      /* coders/ans/lsq/lsq.c */
extern const px_coder_stage px_adaptive; /* coders/ans/adaptive/adaptive.c */
extern const px_coder_stage px_frames;   /* coders/ans/frames/frames.c */
extern const px_coder_stage px_palette;  /* coders/ans/palette/palette.c */
extern const px_coder_stage px_mixed;    /* coders/ans/frames/mixed.c */
extern const px_coder_stage px_order0;   /* coders/ans/order0/order0.c */
extern const px_coder_stage px_blocks;   /* coders/ans/blocks/blocks.c */

/* About the bytes that coder deflate makes of the planes of a tiny chunk. */
prism_status px_deflate_guess(double *bytes, const px_planes *planes, prism_error *error);

/* The stage for a value of the options, or NULL where there is nothing to do (`none`). */
const px_transform_stage *px_transform_stage_of(prism_transform transform);
const px_predictor_stage *px_predictor_stage_of(prism_predictor predictor);
const px_coder_stage *px_coder_stage_of(prism_coder coder, prism_method method);

/* Whether a coder takes samples and not residuals. */
static inline bool px_coder_predicts(prism_coder coder) {
    return coder == PRISM_CODER_ANS;
}

/* Codes planes as a task says, after its transform and predictor: what they come to stays in *best
 * if it is smaller than what is there. */
prism_status px_try(px_coded *best, const px_planes *planes, const px_task *task,
                    prism_error *error);

/* Coders of the elements themselves, of any type, which are not made samples: raw and zstd. */
bool px_takes_elements(prism_coder coder);

/* Whether this version has the stages that are asked for. AUTO counts as had. */
prism_status px_stages_check(prism_transform transform, prism_predictor predictor,
                             prism_coder coder, prism_error *error);

#endif
