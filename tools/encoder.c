/*
 * How chunks come out of the file depends on the dataset: with the same chunks as in the copy and
 * no filter but h5prism, their bytes are read as they are, and decoded by the threads that encode
 * them again; everything else is read, and decoded, by HDF5. HDF5 is called by one thread only.
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

enum { FILTER_ID = H5PRISM_FILTER_ID, MOST_JOBS = 8, JOBS_PER_THREAD = 2 };

/* A dataset on its way. */
typedef struct transfer {
    tool_chunked source;
    char *path;
    hid_t target;
    hsize_t chunk[H5S_MAX_RANK]; /* of the target */
    size_t chunk_bytes;
    bool same_chunks, direct;
    unsigned words[PRISM_MAX_WORDS]; /* the filter's parameters in the target */
    size_t word_count;
    hsize_t there, found; /* chunks of the source, where they are the same: stored, found so far */
    uint64_t stored;      /* bytes in the target */
} transfer;

typedef struct job {
    transfer *transfer;
    hsize_t offset[H5S_MAX_RANK];
    tool_stored input;
    plugin_output output;
    bool verify;
    bool last; /* comes after the last chunk of the dataset, and has none itself */
    prism_error error;
} job;

/* The codec's memory is not HDF5's here. */
static const plugin_host nobody;

/* ---- In the threads ---- */

static prism_status decode_input(job *j) {
    const plugin_input stored = {.words = j->transfer->source.words,
                                 .count = j->transfer->source.word_count,
                                 .bytes = j->input.bytes,
                                 .size = j->input.size};
    plugin_output elements = {0};
    prism_status status = plugin_chunk_decode(&nobody, &stored, &elements, &j->error);
    free(j->input.bytes);
    j->input = (tool_stored){.bytes = elements.bytes, .size = elements.size};
    return status;
}

/* With `verify`, the codec decodes what it has encoded, and compares. */
static prism_status encode_elements(job *j) {
    unsigned words[PRISM_MAX_WORDS];
    prism_options options;
    memcpy(words, j->transfer->words, sizeof words);
    prism_status status = prism_options_unpack(&options, words, PRISM_OPTION_WORDS, &j->error);
    options.verify = options.verify || j->verify;
    if (status == PRISM_OK)
        status = prism_options_pack(&options, words, &j->error);
    const plugin_input elements = {.words = words,
                                   .count = j->transfer->word_count,
                                   .bytes = j->input.bytes,
                                   .size = j->input.size};
    if (status == PRISM_OK)
        status = plugin_chunk_encode(&nobody, &elements, &j->output, &j->error);
    return status;
}

static void work(void *data) {
    job *j = data;
    if (j->last)
        return;
    prism_status status = j->input.encoded ? decode_input(j) : PRISM_OK;
    if (status == PRISM_OK && j->input.size != j->transfer->chunk_bytes)
        status = plugin_fail(&j->error, PRISM_E_CORRUPT, "it has %zu bytes instead of %zu",
                             j->input.size, j->transfer->chunk_bytes);
    if (status == PRISM_OK)
        status = encode_elements(j);
    j->error.status = status;
    free(j->input.bytes);
    j->input.bytes = NULL;
}

/* ---- Beginning and end ---- */

bool tool_encoder_open(tool_encoder *e, size_t threads, bool verify, uint64_t all) {
    const size_t wanted = JOBS_PER_THREAD * threads;
    const size_t slots = threads > MOST_JOBS ? threads : wanted < MOST_JOBS ? wanted : MOST_JOBS;
    *e = (tool_encoder){.verify = verify, .all = all, .start = tool_seconds()};
    return tool_crew_open(&e->crew, threads, slots, work);
}

static void free_job(job *j) {
    free(j->input.bytes);
    free(j->output.bytes);
    free(j);
}

static void free_transfer(transfer *t) {
    tool_chunked_close(&t->source);
    if (t->target >= 0)
        H5Dclose(t->target);
    free(t->path);
    free(t);
}

/* After a failure: nothing of them is written. */
static void drop_jobs(tool_encoder *e) {
    for (job *j; (j = tool_crew_take(&e->crew));) {
        if (j->last)
            free_transfer(j->transfer);
        free_job(j);
    }
}

