/* replay FILE|FOLDER...: calls a target with these files, without libFuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static size_t replayed;

static void replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    FUZZ_REQUIRE(file && fseek(file, 0, SEEK_END) == 0);
    const size_t size = (size_t)ftell(file);
    uint8_t *data = fuzz_alloc(size);
    rewind(file);
    FUZZ_REQUIRE(fread(data, 1, size, file) == size);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    fuzz_free(data);
    replayed++;
}

static void replay_folder(DIR *folder, const char *path) {
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char name[1024];
        if (*entry->d_name == '.')
            continue;
        snprintf(name, sizeof name, "%.700s/%.255s", path, entry->d_name);
        fprintf(stderr, "%s\n", name); /* the last one is what a fault is of */
        replay_file(name);
    }
}

int main(int count, char **paths) {
    for (int i = 1; i < count; i++) {
        DIR *folder = opendir(paths[i]);
        if (folder)
            replay_folder(folder, paths[i]);
        else
            replay_file(paths[i]);
        if (folder)
            closedir(folder);
    }
    printf("%zu files\n", replayed);
    return replayed ? EXIT_SUCCESS : EXIT_FAILURE;
}
