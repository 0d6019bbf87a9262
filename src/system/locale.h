/* Numbers with a point, whatever the locale of the program says. Internal. */
#ifndef PX_SYSTEM_LOCALE_H
#define PX_SYSTEM_LOCALE_H

#if defined(_WIN32)
typedef struct px_locale {
    int own;         /* whether this thread had one of its own */
    char before[64]; /* its name; empty: it could not be changed */
} px_locale;
#else
#include <locale.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif
typedef struct px_locale {
    locale_t plain, before;
} px_locale;
#endif

/* Of this thread, until px_locale_leave. */
px_locale px_locale_enter(void);
void px_locale_leave(const px_locale *locale);

#endif
