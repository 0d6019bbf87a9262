/* Failing with a message. Internal. */
#ifndef PLUGIN_FAILURE_H
#define PLUGIN_FAILURE_H

#include "prism.h"

/* Fills *error and returns its status: `return plugin_fail(error, PRISM_E_..., "...")`. */
prism_status plugin_fail(prism_error *error, prism_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
