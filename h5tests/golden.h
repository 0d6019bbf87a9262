/* The golden chunks, which are of every pipeline and mapping, as C tests take them. */
#ifndef H5TESTS_GOLDEN_H
#define H5TESTS_GOLDEN_H

#include "support.h"

typedef struct golden {
    char name[64]; /* of the file */
    uint8_t *chunk;
    size_t chunk_size;
    prism_info info;
    uint8_t *elements; /* what it decodes to */
    size_t size;
} golden;

/* All of them, sorted by name; the test fails if there are none. */
golden *golden_load(size_t *count);
void golden_free(golden *all, size_t count);

/* Options that may lead to such a chunk: its pipeline, at its effort. */
prism_options golden_options(const golden *g);

#endif
