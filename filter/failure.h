/* Failing with a message. Internal. */
#ifndef PLUGIN_FAILURE_H
#define PLUGIN_FAILURE_H

#include "prism.h"
#include "system/format.h"

/* Fills *error and returns its status: `return plugin_fail(error, PRISM_E_..., "...")`. */
prism_status plugin_fail(prism_error *error, prism_status status, const char *format, ...)
    PX_PRINTF(3, 4);

#endif
