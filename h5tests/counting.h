/*
 * The memory that the library takes, counted, and refused where a test asks for it. The linker puts
 * these functions in the place of malloc and its kin (-Wl,--wrap), so that whatever of our own code
 * allocates goes through them. Libraries below are seen as far as they let us: zlib and libjxl take
 * functions of ours. For one thread.
 */
#ifndef H5TESTS_COUNTING_H
#define H5TESTS_COUNTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct counts {
    size_t calls;  /* allocations that were asked for */
    size_t blocks; /* allocated and not freed */
    size_t bytes;  /* of them */
    size_t peak;   /* the most bytes at once */
} counts;

/* Which allocations fail: none, number `first`, or all from it on. */
typedef struct refusal {
    size_t first; /* from 1 on; 0: none */
    bool lasting;
} refusal;

/* What follows is counted until counting_stop. */
void counting_start(refusal refused);
counts counting_stop(void);

/* Notes, for the calls that follow until counting_stop, by which way each of them was reached: a
 * hash of the functions that are being executed. */
void counting_trace(uint64_t *ways, size_t room);

#endif
