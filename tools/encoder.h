/* Datasets into chunks of h5prism, which many threads encode and one reads and writes. */
#ifndef TOOL_ENCODER_H
#define TOOL_ENCODER_H

#include "chunked.h"
#include "crew.h"

typedef struct tool_encoder {
    tool_crew crew;
    bool verify;        /* decode each chunk, and compare */
    uint64_t all, done; /* bytes of elements: to do in total, written so far */
    uint64_t stored;    /* what they have become */
    double start;
} tool_encoder;

/* Two chunks are in memory for each of up to 8 jobs that wait or are worked on, or for each thread
 * where there are more; and what the codec takes for itself. */
bool tool_encoder_open(tool_encoder *e, size_t threads, bool verify, uint64_t all);

/* Writes `source` to `target`, which has the same dataspace, its own chunks, and h5prism for its
 * only filter. Closes both, some of its chunks may be written later. */
bool tool_encoder_dataset(tool_encoder *e, const tool_chunked *source, hid_t target);

/* Writes the rest, and says what has become of each dataset. */
bool tool_encoder_finish(tool_encoder *e);

/* After failures, too. */
void tool_encoder_close(tool_encoder *e);

#endif
