#include "crew.h"

#include <stdlib.h>

#include "command.h"

size_t tool_cpus(void) {
    return (size_t)px_processors();
}

static void member(void *data) {
    tool_crew *c = data;
    px_monitor_enter(&c->monitor);
    while (!c->stopped) {
        if (c->begun == c->given) {
            px_monitor_wait(&c->monitor);
            continue;
        }
        const size_t slot = c->begun++ % c->slots;
        px_monitor_leave(&c->monitor);
        c->work(c->jobs[slot]);
        px_monitor_enter(&c->monitor);
        c->done[slot] = true;
        px_monitor_wake_all(&c->monitor);
    }
    px_monitor_leave(&c->monitor);
}

bool tool_crew_open(tool_crew *c, size_t threads, size_t slots, void (*work)(void *job)) {
    *c = (tool_crew){.work = work,
                     .jobs = calloc(slots, sizeof *c->jobs),
                     .done = calloc(slots, sizeof *c->done),
                     .slots = slots,
                     .members = calloc(threads, sizeof *c->members),
                     .task = {member, c}};
    c->has_monitor = px_monitor_make(&c->monitor);
    if (c->jobs && c->done && c->members && c->has_monitor)
        while (c->threads < threads && px_thread_start(&c->members[c->threads], &c->task))
            c->threads++;
    return c->threads > 0 || tool_fail("no thread can be started");
}

bool tool_crew_full(const tool_crew *c) {
    return c->given - c->taken == c->slots;
}

void tool_crew_give(tool_crew *c, void *job) {
    px_monitor_enter(&c->monitor);
    const size_t slot = c->given++ % c->slots;
    c->jobs[slot] = job;
    c->done[slot] = false;
    px_monitor_wake_all(&c->monitor);
    px_monitor_leave(&c->monitor);
}

void *tool_crew_take(tool_crew *c) {
    if (c->taken == c->given)
        return NULL;
    const size_t slot = c->taken++ % c->slots;
    px_monitor_enter(&c->monitor);
    while (!c->done[slot] && !c->stopped)
        px_monitor_wait(&c->monitor);
    px_monitor_leave(&c->monitor);
    return c->jobs[slot];
}

void tool_crew_stop(tool_crew *c) {
    if (!c->threads)
        return;
    px_monitor_enter(&c->monitor);
    c->stopped = true;
    px_monitor_wake_all(&c->monitor);
    px_monitor_leave(&c->monitor);
    while (c->threads)
        px_thread_join(c->members[--c->threads]);
}

void tool_crew_free(tool_crew *c) {
    if (c->has_monitor)
        px_monitor_free(&c->monitor);
    free(c->members);
    free(c->done);
    free(c->jobs);
}
