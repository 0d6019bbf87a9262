#include "base/threads.h"

#include <stdatomic.h>
#include <stdlib.h>

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
    px_thread thread;
    px_thread_task task;
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
static void work_on(void *data) {
    worker *w = data;
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

/* As many of workers[1, count) as are to be had; returns how many there are then. */
static size_t start(worker *workers, size_t count) {
    size_t started = 1;
    for (; started < count; started++) {
        worker *w = &workers[started];
        w->task = (px_thread_task){work_on, w};
        if (!px_thread_start(&w->thread, &w->task))
            break;
    }
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
        px_thread_join(workers[i].thread);
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

prism_status px_progress_make(px_progress *progress, prism_error *error) {
    *progress = (px_progress){.reached = 0};
    return px_monitor_make(&progress->monitor)
               ? PRISM_OK
               : px_fail(error, PRISM_E_MEMORY, "there is no lock to be had");
}

void px_progress_free(px_progress *progress) {
    px_monitor_free(&progress->monitor);
}

void px_progress_reach(px_progress *progress, size_t place) {
    px_monitor_enter(&progress->monitor);
    progress->reached = place;
    px_monitor_wake_all(&progress->monitor);
    px_monitor_leave(&progress->monitor);
}

void px_progress_end(px_progress *progress) {
    px_monitor_enter(&progress->monitor);
    progress->ended = true;
    px_monitor_wake_all(&progress->monitor);
    px_monitor_leave(&progress->monitor);
}

bool px_progress_wait(px_progress *progress, size_t place) {
    px_monitor_enter(&progress->monitor);
    while (progress->reached < place && !progress->ended)
        px_monitor_wait(&progress->monitor);
    const bool reached = progress->reached >= place;
    px_monitor_leave(&progress->monitor);
    return reached;
}
