#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sigaltstack */
#endif
#include "system/signals.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

enum { STOPPING = sizeof stopping / sizeof *stopping };

void px_signals_on_stop(void (*handler)(int)) {
    static bool looked, ignored[STOPPING];
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, before;
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < STOPPING; i++) {
        if (!looked)
            ignored[i] = sigaction(stopping[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN;
        if (!ignored[i])
            sigaction(stopping[i], &action, NULL);
    }
    looked = true;
    signal(SIGXFSZ, SIG_IGN);
}

/* A stack that has run full is of no use to a handler. */
void px_signals_on_crash(void (*handler)(int)) {
    static char room[1 << 16];
    const stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
}

const char *px_signal_name(int number) {
    return number == SIGSEGV   ? "SIGSEGV"
           : number == SIGBUS  ? "SIGBUS"
           : number == SIGABRT ? "SIGABRT"
           : number == SIGFPE  ? "SIGFPE"
                               : "SIGILL";
}
