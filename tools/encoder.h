/* Datasets into chunks that many threads encode, and one reads and writes. */
#ifndef TOOL_ENCODER_H
#define TOOL_ENCODER_H

#include "crew.h"
#include "task.h"

typedef struct tool_encoder {
    tool_crew crew;
    tool_packing packing;
    tool_task_files files;
    tool_task *first, **end; /* of the list of what is to do */
    size_t begun;            /* of them */
    bool verify;             /* decode each chunk, and compare */
    bool skip_bad;           /* leave out chunks that do not decode, */
    size_t skipped;          /* of which there were so many */
    uint64_t all, done;      /* bytes of elements: to do in total, encoded so far */
    uint64_t stored;         /* what they have become */
    double start;
} tool_encoder;

typedef struct tool_encoder_options {
    size_t threads;
    tool_packing packing;
    bool verify, always; /* decode each chunk, and compare; keep what has become larger, too */
    bool skip_bad; /* leave out chunks that h5prism encoded and cannot decode, with a message */
} tool_encoder_options;

/* For a copy of the file `from` in the file `to`. Two chunks are in memory for each of up to 8 jobs
 * that wait or are worked on, or for each thread where there are more; what the codec takes for
 * itself; and a slab, where chunks change. */
bool tool_encoder_open(tool_encoder *e, hid_t from, hid_t to, const tool_encoder_options *options);

/* Announces a dataset: threads without work go ahead to it if it is small. */
void tool_encoder_add(tool_encoder *e, tool_task *task);

/* NULL if there is no task for the dataset at that address. */
tool_task *tool_encoder_find(const tool_encoder *e, haddr_t address);

/* Encodes the dataset, or as much of it as fits into what it takes now. False, with a message, if
 * something fails. */
bool tool_encoder_run(tool_encoder *e, tool_task *task);

/* Writes what was encoded to a dataset made from task->list, and closes that; or says that the
 * dataset stays as it is. */
bool tool_encoder_write(tool_encoder *e, tool_task *task, hid_t target);
void tool_encoder_keep(tool_encoder *e, tool_task *task);

/* After failures, too. */
void tool_encoder_close(tool_encoder *e);

#endif
