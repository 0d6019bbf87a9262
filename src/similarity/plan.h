/*
 * transform=stack: in which order the frames of a stack are coded, and which frames each of them is
 * predicted from. Similar frames follow each other wherever they stand in the stack. Internal.
 */
#ifndef PX_SIMILARITY_PLAN_H
#define PX_SIMILARITY_PLAN_H

#include "entropy/range_coder.h"
#include "planes/planes.h"

enum {
    PX_REFERENCES = 2, /* of a frame, at most */
    PX_CHAIN = 32,     /* frames that have to be decoded for one, itself included, at most: its
                          references, theirs, and so on */
    PX_PLAN_FRAMES = 1 << 19 /* more have no plan: they are left as they are */
};

/* What a frame is predicted from; `references` are turns (places in the order) before its own. */
typedef struct px_frame {
    uint32_t plane;  /* which of the stack */
    uint8_t count;   /* references; 0: the frame is coded alone */
    bool duplicates; /* every sample is that of references[0]: nothing else is coded */
    uint32_t references[PX_REFERENCES]; /* the most similar one first */
} px_frame;

typedef struct px_stack_plan {
    size_t count;
    px_frame *frames; /* [count], in coding order; owned */
} px_stack_plan;

/* The best plan that similarity of the frames (not of their hashes alone) finds. */
prism_status px_stack_plan_make(px_stack_plan *plan, const px_planes *planes, int effort,
                                prism_error *error);
void px_stack_plan_free(px_stack_plan *plan);

void px_stack_plan_write(const px_stack_plan *plan, px_range_encoder *coder);

/* Bytes that reading a plan takes, with the plan. */
uint64_t px_stack_plan_memory(size_t count);

/* Allocates the plan of `count` frames and checks everything that it reads. */
prism_status px_stack_plan_read(px_stack_plan *plan, size_t count, px_range_decoder *coder,
                                prism_error *error);

#endif
