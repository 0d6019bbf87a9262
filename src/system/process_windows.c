#include "system/process.h"

#include <fcntl.h>
#include <io.h>
#include <locale.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <shellapi.h>

#include "system/wide.h"

static char *utf8(const wchar_t *text) {
    const int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *copy = length > 0 ? malloc((size_t)length) : NULL;
    if (copy)
        WideCharToMultiByte(CP_UTF8, 0, text, -1, copy, length, NULL, NULL);
    return copy;
}

/* Of the whole command line. They live as long as the process. */
static char **utf8_arguments(int *count) {
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), count);
    char **all = wide ? calloc((size_t)*count + 1, sizeof *all) : NULL;
    for (int i = 0; all && i < *count; i++) {
        all[i] = utf8(wide[i]);
        if (!all[i])
            return NULL;
    }
    LocalFree(wide);
    return all;
}

/* Escape sequences of progress are shown by consoles of Windows 10 that are asked to. */
static void show_escapes(void) {
    const HANDLE console = GetStdHandle(STD_ERROR_HANDLE);
    DWORD mode;
    if (GetConsoleMode(console, &mode))
        SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

void px_process_begin(int *count, char ***arguments) {
    int found;
    char **all = utf8_arguments(&found);
    setlocale(LC_ALL, ".UTF8"); /* for what is printed, where the C library has it */
    setlocale(LC_NUMERIC, "C");
    if (all) {
        *count = found;
        *arguments = all;
        SetConsoleOutputCP(CP_UTF8);
    }
    _setmode(_fileno(stdout), _O_BINARY);
    show_escapes();
}

/* As programs take it apart again: quotes and the backslashes before them are escaped. To be freed.
 * "Parsing C command-line arguments", in the documents of Microsoft C++. */
static char *quoted(const char *argument) {
    const size_t length = strlen(argument);
    char *text = malloc(length + length + sizeof "\"\""), *end = text;
    size_t backslashes = 0;
    if (!text)
        return NULL;
    *end++ = '"';
    for (const char *c = argument; *c; c++) {
        for (; *c == '"' && backslashes; backslashes--)
            *end++ = '\\';
        backslashes = *c == '\\' ? backslashes + 1 : 0;
        if (*c == '"')
            *end++ = '\\';
        *end++ = *c;
    }
    for (; backslashes; backslashes--)
        *end++ = '\\';
    *end++ = '"';
    *end = '\0';
    return text;
}

/* They live as long as the process. */
static wchar_t **wide_quoted(char **arguments) {
    size_t count = 0;
    while (arguments[count])
        count++;
    wchar_t **all = calloc(count + 1, sizeof *all);
    for (size_t i = 0; all && i < count; i++) {
        char *text = quoted(arguments[i]);
        all[i] = text ? px_wide(text) : NULL;
        free(text);
        if (!all[i])
            return NULL;
    }
    return all;
}

int px_process_become(char **arguments) {
    wchar_t *name = px_wide(arguments[0]), **all = wide_quoted(arguments);
    return name && all ? (int)_wspawnvp(_P_WAIT, name, (const wchar_t *const *)all) : -1;
}

long px_process_number(void) {
    return (long)GetCurrentProcessId();
}

double px_seconds(void) {
    LARGE_INTEGER now, each;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&each);
    return (double)now.QuadPart / (double)each.QuadPart;
}

static double seconds(const FILETIME *time) {
    return 1e-7 * ((double)time->dwHighDateTime * 4294967296.0 + (double)time->dwLowDateTime);
}

double px_processor_seconds(void) {
    FILETIME created, ended, kernel = {0}, user = {0};
    GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user);
    return seconds(&kernel) + seconds(&user);
}

uint64_t px_machine_memory(void) {
    MEMORYSTATUSEX state = {.dwLength = sizeof state};
    return GlobalMemoryStatusEx(&state) ? state.ullTotalPhys : 0;
}

void px_variable_set(const char *name, const char *value) {
    _putenv_s(name, value);
}

bool px_has_terminal(void) {
    return _isatty(_fileno(stderr));
}
