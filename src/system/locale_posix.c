#include "system/locale.h"

px_locale px_locale_enter(void) {
    px_locale l = {.plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0)};
    if (l.plain)
        l.before = uselocale(l.plain);
    return l;
}

void px_locale_leave(const px_locale *l) {
    if (!l->plain)
        return;
    uselocale(l->before);
    freelocale(l->plain);
}
