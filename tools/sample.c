#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"

/* Where pieces of the source's chunk shape lie. */
typedef struct grid {
    size_t count[H5S_MAX_RANK], all, middle;
} grid;

static grid grid_of(const tool_source *s) {
    grid g = {.all = 1};
    for (int i = 0; i < s->rank; i++) {
        g.count[i] = (size_t)((s->dims[i] + s->chunk[i] - 1) / s->chunk[i]);
        g.all *= g.count[i];
        g.middle = g.middle * g.count[i] + g.count[i] / 2;
    }
    return g;
}

static tool_part part_of(const tool_source *s, const grid *g, size_t number) {
    hsize_t index[H5S_MAX_RANK];
    for (int i = s->rank - 1; i >= 0; i--) {
        index[i] = number % g->count[i];
        number /= g->count[i];
    }
    return tool_source_chunk(s, index);
}

static bool read_piece(tool_piece *piece, const tool_source *s, const tool_part *part) {
    if (!tool_source_array(s, part->count, &piece->array, &piece->size))
        return false;
    piece->elements = malloc(piece->size);
    return piece->elements ? tool_source_read(s, part, NULL, s->type, piece->elements)
                           : tool_fail("out of memory for %zu bytes", piece->size);
}

bool tool_sample_read(tool_sample *sample, const tool_source *source, size_t bytes) {
    tool_source s = *source;
    prism_array array;
    size_t size;
    tool_halve(s.chunk, s.rank, H5Tget_size(s.type), bytes, s.rank > 2 ? s.rank - 1 : -1);
    *sample = (tool_sample){.whole = memcmp(s.chunk, source->chunk, sizeof s.chunk) == 0};
    memcpy(sample->shape, s.chunk, sizeof s.chunk);
    if (!tool_source_array(&s, s.chunk, &array, &size))
        return false;
    const grid g = grid_of(&s);
    const size_t room = bytes / size ? bytes / size : 1;
    const size_t count = sample->count = room < g.all ? room : g.all;
    size_t first = g.middle > count / 2 ? g.middle - count / 2 : 0;
    first = first + count > g.all ? g.all - count : first;
    sample->pieces = calloc(count, sizeof *sample->pieces);
    bool done = sample->pieces || tool_fail("out of memory for %zu chunks", count);
    for (size_t i = 0; i < count && done; i++) {
        const tool_part part = part_of(&s, &g, first + i);
        done = read_piece(&sample->pieces[i], &s, &part);
        sample->size += sample->pieces[i].size;
    }
    sample->values = sample->size / prism_type_size(array.type);
    return done;
}

void tool_sample_free(tool_sample *sample) {
    for (size_t i = 0; sample->pieces && i < sample->count; i++)
        free(sample->pieces[i].elements);
    free(sample->pieces);
}
