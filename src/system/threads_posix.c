#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "system/threads.h"

#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static void *begin(void *argument) {
    const px_thread_task *task = argument;
    task->run(task->argument);
    return NULL;
}

/* Signals are for the host's threads, but for faults, which are the thread's own. */
static void choose_blocked(sigset_t *blocked) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigfillset(blocked);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(blocked, faults[i]);
}

bool px_thread_start(px_thread *thread, px_thread_task *task) {
    sigset_t blocked, before;
    choose_blocked(&blocked);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    const bool started = pthread_create(thread, NULL, begin, task) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void px_thread_join(px_thread thread) {
    pthread_join(thread, NULL);
}

bool px_monitor_make(px_monitor *monitor) {
    if (pthread_mutex_init(&monitor->lock, NULL) != 0)
        return false;
    if (pthread_cond_init(&monitor->condition, NULL) == 0)
        return true;
    pthread_mutex_destroy(&monitor->lock);
    return false;
}

void px_monitor_free(px_monitor *monitor) {
    pthread_cond_destroy(&monitor->condition);
    pthread_mutex_destroy(&monitor->lock);
}

void px_monitor_enter(px_monitor *monitor) {
    pthread_mutex_lock(&monitor->lock);
}

void px_monitor_leave(px_monitor *monitor) {
    pthread_mutex_unlock(&monitor->lock);
}

void px_monitor_wait(px_monitor *monitor) {
    pthread_cond_wait(&monitor->condition, &monitor->lock);
}

void px_monitor_wake_all(px_monitor *monitor) {
    pthread_cond_broadcast(&monitor->condition);
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
