/*
 * Which places to look at where all would be too many: one of every `step`, at irregular distances,
 * since what is in an array may recur at regular ones. Internal.
 */
#ifndef PX_BASE_LOW_DISCREPANCY_H
#define PX_BASE_LOW_DISCREPANCY_H

#include <stddef.h>
#include <stdint.h>

/* The place of the group-th `step` places, of which each group has one: multiples of the golden
 * ratio are spread evenly. */
static inline size_t px_low_discrepancy(size_t group, size_t step) {
    const uint32_t share = (uint32_t)group * 0x9E3779B9u;
    return group * step + (size_t)((uint64_t)share * step >> 32);
}

#endif
