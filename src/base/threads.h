/*
 * Tasks side by side. Threads live no longer than a call, so that a process may fork between calls;
 * they block all signals, which are the business of the program's own threads. Internal.
 */
#ifndef PX_BASE_THREADS_H
#define PX_BASE_THREADS_H

#include "prism.h"
#include "system/threads.h"

/* Task number `index`, on thread number `worker`. Tasks must not depend on each other, but that one
 * may wait for what those before it have reached. */
typedef prism_status (*px_work)(void *context, size_t index, size_t worker, prism_error *error);

/* On how many threads `count` tasks run where `threads` are allowed (below 1 is 1, above 1024 is
 * that). */
size_t px_workers(size_t count, int threads);

/*
 * Runs `count` tasks on px_workers threads, of which the caller's is number 0. Tasks begin in their
 * order. After a failure no more begin, and the failure of the first task that failed is returned:
 * the same one for any number of threads. A thread that is not to be had is done without.
 */
prism_status px_run(size_t count, int threads, px_work work, void *context, prism_error *error);

/* How far a task has come. */
typedef struct px_progress {
    px_monitor monitor;
    size_t reached;
    bool ended; /* the task gets no further */
} px_progress;

prism_status px_progress_make(px_progress *progress, prism_error *error);
void px_progress_free(px_progress *progress);

void px_progress_reach(px_progress *progress, size_t place);
void px_progress_end(px_progress *progress);

/* Waits until the task has reached the place; false if it ended before it. */
bool px_progress_wait(px_progress *progress, size_t place);

#endif
