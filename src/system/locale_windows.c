#include "system/locale.h"

#include <locale.h>
#include <string.h>

px_locale px_locale_enter(void) {
    px_locale l = {.own = _configthreadlocale(_ENABLE_PER_THREAD_LOCALE)};
    const char *before = setlocale(LC_NUMERIC, NULL);
    if (before && strlen(before) < sizeof l.before) {
        memcpy(l.before, before, strlen(before) + 1);
        setlocale(LC_NUMERIC, "C");
    }
    return l;
}

void px_locale_leave(const px_locale *l) {
    if (l->before[0])
        setlocale(LC_NUMERIC, l->before);
    _configthreadlocale(l->own);
}
