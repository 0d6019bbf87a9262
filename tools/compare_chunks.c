/*
 * Elements of a dataset that h5prism compresses, beside those of the original: one thread reads
 * both from the files, and the original's through HDF5; others decode the chunks of the copy, and
 * compare.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "comparing.h"
#include "filter/chunk.h"
#include "library.h"
#include "loss.h"
#include "pieces.h"
#include "slab.h"

enum { JOBS_PER_THREAD = 2 };

/* A chunk of the copy, and the part of the original that it stands for. */
typedef struct job {
    const tool_chunked *to;
    tool_piece piece;
    uint8_t *elements;          /* of the original, as they are in the chunk */
    const prism_options *bound; /* that the copy may have been compressed with; NULL: none */
    tool_stored stored;
    prism_info info; /* of the stored chunk */
    bool same;
    prism_error error;
} job;

typedef struct comparison {
    tool_crew *crew;
    const tool_chunked *from, *to;
    tool_slab slab; /* of the original */
    const prism_options *bound;
    bool skip_bad; /* some chunks of the original cannot be read, of others all */
} comparison;

static const plugin_host nobody; /* the codec's memory is not HDF5's here */

/* ---- In the threads ---- */

/* Runs along the last axis, which end at the edge of the dataset. */
static bool same_elements(const job *j, const uint8_t *chunk) {
    const tool_chunked *c = j->to;
    const int last = c->rank - 1;
    const size_t run = j->piece.count[last] * c->element_bytes;
    hsize_t at[H5S_MAX_RANK] = {0};
    for (size_t done = 0; done < j->piece.elements; done += j->piece.count[last]) {
        size_t place = 0;
        for (int i = 0; i <= last; i++)
            place = place * c->chunk[i] + at[i];
        if (memcmp(j->elements + place * c->element_bytes, chunk + place * c->element_bytes, run) !=
            0)
            return false;
        for (int i = last - 1; i >= 0 && ++at[i] == j->piece.count[i]; i--)
            at[i] = 0;
    }
    return true;
}

static prism_status decode(job *j) {
    const plugin_input stored = {.words = j->to->words,
                                 .count = j->to->word_count,
                                 .bytes = j->stored.bytes,
                                 .size = j->stored.size};
    plugin_output elements = {0};
    prism_inspect(j->stored.bytes, j->stored.size, &j->info, NULL);
    prism_status status = plugin_chunk_decode(&nobody, &stored, &elements, &j->error);
    free(j->stored.bytes);
    j->stored = (tool_stored){.bytes = elements.bytes, .size = elements.size};
    return status;
}

static void work(void *data) {
    job *j = data;
    j->error.status = j->stored.encoded ? decode(j) : PRISM_OK;
    j->same = j->error.status == PRISM_OK && j->stored.size == j->to->chunk_bytes &&
              (same_elements(j, j->stored.bytes) ||
               (j->bound && tool_is_within(&j->info, j->bound, j->elements, j->stored.bytes)));
}

/* ---- In the one that calls HDF5 ---- */

static void free_job(job *j) {
    free(j->elements);
    free(j->stored.bytes);
    free(j);
}

/* Of the oldest job. */
static bool collect(const comparison *k) {
    char place[TOOL_SHAPE_TEXT];
    job *j = tool_crew_take(k->crew);
    tool_shape_text(place, k->to->rank, j->piece.start, ",");
    bool done = j->error.status == PRISM_OK ||
                tool_fail("%s, chunk %s of the copy: %s", k->to->path, place, j->error.message);
    if (done && !j->same)
        done = tool_fail("%s: the copy has other elements in chunk %s", k->to->path, place);
    free_job(j);
    return done;
}

static void drop_jobs(const comparison *k) {
    for (job *j; (j = tool_crew_take(k->crew));)
        free_job(j);
}

static bool read_job(const comparison *k, job *j, const hsize_t *offset) {
    j->to = k->to;
    j->piece = tool_chunked_box(k->to, offset);
    j->bound = k->bound;
    j->elements = malloc(k->to->chunk_bytes);
    if (!j->elements)
        return tool_fail("out of memory for a chunk of %s", k->to->path);
    if (j->bound && tool_chunked_partial(k->to, k->to->chunk, offset))
        tool_chunked_fill(k->to, j->elements, k->to->chunk_bytes);
    tool_slab_cut(&k->slab, offset, j->elements);
    return tool_chunked_read(k->to, offset, &j->stored);
}

/* Out of the slab in memory. */
static bool send_chunk(void *data, const hsize_t *offset) {
    const comparison *k = data;
    if (tool_crew_full(k->crew) && !collect(k))
        return false;
    job *j = calloc(1, sizeof *j);
    if (!j)
        return tool_fail("out of memory");
    if (!read_job(k, j, offset)) {
        free_job(j);
        return false;
    }
    tool_crew_give(k->crew, j);
    return true;
}

static bool send_read(void *data, const hsize_t *offset) {
    comparison *k = data;
    return tool_slab_read(&k->slab, offset) && send_chunk(k, offset);
}

static bool send_stored(void *data, const hsize_t *offset) {
    const comparison *k = data;
    return !tool_chunked_holds(k->to, offset) || send_chunk(data, offset);
}

static bool send_slabs(comparison *k) {
    hsize_t start[H5S_MAX_RANK] = {0};
    bool done = true;
    do
        done = tool_slab_read(&k->slab, start) && tool_slab_each(&k->slab, send_stored, k);
    while (done && tool_chunked_next(k->from, k->slab.shape, start));
    return done;
}

/* Otherwise slabs would be read for the sake of few chunks, or of one. */
static bool slabs_serve(const comparison *k) {
    hsize_t stored, all;
    return !k->skip_bad &&
           memcmp(k->slab.shape, k->to->chunk, (size_t)k->to->rank * sizeof *k->slab.shape) != 0 &&
           tool_chunked_count(k->to, &stored, &all) && stored > all / 2;
}

static bool send_chunks(comparison *k) {
    if (slabs_serve(k))
        return send_slabs(k);
    memcpy(k->slab.shape, k->to->chunk, sizeof k->slab.shape);
    return tool_chunked_each(k->to, send_read, k);
}

bool tool_compare_chunks(tool_comparing *c, const tool_chunked *from, const tool_chunked *to) {
    comparison k = {.crew = &c->crew,
                    .from = from,
                    .to = to,
                    .bound = c->files->bound,
                    .skip_bad = c->files->skip_bad};
    const size_t threads = c->files->threads;
    if (!c->crew.slots && !tool_crew_open(&c->crew, threads, JOBS_PER_THREAD * threads, work))
        return false;
    bool done = tool_slab_open(&k.slab, from, to->chunk) && send_chunks(&k);
    while (done && c->crew.taken < c->crew.given)
        done = collect(&k);
    drop_jobs(&k);
    tool_slab_close(&k.slab);
    return done;
}