void tool_encoder_close(tool_encoder *e) {
    tool_crew_stop(&e->crew);
    drop_jobs(e);
    tool_crew_free(&e->crew);
}

/* ---- Out of the queue, into the file ---- */

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

static bool write_chunk(tool_encoder *e, const job *j) {
    char place[TOOL_SHAPE_TEXT];
    transfer *t = j->transfer;
    tool_shape_text(place, t->source.rank, j->offset, ",");
    if (j->error.status != PRISM_OK)
        return tool_fail("%s, chunk %s: %s", t->path, place, j->error.message);
    if (H5Dwrite_chunk(t->target, H5P_DEFAULT, 0, j->offset, j->output.size, j->output.bytes) < 0)
        return tool_fail_library("%s, chunk %s cannot be written", t->path, place);
    t->stored += j->output.size;
    e->stored += j->output.size;
    e->done += t->chunk_bytes;
    show_progress(e);
    return true;
}

static bool finish_dataset(transfer *t) {
    const uint64_t bytes = tool_chunked_bytes(&t->source);
    const hid_t target = t->target;
    t->target = -1;
    if (H5Dclose(target) < 0)
        return tool_fail_library("%s cannot be written", t->path);
    tool_progress_clear();
    printf("%s: %" PRIu64 " bytes, stored as %" PRIu64 ", ratio %.2f\n", t->path, bytes, t->stored,
           t->stored ? (double)bytes / (double)t->stored : 0);
    return true;
}

/* The oldest job. */
static bool collect(tool_encoder *e) {
    job *j = tool_crew_take(&e->crew);
    bool done = j->last ? finish_dataset(j->transfer) : write_chunk(e, j);
    if (j->last)
        free_transfer(j->transfer);
    free_job(j);
    return done;
}

bool tool_encoder_finish(tool_encoder *e) {
    bool done = true;
    while (done && e->crew.taken < e->crew.given)
        done = collect(e);
    tool_progress_clear();
    return done;
}

/* ---- Out of the file, into the queue ---- */

/* What is beyond the edge of the dataset is the fill value, as HDF5 has it. */
static void fill(const transfer *t, uint8_t *elements) {
    const size_t size = t->source.element_bytes;
    H5D_fill_value_t state = H5D_FILL_VALUE_UNDEFINED;
    memset(elements, 0, size);
    H5Pfill_value_defined(t->source.list, &state);
    if (state != H5D_FILL_VALUE_UNDEFINED)
        H5Pget_fill_value(t->source.list, t->source.type, elements);
    for (size_t filled = size, more; filled < t->chunk_bytes; filled += more) {
        more = filled < t->chunk_bytes - filled ? filled : t->chunk_bytes - filled;
        memcpy(elements + filled, elements, more);
    }
}

static bool read_by_hdf5(const transfer *t, const hsize_t *offset, uint8_t *elements) {
    static const hsize_t corner[H5S_MAX_RANK];
    const tool_chunked *s = &t->source;
    char place[TOOL_SHAPE_TEXT];
    hsize_t count[H5S_MAX_RANK];
    for (int i = 0; i < s->rank; i++)
        count[i] = offset[i] + t->chunk[i] > s->dims[i] ? s->dims[i] - offset[i] : t->chunk[i];
    if (tool_chunked_partial(s, t->chunk, offset))
        fill(t, elements);
    hid_t memory = H5Screate_simple(s->rank, t->chunk, NULL);
    bool done = H5Sselect_hyperslab(memory, H5S_SELECT_SET, corner, NULL, count, NULL) >= 0 &&
                H5Sselect_hyperslab(s->space, H5S_SELECT_SET, offset, NULL, count, NULL) >= 0 &&
                H5Dread(s->dataset, s->type, memory, s->space, H5P_DEFAULT, elements) >= 0;
    H5Sclose(memory);
    return done || tool_fail_library("%s cannot be read at %s", t->path,
                                     tool_shape_text(place, s->rank, offset, ","));
}

static bool is_stored(const transfer *t, const hsize_t *offset) {
    hsize_t size = 0;
    return H5Dget_chunk_storage_size(t->source.dataset, offset, &size) >= 0 && size > 0;
}

