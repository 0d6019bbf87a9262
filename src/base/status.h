/* Failing with a message. Internal. */
#ifndef PX_BASE_STATUS_H
#define PX_BASE_STATUS_H

#include "prism.h"
#include "system/format.h"

/* Fills *error, if there is one, and returns `status`: `return px_fail(error, PRISM_E_..., "...")`.
 */
prism_status px_fail(prism_error *error, prism_status status, const char *format, ...)
    PX_PRINTF(3, 4);

/* Clears *error, if there is one, and returns PRISM_OK. */
prism_status px_succeed(prism_error *error);

/* Here, so that analysers of one file see that it never returns PRISM_OK. */
static inline prism_status px_out_of_memory(prism_error *error, size_t bytes) {
    px_fail(error, PRISM_E_MEMORY, "out of memory: %zu bytes could not be allocated", bytes);
    return PRISM_E_MEMORY;
}

#endif
