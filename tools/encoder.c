/*
 * How chunks come out of the file depends on the dataset: with the same chunks as in the copy and
 * no filter but h5prism, their bytes are read as they are, and decoded by the threads that encode
 * them again; everything else is read, and decoded, by HDF5, slab by slab where chunks change. HDF5
 * is called by one thread only.
 *
 * Datasets are encoded one after the other, and written once all of their chunks are there. While
 * the last chunks of one are encoded, those of the next small ones go to the threads already.
 */
#include "encoder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "filter/chunk.h"
#include "filter/failure.h"
#include "library.h"
#include "slab.h"

/* MOST_AHEAD datasets are encoded before their turn. */
enum { MOST_JOBS = 8, JOBS_PER_THREAD = 2, MOST_AHEAD = 32 };

typedef struct job {
    tool_task *task;
    const tool_packing *packing;
    hsize_t offset[H5S_MAX_RANK];
    tool_stored input;
    plugin_output output;
    bool verify;
    bool is_bad; /* it does not decode */
    prism_error error;
} job;

/* The codec's memory is not HDF5's here. */
static const plugin_host nobody;

/* ---- In the threads ---- */

static prism_status decode_input(job *j) {
    const plugin_input stored = {.words = j->task->source.words,
                                 .count = j->task->source.word_count,
                                 .bytes = j->input.bytes,
                                 .size = j->input.size};
    plugin_output elements = {0};
    prism_status status = plugin_chunk_decode(&nobody, &stored, &elements, &j->error);
    free(j->input.bytes);
    j->input = (tool_stored){.bytes = elements.bytes, .size = elements.size};
    j->is_bad = status != PRISM_OK;
    return status;
}

/* With `verify`, the codec decodes what it has encoded, and compares. */
static prism_status compress_elements(job *j) {
    unsigned words[PRISM_MAX_WORDS];
    prism_options options;
    memcpy(words, j->task->words, sizeof words);
    prism_status status = prism_options_unpack(&options, words, PRISM_OPTION_WORDS, &j->error);
    options.verify = options.verify || j->verify;
    if (status == PRISM_OK)
        status = prism_options_pack(&options, words, &j->error);
    const plugin_input elements = {.words = words,
                                   .count = j->task->word_count,
                                   .bytes = j->input.bytes,
                                   .size = j->input.size};
    if (status == PRISM_OK)
        status = plugin_chunk_encode(&nobody, &elements, &j->output, &j->error);
    return status;
}

static prism_status encode_elements(job *j) {
    if (j->packing->filter == TOOL_FILTER_H5PRISM)
        return compress_elements(j);
    return tool_packing_encode(j->packing, j->input.bytes, j->input.size,
                               j->task->source.element_bytes, &j->output, &j->error);
}

static void work(void *data) {
    job *j = data;
    prism_status status = j->input.encoded ? decode_input(j) : PRISM_OK;
    if (status == PRISM_OK && j->input.size != j->task->chunk_bytes)
        status = plugin_fail(&j->error, PRISM_E_CORRUPT, "it has %zu bytes instead of %zu",
                             j->input.size, j->task->chunk_bytes);
    if (status == PRISM_OK)
        status = encode_elements(j);
    j->error.status = status;
    free(j->input.bytes);
    j->input.bytes = NULL;
}

/* ---- Beginning and end ---- */

/* In memory, with formats and sizes as in the file `to`. */
static hid_t create_twins(hid_t to) {
    hid_t creation = H5Fget_create_plist(to), access = H5Fget_access_plist(to);
    H5Pset_userblock(creation, 0);
    H5Pset_shared_mesg_nindexes(creation, 0); /* types are those of the original */
    H5Pset_fapl_core(access, 1 << 16, 0);
    hid_t twins = H5Fcreate("twins", H5F_ACC_TRUNC, creation, access);
    H5Pclose(access);
    H5Pclose(creation);
    if (twins < 0)
        tool_fail_library("no file can be made in memory");
    return twins;
}

bool tool_encoder_open(tool_encoder *e, hid_t from, hid_t to, const tool_encoder_options *options) {
    const size_t threads = options->threads, wanted = JOBS_PER_THREAD * threads;
    const size_t slots = threads > MOST_JOBS ? threads : wanted < MOST_JOBS ? wanted : MOST_JOBS;
    *e = (tool_encoder){
        .packing = options->packing,
        .files = {from, to, create_twins(to), &e->packing, options->always, options->skip_bad},
        .verify = options->verify,
        .skip_bad = options->skip_bad,
        .start = tool_seconds()};
    e->end = &e->first;
    return tool_crew_open(&e->crew, threads, slots, work) && e->files.twins >= 0;
}

static void free_job(job *j) {
    free(j->input.bytes);
    free(j->output.bytes);
    free(j);
}

void tool_encoder_close(tool_encoder *e) {
    tool_crew_stop(&e->crew);
    for (job *j; (j = tool_crew_take(&e->crew));)
        free_job(j); /* after a failure: nothing of them is written */
    tool_crew_free(&e->crew);
    for (tool_task *t = e->first, *next; t; t = next) {
        next = t->next;
        tool_task_free(t);
    }
    if (e->files.twins >= 0)
        H5Fclose(e->files.twins);
    tool_progress_clear();
}

