/* Failing with a message. Internal. */
#ifndef PX_STATUS_H
#define PX_STATUS_H

#include "prism.h"

/* Fills *error, if there is one, and returns `status`: `return px_fail(error, PRISM_E_..., "...")`.
 */
prism_status px_fail(prism_error *error, prism_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Clears *error, if there is one, and returns PRISM_OK. */
prism_status px_succeed(prism_error *error);

prism_status px_out_of_memory(prism_error *error, size_t bytes);

#endif
