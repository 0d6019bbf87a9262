/* Memory whose beginning is aligned, which systems give and take back in ways of their own.
 * Internal. */
#ifndef PX_SYSTEM_MEMORY_H
#define PX_SYSTEM_MEMORY_H

#include <stddef.h>

/* Aligned to 64 bytes, or NULL; for px_large_free, and for nothing else. */
void *px_large_alloc(size_t bytes);
void px_large_free(void *block);

#endif
