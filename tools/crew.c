#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif

#include "crew.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"

size_t tool_cpus(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (size_t)CPU_COUNT(&set);
    const long all = sysconf(_SC_NPROCESSORS_ONLN);
    return all > 0 ? (size_t)all : 1;
}

static void *member(void *data) {
    tool_crew *c = data;
    pthread_mutex_lock(&c->lock);
    while (!c->stopped) {
        if (c->begun == c->given) {
            pthread_cond_wait(&c->more, &c->lock);
            continue;
        }
        const size_t slot = c->begun++ % c->slots;
        pthread_mutex_unlock(&c->lock);
        c->work(c->jobs[slot]);
        pthread_mutex_lock(&c->lock);
        c->done[slot] = true;
        pthread_cond_signal(&c->less);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

bool tool_crew_open(tool_crew *c, size_t threads, size_t slots, void (*work)(void *job)) {
    *c = (tool_crew){.work = work,
                     .jobs = calloc(slots, sizeof *c->jobs),
                     .done = calloc(slots, sizeof *c->done),
                     .slots = slots,
                     .members = calloc(threads, sizeof *c->members)};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->more, NULL);
    pthread_cond_init(&c->less, NULL);
    if (c->jobs && c->done && c->members)
        while (c->threads < threads &&
               pthread_create(&c->members[c->threads], NULL, member, c) == 0)
            c->threads++;
    return c->threads > 0 || tool_fail("no thread can be started");
}

bool tool_crew_full(const tool_crew *c) {
    return c->given - c->taken == c->slots;
}

void tool_crew_give(tool_crew *c, void *job) {
    pthread_mutex_lock(&c->lock);
    const size_t slot = c->given++ % c->slots;
    c->jobs[slot] = job;
    c->done[slot] = false;
    pthread_cond_signal(&c->more);
    pthread_mutex_unlock(&c->lock);
}

void *tool_crew_take(tool_crew *c) {
    if (c->taken == c->given)
        return NULL;
    const size_t slot = c->taken++ % c->slots;
    pthread_mutex_lock(&c->lock);
    while (!c->done[slot] && !c->stopped)
        pthread_cond_wait(&c->less, &c->lock);
    pthread_mutex_unlock(&c->lock);
    return c->jobs[slot];
}

void tool_crew_stop(tool_crew *c) {
    pthread_mutex_lock(&c->lock);
    c->stopped = true;
    pthread_cond_broadcast(&c->more);
    pthread_mutex_unlock(&c->lock);
    while (c->threads)
        pthread_join(c->members[--c->threads], NULL);
}

void tool_crew_free(tool_crew *c) {
    pthread_cond_destroy(&c->less);
    pthread_cond_destroy(&c->more);
    pthread_mutex_destroy(&c->lock);
    free(c->members);
    free(c->done);
    free(c->jobs);
}
