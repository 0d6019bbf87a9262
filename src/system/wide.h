/* Names as Windows' functions take them. Those of the C library would have them in a code page.
 * Internal. */
#ifndef PX_SYSTEM_WIDE_H
#define PX_SYSTEM_WIDE_H

#include <stddef.h>

/* UTF-16 of UTF-8. To be freed; NULL: there is no memory. */
wchar_t *px_wide(const char *path);

#endif
