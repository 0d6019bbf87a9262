#include "status.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
    [PRISM_OK] = "ok",
    [PRISM_E_ARGUMENT] = "invalid argument",
    [PRISM_E_OPTION] = "invalid option",
    [PRISM_E_TYPE] = "unsupported element type",
    [PRISM_E_SHAPE] = "unsupported shape",
    [PRISM_E_MEMORY] = "out of memory",
    [PRISM_E_CAPACITY] = "output buffer too small",
    [PRISM_E_TRUNCATED] = "truncated chunk",
    [PRISM_E_CORRUPT] = "corrupt chunk",
    [PRISM_E_CHECKSUM] = "checksum mismatch",
    [PRISM_E_VERSION] = "newer format version",
    [PRISM_E_UNAVAILABLE] = "not available in this build",
    [PRISM_E_VERIFY] = "verification failed",
    [PRISM_E_INTERNAL] = "internal error",
};

const char *prism_status_name(prism_status status) {
    size_t index = (size_t)status;
    return index < sizeof names / sizeof *names ? names[index] : "unknown status";
}

prism_status px_fail(prism_error *error, prism_status status, const char *format, ...) {
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

prism_status px_succeed(prism_error *error) {
    if (error) {
        error->status = PRISM_OK;
        error->message[0] = '\0';
    }
    return PRISM_OK;
}