/* The chunk at j->offset; none if the source has not stored it. */
static bool read_input(job *j) {
    const transfer *t = j->transfer;
    if (t->direct)
        return tool_chunked_read(&t->source, j->offset, &j->input);
    if (t->same_chunks && !is_stored(t, j->offset))
        return true;
    j->input = (tool_stored){.bytes = malloc(t->chunk_bytes), .size = t->chunk_bytes};
    if (!j->input.bytes)
        return tool_fail("out of memory: %zu bytes for a chunk", t->chunk_bytes);
    return read_by_hdf5(t, j->offset, j->input.bytes);
}

/* There is room in the queue when this returns. */
static job *new_job(tool_encoder *e, transfer *t) {
    if (tool_crew_full(&e->crew) && !collect(e))
        return NULL;
    job *j = calloc(1, sizeof *j);
    if (j)
        *j = (job){.transfer = t, .verify = e->verify};
    else
        tool_fail("out of memory");
    return j;
}

static bool send_chunk(tool_encoder *e, transfer *t, const hsize_t *offset) {
    job *j = new_job(e, t);
    if (!j)
        return false;
    memcpy(j->offset, offset, sizeof j->offset);
    bool done = read_input(j);
    if (done && j->input.bytes) {
        t->found++;
        tool_crew_give(&e->crew, j);
    } else {
        e->done += t->chunk_bytes;
        free_job(j);
    }
    return done;
}

/* A dataset without chunks, or with others, is as good as stored where any of it is. */
static bool count_chunks(transfer *t) {
    H5D_space_status_t status = H5D_SPACE_STATUS_ALLOCATED;
    hsize_t all;
    if (t->same_chunks)
        return tool_chunked_count(&t->source, &t->there, &all);
    H5Dget_space_status(t->source.dataset, &status);
    t->there = tool_chunked_values(&t->source) && status != H5D_SPACE_STATUS_NOT_ALLOCATED;
    return true;
}

/* A chunk that is not found is not there, or its index is damaged: hence the count. */
static bool send_chunks(tool_encoder *e, transfer *t) {
    hsize_t offset[H5S_MAX_RANK] = {0};
    bool done = count_chunks(t), more = t->there > 0;
    while (done && more) {
        done = send_chunk(e, t, offset);
        more = tool_chunked_next(&t->source, t->chunk, offset) &&
               !(t->same_chunks && t->found == t->there);
    }
    if (done && t->same_chunks && t->found < t->there)
        done = tool_fail("%s: %llu chunks are stored, %llu can be found", t->path,
                         (unsigned long long)t->there, (unsigned long long)t->found);
    return done;
}

static void read_target(transfer *t) {
    const tool_chunked *s = &t->source;
    unsigned flags;
    hid_t list = H5Dget_create_plist(t->target);
    t->word_count = PRISM_MAX_WORDS;
    H5Pget_filter_by_id2(list, FILTER_ID, &flags, &t->word_count, t->words, 0, NULL, NULL);
    H5Pget_chunk(list, H5S_MAX_RANK, t->chunk);
    H5Pclose(list);
    t->chunk_bytes = s->element_bytes;
    t->same_chunks = s->layout == H5D_CHUNKED;
    for (int i = 0; i < s->rank; i++) {
        t->chunk_bytes *= t->chunk[i];
        t->same_chunks = t->same_chunks && t->chunk[i] == s->chunk[i];
    }
    t->direct = t->same_chunks && (s->filters == 0 || (s->filters == 1 && s->place == 0));
}

/* NULL, with a message, if there is no memory; the source is closed then. */
static transfer *new_transfer(const tool_chunked *source, hid_t target) {
    transfer *t = calloc(1, sizeof *t);
    if (!t) {
        tool_fail("out of memory");
        return NULL;
    }
    *t = (transfer){.source = *source, .path = strdup(source->path), .target = target};
    t->source.path = t->path;
    if (t->path) {
        read_target(t);
        return t;
    }
    tool_fail("out of memory");
    free_transfer(t);
    return NULL;
}

bool tool_encoder_dataset(tool_encoder *e, const tool_chunked *source, hid_t target) {
    transfer *t = new_transfer(source, target);
    if (!t)
        return false;
    bool done = send_chunks(e, t);
    job *last = done ? new_job(e, t) : NULL;
    if (!last) {
        drop_jobs(e); /* they know of it */
        free_transfer(t);
        return false;
    }
    last->last = true;
    tool_crew_give(&e->crew, last);
    return true;
}
