/* What `h5prism inspect` finds out of a dataset, and its two ways of saying so. */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include "chunked.h"

typedef enum tool_checksum { TOOL_NONE, TOOL_RIGHT, TOOL_WRONG, TOOL_CHECKSUMS } tool_checksum;

/* One stored chunk. */
typedef struct tool_chunk_report {
    hsize_t offset[H5S_MAX_RANK];
    uint64_t values; /* that are in the dataset: without those beyond its edge */
    size_t size;
    uint32_t mask;
    bool encoded; /* by h5prism: `info` and `checksum` are known, unless there is an error */
    prism_info info;
    tool_checksum checksum; /* of the stored bytes */
    prism_error error;
} tool_chunk_report;

/* A chunk that does not decode. Of a chunk in blocks whose head is intact, which blocks are
 * damaged: damaged[0 .. count - 1] of `blocks`; else `blocks` is 0. */
typedef struct tool_damage {
    hsize_t offset[H5S_MAX_RANK];
    prism_error error;
    size_t *damaged, count, blocks;
} tool_damage;

typedef struct tool_damages {
    tool_damage *items;
    size_t count, room;
} tool_damages;

/* How chunks were coded, and how many. */
typedef struct tool_pipeline {
    prism_mapping mapping;
    prism_transform transform;
    prism_predictor predictor;
    prism_coder coder;
    prism_method method;
    int effort, axis;
    unsigned axis_count; /* several where `axis` is -1 */
    int axes[PRISM_MAX_RANK];
    size_t chunks;
} tool_pipeline;

typedef struct tool_pipelines {
    tool_pipeline *items;
    size_t count, room;
} tool_pipelines;

/* Of chunks with one kind of bound. */
typedef struct tool_loss {
    uint64_t chunks;
    float bound, worst; /* the largest bound, the worst error */
} tool_loss;

enum { TOOL_BOUNDS = PRISM_BOUND_DISTANCE + 1, TOOL_REFERENCES = PRISM_BOUND_OF_DEVIATION + 1 };

typedef struct tool_numbers {
    double *values;
    size_t count, room;
} tool_numbers;

typedef struct tool_report {
    const tool_chunked *dataset;
    char type[32], options[200];         /* empty where h5prism does not say */
    uint64_t all, stored, bytes, values; /* chunks; bytes and values of the stored ones */
    uint64_t unfiltered, unreadable, checksums[TOOL_CHECKSUMS];
    bool checked; /* chunks were decoded: `damages` are those that do not */
    tool_damages damages;
    tool_pipelines pipelines;
    bool bounded; /* the dataset's options have a bound */
    tool_loss losses[TOOL_BOUNDS]
                    [TOOL_REFERENCES]; /* by the bound's kind, and what it is a share of */
    tool_numbers bits;                 /* a value, of each stored chunk */
    tool_numbers planes; /* of each plane of the first chunk, coded by itself; empty if not asked */
} tool_report;

double tool_ratio(const tool_report *report, size_t bytes, uint64_t values);
double tool_bits(size_t bytes, uint64_t values);

/* How one chunk was coded. */
tool_pipeline tool_pipeline_of(const prism_info *info);

/* "max_error=2", "rel_rmse=0.01,of=deviation" */
enum { TOOL_BOUND_TEXT = 64 };
const char *tool_bound_text(char text[TOOL_BOUND_TEXT], prism_bound bound, prism_bound_of of,
                            float value);

/* The spellings of a chunk's pipeline. */
const char *tool_transform_name(prism_transform transform);
const char *tool_predictor_name(prism_predictor predictor);
const char *tool_coder_name(prism_coder coder);

/* Callbacks in the order in which things are known: of a file, a dataset, its chunks if they are
 * asked for, and the dataset as a whole. */
typedef struct tool_writer {
    void (*begin)(const char *file);
    void (*dataset)(const tool_report *report, bool with_chunks);
    void (*chunk)(const tool_report *report, const tool_chunk_report *chunk);
    void (*summary)(const tool_report *report, bool with_chunks);
    void (*end)(void);
} tool_writer;

extern const tool_writer tool_text, tool_json;

#endif
