/* Measuring pipelines on a sample: nothing is timed that does not come back bit for bit, or within
 * its bound. */
#ifndef TOOL_MEASURE_H
#define TOOL_MEASURE_H

#include "sample.h"

typedef struct tool_row {
    char name[48];
    bool is_gzip; /* the filters of HDF5 itself: options do not count */
    prism_options options;
    bool measured, broken; /* broken: what came back was something else */
    size_t bytes;          /* of all pieces */
    float reached;         /* the worst error that chunks say, in the unit of the options' bound */
    double encode_seconds, decode_seconds;
    char note[240]; /* why it is not measured */
} tool_row;

void tool_measure(tool_row *row, const tool_sample *sample);

/* The same by HDF5's shuffle and deflate, in a file in memory; `type` is that of the dataset. */
void tool_measure_gzip(tool_row *row, const tool_sample *sample, hid_t type);

enum { TOOL_GZIP_LEVEL = 6 };

#endif
