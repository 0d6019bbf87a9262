#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

prism_status plugin_fail(prism_error *error, prism_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    error->status = status;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return status;
}
