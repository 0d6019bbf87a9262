#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sizes.h"
#include "base/status.h"

typedef struct crew {
    px_work work;
    void *context;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
} crew;

typedef struct worker {
    crew *crew;
    size_t number;
    pthread_t thread;
    size_t failed; /* the task that failed; SIZE_MAX: none */
    prism_status status;
    prism_error error;
} worker;

enum { MOST_THREADS = 1024 };

size_t px_workers(size_t count, int threads) {
    const size_t asked = threads < 1 ? 1 : (size_t)threads;
    const size_t allowed = px_smaller(asked, MOST_THREADS);
    return count < allowed ? (count ? count : 1) : allowed;
}

/* A task begins only once all before it have: of those that fail, the first one has always begun.
 */
static void work_on(worker *w) {
    crew *c = w->crew;
    while (!atomic_load(&c->failed)) {
        const size_t index = atomic_fetch_add(&c->next, 1);
        if (index >= c->count)
            return;
        w->status = c->work(c->context, index, w->number, &w->error);
        if (w->status != PRISM_OK) {
            w->failed = index;
            atomic_store(&c->failed, true);
        }
    }
}

static void *begin(void *argument) {
    work_on(argument);
    return NULL;
}

/* As many of workers[1, count) as are to be had; returns how many there are then. */
static size_t start(worker *workers, size_t count) {
    sigset_t all, before;
    size_t started = 1;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < count &&
           pthread_create(&workers[started].thread, NULL, begin, &workers[started]) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static prism_status run_alone(size_t count, px_work work, void *context, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < count && status == PRISM_OK; i++)
        status = work(context, i, 0, error);
    return status;
}

static prism_status run_crew(worker *workers, size_t count, prism_error *error) {
    const size_t started = start(workers, count);
    const worker *first = &workers[0];
    work_on(&workers[0]);
    for (size_t i = 1; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        if (workers[i].failed < first->failed)
            first = &workers[i];
    }
    if (first->status != PRISM_OK && error)
        *error = first->error;
    return first->status;
}

prism_status px_run(size_t count, int threads, px_work work, void *context, prism_error *error) {
    const size_t workers = px_workers(count, threads);
    worker *all = workers > 1 ? px_alloc(workers, sizeof *all) : NULL;
    if (!all)
        return run_alone(count, work, context, error);
    crew c = {.work = work, .context = context, .count = count};
    for (size_t i = 0; i < workers; i++)
        all[i] = (worker){.crew = &c, .number = i, .failed = SIZE_MAX, .status = PRISM_OK};
    const prism_status status = run_crew(all, workers, error);
    free(all);
    return status;
}

int px_processors(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
#endif
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 1 ? (int)online : 1;
}
