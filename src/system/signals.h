/* What ends a program before its time. Internal. */
#ifndef PX_SYSTEM_SIGNALS_H
#define PX_SYSTEM_SIGNALS_H

/* Signals by which others ask a program to end, and that of a pipe that nobody reads. Those that
 * are ignored from the start, as by nohup, stay so. Only the first one counts. A file that grows
 * too large becomes an error like any other. */
void px_signals_on_stop(void (*handler)(int));

/* Faults of the program itself, also where its stack has run full. */
void px_signals_on_crash(void (*handler)(int));

/* Of a fault. Static storage. */
const char *px_signal_name(int number);

#endif
