/* A program and what is around it. Internal. */
#ifndef PX_SYSTEM_PROCESS_H
#define PX_SYSTEM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* As the first thing that main does: makes arguments and names of files UTF-8 where they are not,
 * and standard output bytes as they are. */
void px_process_begin(int *count, char ***arguments);

/* Its number among those that run. */
long px_process_number(void);

/* Runs a program with these arguments, the first of which is its name and the last one NULL, in
 * this one's place, where systems have such. Returns its exit status, or -1 with errno. */
int px_process_become(char **arguments);

/* Time since an arbitrary moment, and the processor time of this process so far. */
double px_seconds(void);
double px_processor_seconds(void);

/* Bytes of the machine; 0: unknown. */
uint64_t px_machine_memory(void);

/* Sets a variable of the environment, which may have another value. */
void px_variable_set(const char *name, const char *value);

/* Whether stderr is shown to somebody. */
bool px_has_terminal(void);

#endif