void tool_encoder_add(tool_encoder *e, tool_task *task) {
    *e->end = task;
    e->end = &task->next;
    e->all += task->bytes;
}

tool_task *tool_encoder_find(const tool_encoder *e, haddr_t address) {
    tool_task *t = e->first;
    while (t && t->address != address)
        t = t->next;
    return t;
}

/* ---- Out of the queue ---- */

static void show_progress(const tool_encoder *e) {
    char note[96];
    const double past = tool_seconds() - e->start;
    const uint64_t done = e->done < e->all ? e->done : e->all;
    if (!done)
        return;
    snprintf(note, sizeof note, "%.1f MB, ratio %.2f, %.0f s left", 1e-6 * (double)done,
             (double)done / (double)(e->stored ? e->stored : 1),
             past * (double)(e->all - done) / (double)done);
    tool_progress_noted("writing", done, e->all, note);
}

/* What the chunk, which is whole, says of its error. */
static void note_error(tool_task *t, const plugin_output *chunk) {
    prism_info info;
    t->chunks++;
    if (prism_inspect(chunk->bytes, chunk->size, &info, NULL) != PRISM_OK ||
        info.bound == PRISM_BOUND_NONE)
        return;
    t->lossy_chunks++;
    t->worst = info.reached > t->worst ? info.reached : t->worst;
}

/* What is not stored reads as the fill value. */
static void skip(tool_encoder *e, const job *j) {
    char place[TOOL_SHAPE_TEXT];
    e->skipped++;
    tool_progress_clear();
    tool_fail("%s, chunk %s is left out: %s", j->task->path,
              tool_shape_text(place, j->task->source.rank, j->offset, ","), j->error.message);
}

/* The oldest job. */
static bool collect(tool_encoder *e) {
    job *j = tool_crew_take(&e->crew);
    tool_task *t = j->task;
    char place[TOOL_SHAPE_TEXT];
    bool done = true;
    t->on_the_way--;
    if (j->is_bad && e->skip_bad)
        skip(e, j);
    else if (j->error.status != PRISM_OK)
        done = tool_fail("%s, chunk %s: %s", t->path,
                         tool_shape_text(place, t->source.rank, j->offset, ","), j->error.message);
    else if (!t->stopped)
        done = tool_task_add(t, j->offset, j->output.bytes, j->output.size);
    if (done && !j->is_bad && t->options[TOOL_BOUND_WORD])
        note_error(t, &j->output);
    t->encoded += t->chunk_bytes;
    e->done += t->chunk_bytes;
    e->stored += j->output.size;
    free_job(j);
    show_progress(e);
    return done;
}

/* ---- Out of the file, into the queue ---- */

typedef struct sending {
    tool_encoder *encoder;
    tool_task *task;
    tool_slab slab; /* unless chunks are read as they are stored */
} sending;

/* The chunk at j->offset, out of the slab in memory. */
static bool cut_input(const tool_slab *slab, job *j) {
    const tool_task *t = j->task;
    j->input = (tool_stored){.bytes = malloc(t->chunk_bytes), .size = t->chunk_bytes};
    if (!j->input.bytes)
        return tool_fail("out of memory: %zu bytes for a chunk", t->chunk_bytes);
    if (tool_chunked_partial(&t->source, t->chunk, j->offset))
        tool_chunked_fill(&t->source, j->input.bytes, t->chunk_bytes);
    tool_slab_cut(slab, j->offset, j->input.bytes);
    return true;
}

/* There is room in the queue when this returns. */
static job *new_job(tool_encoder *e, tool_task *t, const hsize_t *offset) {
    if (tool_crew_full(&e->crew) && !collect(e))
        return NULL;
    job *j = calloc(1, sizeof *j);
    if (!j) {
        tool_fail("out of memory");
        return NULL;
    }
    *j = (job){.task = t, .packing = &e->packing, .verify = e->verify};
    memcpy(j->offset, offset, (size_t)t->source.rank * sizeof *offset);
    return j;
}

static bool send_chunk(void *data, const hsize_t *offset) {
    sending *s = data;
    tool_task *t = s->task;
    t->stopped = t->spool.bytes > t->limit;
    job *j = t->stopped ? NULL : new_job(s->encoder, t, offset);
    if (!j)
        return false;
    if (!(t->direct ? tool_chunked_read(&t->source, offset, &j->input) : cut_input(&s->slab, j))) {
        free_job(j);
        return false;
    }
    t->on_the_way++;
    tool_crew_give(&s->encoder->crew, j);
    return true;
}

static bool send_read(void *data, const hsize_t *offset) {
    sending *s = data;
    return tool_slab_read(&s->slab, offset) && send_chunk(data, offset);
}

static bool send_held(void *data, const hsize_t *offset) {
    const sending *s = data;
    return !tool_slab_holds(&s->slab, offset) || send_chunk(data, offset);
}

