/* How texts are put together by printf. Internal. */
#ifndef PX_SYSTEM_FORMAT_H
#define PX_SYSTEM_FORMAT_H

/* Makes the compiler check arguments: PX_PRINTF(number of the format, number of the first one). */
#if defined(__MINGW32__)
#define PX_PRINTF(format_at, first) __attribute__((format(gnu_printf, format_at, first)))
#else
#define PX_PRINTF(format_at, first) __attribute__((format(printf, format_at, first)))
#endif

#endif
