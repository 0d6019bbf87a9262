#include "system/threads.h"

#include <process.h>
#include <stdint.h>
#include <windows.h>

static unsigned __stdcall begin(void *argument) {
    const px_thread_task *task = argument;
    task->run(task->argument);
    return 0;
}

bool px_thread_start(px_thread *thread, px_thread_task *task) {
    *thread = (px_thread)_beginthreadex(NULL, 0, begin, task, 0, NULL);
    return *thread != NULL;
}

void px_thread_join(px_thread thread) {
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

/* Both are one pointer, which is zero at first and needs no end. */
static SRWLOCK *lock_of(px_monitor *monitor) {
    return (SRWLOCK *)&monitor->lock;
}

static CONDITION_VARIABLE *condition_of(px_monitor *monitor) {
    return (CONDITION_VARIABLE *)&monitor->condition;
}

bool px_monitor_make(px_monitor *monitor) {
    InitializeSRWLock(lock_of(monitor));
    InitializeConditionVariable(condition_of(monitor));
    return true;
}

void px_monitor_free(px_monitor *monitor) {
    (void)monitor;
}

void px_monitor_enter(px_monitor *monitor) {
    AcquireSRWLockExclusive(lock_of(monitor));
}

void px_monitor_leave(px_monitor *monitor) {
    ReleaseSRWLockExclusive(lock_of(monitor));
}

void px_monitor_wait(px_monitor *monitor) {
    SleepConditionVariableSRW(condition_of(monitor), lock_of(monitor), INFINITE, 0);
}

void px_monitor_wake_all(px_monitor *monitor) {
    WakeAllConditionVariable(condition_of(monitor));
}

int px_processors(void) {
    DWORD_PTR own, all;
    int count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &own, &all))
        for (; own; own &= own - 1)
            count++;
    return count ? count : 1;
}