static bool send_slab(void *data, const hsize_t *start) {
    sending *s = data;
    return tool_slab_read(&s->slab, start) && tool_slab_each(&s->slab, send_held, s);
}

/* What is stored of a dataset without chunks, or with others. */
static bool send_slabs(sending *s) {
    const tool_chunked *source = &s->task->source;
    H5D_space_status_t status = H5D_SPACE_STATUS_ALLOCATED;
    H5Dget_space_status(source->dataset, &status);
    if (!tool_chunked_values(source) || status == H5D_SPACE_STATUS_NOT_ALLOCATED)
        return true;
    return tool_slabs_each(&s->slab, send_slab, s);
}

static bool send_task(tool_encoder *e, tool_task *t) {
    sending s = {.encoder = e, .task = t};
    bool done = tool_task_begin(t, &e->files);
    e->begun++;
    if (done && t->direct)
        done = tool_chunked_each(&t->source, send_chunk, &s);
    else if (done && tool_slab_open(&s.slab, &t->source, t->chunk))
        done = t->same_chunks ? tool_chunked_each(&t->source, send_read, &s) : send_slabs(&s);
    else
        done = false;
    tool_slab_close(&s.slab);
    return done || t->stopped; /* which is no failure */
}

/* Those that the threads can take at once, so that none waits for one dataset alone. */
static tool_task *small_one(const tool_encoder *e) {
    tool_task *t = e->first;
    while (t && t->begun)
        t = t->next;
    const uint64_t chunks = t ? t->bytes / t->chunk_bytes : 0;
    return t && e->begun < MOST_AHEAD && chunks < e->crew.slots ? t : NULL;
}

bool tool_encoder_run(tool_encoder *e, tool_task *task) {
    bool done = task->begun || send_task(e, task);
    while (done && task->on_the_way) {
        tool_task *next = tool_crew_full(&e->crew) ? NULL : small_one(e);
        done = next ? send_task(e, next) : collect(e);
    }
    return done;
}

/* ---- Into the file ---- */

static void leave(tool_encoder *e, tool_task *task) {
    tool_task **at = &e->first;
    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
    if (e->end == &task->next)
        e->end = at;
    e->begun--;
    if (task->encoded < task->bytes)
        e->done += task->bytes - task->encoded;
    tool_task_free(task);
}

static bool write_chunks(tool_task *t, hid_t target) {
    char place[TOOL_SHAPE_TEXT];
    tool_spooled chunk;
    void *bytes;
    bool done = tool_spool_rewind(&t->spool);
    for (size_t i = 0; i < t->spool.chunks && done; i++) {
        done = tool_spool_take(&t->spool, &chunk, &bytes);
        if (done && H5Dwrite_chunk(target, H5P_DEFAULT, 0, chunk.offset, chunk.size, bytes) < 0)
            done = tool_fail_library("%s, chunk %s cannot be written", t->path,
                                     tool_shape_text(place, t->source.rank, chunk.offset, ","));
        free(bytes);
    }
    return done;
}

/* Of a dataset for which there was a bound. */
static void print_loss(const tool_task *t) {
    prism_options options;
    if (t->exact_because[0])
        printf("; lossless: %s", t->exact_because);
    if (!t->options[TOOL_BOUND_WORD] ||
        prism_options_unpack(&options, t->options, PRISM_OPTION_WORDS, NULL) != PRISM_OK)
        return;
    if (t->lossy_chunks)
        printf("; %s=%g: worst error %g, in %zu of %zu chunks", prism_bound_name(options.bound),
               (double)options.bound_value, (double)t->worst, t->lossy_chunks, t->chunks);
    else
        printf("; %s=%g: lossless, which is no larger", prism_bound_name(options.bound),
               (double)options.bound_value);
    if (t->lossy_chunks && tool_chunked_is_lossy(&t->source, &options))
        printf("; the dataset had %s=%g before: errors add up", prism_bound_name(options.bound),
               (double)options.bound_value);
}

bool tool_encoder_write(tool_encoder *e, tool_task *task, hid_t target) {
    const uint64_t stored = task->spool.bytes;
    bool done = write_chunks(task, target);
    if (H5Dclose(target) < 0 && done)
        done = tool_fail_library("%s cannot be written", task->path);
    if (done) {
        tool_progress_clear();
        printf("%s: %" PRIu64 " bytes, ", task->path, task->bytes);
        if (stored)
            printf("stored as %" PRIu64 ", ratio %.2f", stored,
                   (double)task->bytes / (double)stored);
        else
            printf("none of which was ever written");
        print_loss(task);
        printf("\n");
        leave(e, task);
    }
    return done;
}

void tool_encoder_keep(tool_encoder *e, tool_task *task) {
    tool_progress_clear();
    printf("%s: kept as it is; stored in %" PRIu64 " bytes, compressed by h5prism in %s%" PRIu64
           "\n",
           task->path, task->limit, task->stopped ? "more than " : "", tool_task_size(task));
    leave(e, task);
}
