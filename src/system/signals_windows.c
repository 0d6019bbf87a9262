#include "system/signals.h"

#include <signal.h>
#include <stddef.h>
#include <windows.h>

enum { MOST_MILLISECONDS = 5000 };

static const int crashes[] = {SIGSEGV, SIGABRT, SIGFPE, SIGILL};

/* Held while the handler is at work: who wants to go on without it waits, for the program's end
 * perhaps. */
static SRWLOCK held = SRWLOCK_INIT;
static void (*on_stop)(int);

/* In a thread of its own for each event. Those of a process that ignores Ctrl-C do not come. */
static BOOL WINAPI heed(DWORD event) {
    AcquireSRWLockExclusive(&held);
    if (on_stop != SIG_IGN)
        on_stop(event == CTRL_C_EVENT ? SIGINT : SIGBREAK);
    on_stop = SIG_IGN;
    ReleaseSRWLockExclusive(&held);
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
        Sleep(MOST_MILLISECONDS); /* the window closes: Windows ends the program after this */
    return TRUE;
}

void px_signals_on_stop(void (*handler)(int)) {
    static BOOL listening;
    AcquireSRWLockExclusive(&held);
    on_stop = handler;
    ReleaseSRWLockExclusive(&held);
    if (!listening)
        listening = SetConsoleCtrlHandler(heed, TRUE);
}

void px_signals_on_crash(void (*handler)(int)) {
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        signal(crashes[i], handler);
}

const char *px_signal_name(int number) {
    return number == SIGSEGV   ? "SIGSEGV"
           : number == SIGABRT ? "SIGABRT"
           : number == SIGFPE  ? "SIGFPE"
                               : "SIGILL";
}
