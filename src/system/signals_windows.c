#include "system/signals.h"

#include <signal.h>
#include <stddef.h>

static const int stopping[] = {SIGINT, SIGTERM, SIGBREAK};
static const int crashes[] = {SIGSEGV, SIGABRT, SIGFPE, SIGILL};

void px_signals_on_stop(void (*handler)(int)) {
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++)
        if (signal(stopping[i], handler) == SIG_IGN)
            signal(stopping[i], SIG_IGN);
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
