/* About what zlib makes of some bytes, for a small part of the time it takes. Internal. */
#ifndef PX_CODERS_GUESS_H
#define PX_CODERS_GUESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct px_guess {
    double bytes;
    bool matches; /* whether looking for matches is worth it */
} px_guess;

/* Of less than 4 GiB. */
px_guess px_guess_deflate(const uint8_t *bytes, size_t size);

#endif
