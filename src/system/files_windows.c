#include "system/files.h"

#include <direct.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <windows.h>

#include "system/wide.h"

enum { MOST_DESCRIPTORS = 512, MOST_TRIES = 100 };

wchar_t *px_wide(const char *path) {
    const int length = MultiByteToWideChar(CP_UTF8, 0, path, -1, NULL, 0);
    wchar_t *name = calloc((size_t)length + 1, sizeof *name);
    if (name && !MultiByteToWideChar(CP_UTF8, 0, path, -1, name, length))
        *name = 0;
    return name;
}

int px_file_open(const char *path, bool writing) {
    wchar_t *name = px_wide(path);
    const int descriptor = name ? _wopen(name, (writing ? _O_WRONLY : _O_RDONLY) | _O_BINARY) : -1;
    free(name);
    return descriptor;
}

FILE *px_file_stream(const char *path, bool writing) {
    wchar_t *name = px_wide(path);
    FILE *file = name ? _wfopen(name, writing ? L"wb" : L"rb") : NULL;
    free(name);
    return file;
}

bool px_file_read_at(int descriptor, void *bytes, size_t size, uint64_t offset) {
    const __int64 before = _lseeki64(descriptor, 0, SEEK_CUR);
    bool done = before >= 0 && _lseeki64(descriptor, (__int64)offset, SEEK_SET) >= 0;
    for (size_t at = 0; done && at < size;) {
        const unsigned most = size - at < 1u << 30 ? (unsigned)(size - at) : 1u << 30;
        const int count = _read(descriptor, (char *)bytes + at, most);
        done = count > 0;
        at += done ? (size_t)count : 0;
    }
    return _lseeki64(descriptor, before, SEEK_SET) >= 0 && done;
}

static bool look_at(const char *path, BY_HANDLE_FILE_INFORMATION *found) {
    wchar_t *name = px_wide(path);
    HANDLE file = INVALID_HANDLE_VALUE;
    if (name)
        file = CreateFileW(name, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                           OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    free(name);
    errno = name ? ENOENT : ENOMEM;
    if (file == INVALID_HANDLE_VALUE)
        return false;
    const bool done = GetFileInformationByHandle(file, found);
    CloseHandle(file);
    return done;
}

bool px_file_exists(const char *path) {
    BY_HANDLE_FILE_INFORMATION found;
    return look_at(path, &found);
}

bool px_file_is_same(const char *path, const char *other) {
    BY_HANDLE_FILE_INFORMATION a, b;
    return look_at(path, &a) && look_at(other, &b) &&
           a.dwVolumeSerialNumber == b.dwVolumeSerialNumber &&
           a.nFileIndexHigh == b.nFileIndexHigh && a.nFileIndexLow == b.nFileIndexLow;
}

bool px_file_is_folder(const char *path) {
    BY_HANDLE_FILE_INFORMATION found;
    return look_at(path, &found) && (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
}

bool px_file_has_folder(const char *path) {
    size_t length = strlen(path);
    while (length && !strchr("/\\:", path[length - 1]))
        length--;
    char *folder = _strdup(path);
    if (folder)
        folder[length] = '\0';
    const bool found = !length || (folder && px_file_is_folder(folder));
    free(folder);
    return found;
}

bool px_file_rename(const char *from, const char *to) {
    wchar_t *old = px_wide(from), *new = px_wide(to);
    if (old && new &&px_file_is_folder(from))
        RemoveDirectoryW(new); /* which fails unless it is empty */
    const bool done = old && new &&MoveFileExW(old, new, MOVEFILE_REPLACE_EXISTING);
    errno = done ? 0 : EACCES;
    free(old);
    free(new);
    return done;
}

void px_file_remove(const char *path) {
    wchar_t *name = px_wide(path);
    if (name)
        _wunlink(name);
    free(name);
}

/* Windows removes no file that is open. */
void px_file_remove_at_end(const char *path) {
    for (int i = STDERR_FILENO + 1; i < MOST_DESCRIPTORS; i++)
        if (_get_osfhandle(i) != -1)
            _close(i);
    px_file_remove(path);
}

FILE *px_file_nameless(const char *beside) {
    const size_t length = strlen(beside) + 32;
    char *name = malloc(length);
    int descriptor = -1;
    for (int i = 0; name && descriptor < 0 && i < MOST_TRIES; i++) {
        snprintf(name, length, "%s.%lu.%d", beside, (unsigned long)GetCurrentProcessId(), i);
        wchar_t *one = px_wide(name);
        if (one)
            descriptor = _wopen(one, _O_CREAT | _O_EXCL | _O_RDWR | _O_BINARY | _O_TEMPORARY,
                                _S_IREAD | _S_IWRITE);
        free(one);
    }
    free(name);
    return descriptor >= 0 ? _fdopen(descriptor, "w+b") : NULL;
}

bool px_folder_make(const char *path) {
    wchar_t *name = px_wide(path);
    const bool done = name && _wmkdir(name) == 0;
    free(name);
    return done;
}

void px_folder_remove(const char *path) {
    wchar_t *name = px_wide(path);
    if (name)
        _wrmdir(name);
    free(name);
}

struct px_folder {
    HANDLE search;
    WIN32_FIND_DATAW entry; /* the next one */
    bool ended;
    char name[3 * MAX_PATH + 1];
};

static wchar_t *pattern_of(const char *path) {
    const size_t length = strlen(path);
    char *all = malloc(length + sizeof "/*");
    if (!all)
        return NULL;
    memcpy(all, path, length);
    memcpy(all + length, "/*", sizeof "/*");
    wchar_t *pattern = px_wide(all);
    free(all);
    return pattern;
}

px_folder *px_folder_open(const char *path) {
    px_folder *folder = calloc(1, sizeof *folder);
    wchar_t *pattern = folder ? pattern_of(path) : NULL;
    if (pattern)
        folder->search = FindFirstFileW(pattern, &folder->entry);
    const bool found = pattern && folder->search != INVALID_HANDLE_VALUE;
    errno = !pattern ? ENOMEM : px_file_exists(path) ? ENOTDIR : ENOENT;
    free(pattern);
    if (found)
        return folder;
    free(folder);
    return NULL;
}

const char *px_folder_next(px_folder *folder) {
    errno = 0;
    if (folder->ended)
        return NULL;
    WideCharToMultiByte(CP_UTF8, 0, folder->entry.cFileName, -1, folder->name, sizeof folder->name,
                        NULL, NULL);
    folder->ended = !FindNextFileW(folder->search, &folder->entry);
    return folder->name;
}

void px_folder_close(px_folder *folder) {
    FindClose(folder->search);
    free(folder);
}
