/*
 * Tasks side by side. Threads live no longer than a call, so that a process may fork between calls;
 * they block all signals, which are the business of the program's own threads. Internal.
 */
#ifndef PX_BASE_THREADS_H
#define PX_BASE_THREADS_H

#include "prism.h"

/* Task number `index`, on thread number `worker`. Tasks must not depend on each other. */
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

#endif
