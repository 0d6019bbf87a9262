/* Threads that work off jobs, which come back in their order. The one that hands them out does
 * everything else: HDF5 is called by it alone. */
#ifndef TOOL_CREW_H
#define TOOL_CREW_H

#include <stdbool.h>
#include <stddef.h>

#include "system/threads.h"
#include <stddef.h>

enum { TOOL_MOST_THREADS = 1024 };

typedef struct tool_crew {
    void (*work)(void *job);
    void **jobs; /* a ring: [slots] */
    bool *done;
    size_t slots, threads;
    size_t given, begun, taken; /* jobs so far */
    bool stopped;
    px_thread *members;
    px_thread_task task; /* of each */
    bool has_monitor;
    px_monitor monitor; /* of what others change: jobs that are given, and done */
} tool_crew;

/* At most `slots` jobs are on their way. False, with a message, if there are no threads. */
bool tool_crew_open(tool_crew *crew, size_t threads, size_t slots, void (*work)(void *job));

/* Not when tool_crew_full. */
void tool_crew_give(tool_crew *crew, void *job);
bool tool_crew_full(const tool_crew *crew);

/* Waits for the oldest job; NULL if there is none. */
void *tool_crew_take(tool_crew *crew);

/* Jobs that are not begun yet stay undone; take what is there afterwards. */
void tool_crew_stop(tool_crew *crew);
void tool_crew_free(tool_crew *crew);

/* CPUs that this process may use. */
size_t tool_cpus(void);

#endif
