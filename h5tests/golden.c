#include "golden.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_file(golden *g, const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    g->chunk_size = (size_t)ftell(file);
    g->chunk = malloc(g->chunk_size);
    assert_non_null(g->chunk);
    rewind(file);
    assert_int_equal(fread(g->chunk, 1, g->chunk_size, file), g->chunk_size);
    fclose(file);
    snprintf(g->name, sizeof g->name, "%.60s", strrchr(path, '/') + 1);
}

golden *golden_load(size_t *count) {
    glob_t found;
    assert_int_equal(glob("golden/*.prism", 0, NULL, &found), 0);
    *count = found.gl_pathc;
    golden *all = calloc(*count, sizeof *all);
    assert_non_null(all);
    for (size_t i = 0; i < *count; i++) {
        golden *g = &all[i];
        read_file(g, found.gl_pathv[i]);
        assert_int_equal(prism_inspect(g->chunk, g->chunk_size, &g->info, NULL), PRISM_OK);
        assert_int_equal(prism_array_size(&g->info.array, &g->size, NULL), PRISM_OK);
        g->elements = malloc(g->size);
        assert_non_null(g->elements);
        assert_int_equal(prism_decode(g->chunk, g->chunk_size, g->elements, g->size, NULL, NULL),
                         PRISM_OK);
    }
    globfree(&found);
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
