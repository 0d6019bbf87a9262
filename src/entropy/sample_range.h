/* From which least to which largest sample planes reach, and as side information. Internal. */
#ifndef PX_ENTROPY_SAMPLE_RANGE_H
#define PX_ENTROPY_SAMPLE_RANGE_H

#include "entropy/range_coder.h"

typedef struct px_sample_range {
    int32_t low, high;
} px_sample_range;

/* Of no samples. */
#define PX_EMPTY_RANGE ((px_sample_range){INT16_MAX, INT16_MIN})

/* As far as samples[count] need. */
void px_sample_range_widen(px_sample_range *range, const int16_t *samples, size_t count);

void px_sample_range_write(const px_sample_range *range, px_range_encoder *coder);

/* Of samples of so many bits, which are not all the same. */
prism_status px_sample_range_read(px_sample_range *range, px_range_decoder *coder, unsigned depth,
                                  prism_error *error);

#endif
