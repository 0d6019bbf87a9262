/* A dataset on its way into other chunks: what it is, what has been encoded of it, and whether
 * that is smaller than what is stored. */
#ifndef TOOL_TASK_H
#define TOOL_TASK_H

#include "chunked.h"
#include "packing.h"
#include "spool.h"

enum { TOOL_BOUND_WORD = 7 /* of the filter's parameters: not 0 where there is a bound */ };

typedef struct tool_task {
    char *path;
    haddr_t address; /* in the original */
    uint64_t bytes;  /* of its elements */
    hsize_t chunk[H5S_MAX_RANK];
    size_t chunk_bytes;
    uint32_t options[PRISM_OPTION_WORDS];
    char exact_because[240]; /* why the bound that was asked for is not among them; else empty */
    struct tool_task *next;

    /* From its beginning to its end: */
    bool begun;
    tool_chunked source;
    hid_t list;               /* creation properties of the new dataset */
    hid_t twin;               /* a dataset with them, in memory, whose chunks are placeholders */
    bool same_chunks, direct; /* chunks have the new shape; and no filter but h5prism */
    unsigned words[PRISM_MAX_WORDS]; /* the filter's parameters in the new dataset */
    size_t word_count;
    tool_spool spool;
    uint64_t limit;              /* the new dataset must not take more; UINT64_MAX: it may */
    bool stopped;                /* it does take more, and not all was encoded */
    size_t on_the_way;           /* chunks that are being encoded */
    uint64_t encoded;            /* bytes of elements */
    size_t chunks, lossy_chunks; /* of a task with a bound */
    float worst;                 /* of their errors, in its unit */
} tool_task;

/* For a dataset that need not stay open. NULL, with a message, if there is no memory. */
tool_task *tool_task_new(const tool_chunked *source, const hsize_t *chunk, const uint32_t *options);

/* Opens the source, in `from`, and what is written beside the file `to`; `twins` is a file in
 * memory. False, with a message; call tool_task_end then, too. */
typedef struct tool_task_files {
    hid_t from, to, twins;
    const tool_packing *packing;
    bool always;   /* larger datasets are welcome */
    bool skip_bad; /* as in tool_encoder_options */
} tool_task_files;
bool tool_task_begin(tool_task *task, const tool_task_files *files);
void tool_task_end(tool_task *task);
void tool_task_free(tool_task *task);

/* The next encoded chunk. False, with a message, if it cannot be kept. */
bool tool_task_add(tool_task *task, const hsize_t *offset, const void *bytes, size_t size);

/* Bytes that the encoded chunks take in a file, with their index. */
uint64_t tool_task_size(const tool_task *task);

/* Whether they take more than is stored. */
bool tool_task_is_larger(const tool_task *task);

#endif
