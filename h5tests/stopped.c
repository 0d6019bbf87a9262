/* A program that writes a file until it is told to stop, as the tool does: the file goes, and the
 * program ends with 128 and the signal's number. scripts/test-windows runs it by wine.
 *
 *   stopped FILE
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "system/files.h"
#include "system/process.h"
#include "system/signals.h"

#ifdef _WIN32
#include <io.h>
#include <process.h>
#else
#include <unistd.h>
#endif

static const char *name;

static void stop(int number) {
    px_file_remove_at_end(name);
    _exit(128 + number);
}

int main(int count, char **arguments) {
    px_process_begin(&count, &arguments);
    name = arguments[1];
    px_signals_on_stop(stop);
    FILE *file = count == 2 ? px_file_stream(name, true) : NULL;
    while (file && fputs("more", file) >= 0 && fflush(file) == 0)
        fseek(file, 0, SEEK_SET);
    px_signals_on_stop(SIG_IGN);
    return 1;
}
