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

int px_processors(void) {
    DWORD_PTR own, all;
    int count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &own, &all))
        for (; own; own &= own - 1)
            count++;
    return count ? count : 1;
}
