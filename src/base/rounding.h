/* Numbers of fits as the integers that are sent. Internal. */
#ifndef PX_BASE_ROUNDING_H
#define PX_BASE_ROUNDING_H

#include <math.h>
#include <stdint.h>

static inline int32_t px_round_between(double value, double low, double high) {
    return (int32_t)lrint(fmax(fmin(value, high), low));
}

#endif
