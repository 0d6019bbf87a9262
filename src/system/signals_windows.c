#include "system/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <windows.h>

typedef void (*stop_handler)(int);

enum { MOST_MILLISECONDS = 5000 };

static const int crashes[] = {SIGSEGV, SIGABRT, SIGFPE, SIGILL};

static _Atomic(stop_handler) on_stop;

/* In a thread of its own for each event. Those of a process that ignores Ctrl-C do not come. */
static BOOL WINAPI heed(DWORD event) {
    const stop_handler handler = atomic_exchange(&on_stop, SIG_IGN);
    if (handler != SIG_IGN)
        handler(event == CTRL_C_EVENT ? SIGINT : SIGBREAK);
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
        Sleep(MOST_MILLISECONDS); /* the window closes: Windows ends the program after this */
    return TRUE;
}

void px_signals_on_stop(void (*handler)(int)) {
    static BOOL listening;
    atomic_store(&on_stop, handler);
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
