#include "golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 512 };

static void read_file(golden *g) {
    char path[300];
    snprintf(path, sizeof path, "golden/%s", g->name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    g->chunk_size = (size_t)ftell(file);
    g->chunk = malloc(g->chunk_size);
    assert_non_null(g->chunk);
    rewind(file);
    assert_int_equal(fread(g->chunk, 1, g->chunk_size, file), g->chunk_size);
    fclose(file);
}

static int compare(const void *a, const void *b) {
    return strcmp(((const golden *)a)->name, ((const golden *)b)->name);
}

static size_t list(golden *all) {
    size_t count = 0;
    DIR *folder = opendir("golden");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        const size_t length = strlen(entry->d_name);
        if (length < 6 || strcmp(entry->d_name + length - 6, ".prism") != 0)
            continue;
        assert_true(count < MOST && length < sizeof all->name);
        memcpy(all[count++].name, entry->d_name, length + 1);
    }
    closedir(folder);
    qsort(all, count, sizeof *all, compare);
    return count;
}

/* False where this build lacks the coder. */
static bool load(golden *g) {
    read_file(g);
    assert_int_equal(prism_inspect(g->chunk, g->chunk_size, &g->info, NULL), PRISM_OK);
    assert_int_equal(prism_array_size(&g->info.array, &g->size, NULL), PRISM_OK);
    g->elements = malloc(g->size);
    assert_non_null(g->elements);
    const prism_status status =
        prism_decode(g->chunk, g->chunk_size, g->elements, g->size, NULL, NULL);
    if (status != PRISM_E_UNAVAILABLE) {
        assert_int_equal(status, PRISM_OK);
        return true;
    }
    free(g->chunk);
    free(g->elements);
    return false;
}

golden *golden_load(size_t *count) {
    golden *all = calloc(MOST, sizeof *all);
    assert_non_null(all);
    const size_t listed = list(all);
    *count = 0;
    for (size_t i = 0; i < listed; i++) {
        golden g = all[i];
        if (load(&g))
            all[(*count)++] = g;
    }
    return all;
}

void golden_free(golden *all, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(all[i].chunk);
        free(all[i].elements);
    }
    free(all);
}

prism_options golden_options(const golden *g) {
    prism_options options = prism_options_default();
    const prism_info *info = &g->info;
    options.effort = info->effort;
    options.bound = info->bound;
    options.bound_of = info->bound_of;
    options.bound_value = info->bound_value;
    if (info->coder == PRISM_CODER_RAW)
        return options;
    options.transform = info->transform;
    options.predictor = info->predictor;
    options.coder = info->coder;
    options.axis = info->axis;
    return options;
}
