/* Threads as systems have them. base/threads.h has the tasks that run on them. Internal. */
#ifndef PX_SYSTEM_THREADS_H
#define PX_SYSTEM_THREADS_H

#include <stdbool.h>

#if defined(_WIN32)
typedef void *px_thread;
#else
#include <pthread.h>
typedef pthread_t px_thread;
#endif

/* What a thread does. */
typedef struct px_thread_task {
    void (*run)(void *argument);
    void *argument;
} px_thread_task;

/* False if there is no thread to be had. It blocks signals, which are the business of the
 * program's own threads, but not its own faults. *task is the thread's until px_thread_join. */
bool px_thread_start(px_thread *thread, px_thread_task *task);
void px_thread_join(px_thread thread);

/* A lock, and waiting for what is changed under it. */
#if defined(_WIN32)
typedef struct px_monitor {
    void *lock, *condition;
} px_monitor;
#else
typedef struct px_monitor {
    pthread_mutex_t lock;
    pthread_cond_t condition;
} px_monitor;
#endif

/* False if there is none to be had. */
bool px_monitor_make(px_monitor *monitor);
void px_monitor_free(px_monitor *monitor);
void px_monitor_enter(px_monitor *monitor);
void px_monitor_leave(px_monitor *monitor);

/* Within it: leaves it until others say that something has changed, or for no reason. */
void px_monitor_wait(px_monitor *monitor);
void px_monitor_wake_all(px_monitor *monitor);

/* Processors that this process may run on; at least 1. */
int px_processors(void);

#endif
