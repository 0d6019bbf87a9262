#include "measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "system/process.h"

/* Short runs are repeated, and the shortest one counts. */
enum { MOST_RUNS = 5 };

static const double ENOUGH_SECONDS = 0.2;

/* There and back. */
typedef struct trip {
    size_t bytes;
    prism_info info; /* of a chunk with a bound */
    double encode_seconds, decode_seconds;
} trip;

typedef bool (*run_trip)(trip *t, tool_row *row, const tool_piece *piece, void *back,
                         const void *data);

static bool check_trip(tool_row *row, const tool_piece *piece, const void *back, const trip *t) {
    const bool bounded = row->options.bound != PRISM_BOUND_NONE;
    row->broken = memcmp(back, piece->elements, piece->size) != 0 &&
                  !(bounded && tool_is_within(&t->info, &row->options, piece->elements, back));
    row->reached = t->info.reached > row->reached ? t->info.reached : row->reached;
    if (row->broken)
        snprintf(row->note, sizeof row->note, "FAILED: decoding gave something else");
    return !row->broken;
}

/* All pieces once; `back` has room for any of them. */
static bool run_all(trip *sum, tool_row *row, const tool_sample *sample, run_trip run,
                    const void *data, void *back) {
    *sum = (trip){.bytes = 0};
    for (size_t i = 0; i < sample->count; i++) {
        const tool_piece *piece = &sample->pieces[i];
        trip t = {.bytes = 0};
        memset(back, 0, piece->size);
        if (!run(&t, row, piece, back, data) || !check_trip(row, piece, back, &t))
            return false;
        sum->bytes += t.bytes;
        sum->encode_seconds += t.encode_seconds;
        sum->decode_seconds += t.decode_seconds;
    }
    return true;
}

static size_t largest_piece(const tool_sample *sample) {
    size_t size = 0;
    for (size_t i = 0; i < sample->count; i++)
        if (sample->pieces[i].size > size)
            size = sample->pieces[i].size;
    return size;
}

static double smaller(double a, double b) {
    return a < b ? a : b;
}

static void measure(tool_row *row, const tool_sample *sample, run_trip run, const void *data) {
    void *back = malloc(largest_piece(sample));
    double seconds = 0;
    row->measured = back != NULL;
    row->encode_seconds = row->decode_seconds = HUGE_VAL;
    for (int i = 0; i < MOST_RUNS && row->measured && seconds < ENOUGH_SECONDS; i++) {
        trip sum;
        row->measured = run_all(&sum, row, sample, run, data, back);
        row->bytes = sum.bytes;
        row->encode_seconds = smaller(row->encode_seconds, sum.encode_seconds);
        row->decode_seconds = smaller(row->decode_seconds, sum.decode_seconds);
        seconds += sum.encode_seconds + sum.decode_seconds;
    }
    if (!row->measured && !row->note[0])
        snprintf(row->note, sizeof row->note, "out of memory");
    free(back);
}

/* ---- The codec ---- */

static prism_status run_chunk(trip *t, const tool_row *row, const tool_piece *piece, void *chunk,
                              size_t capacity, void *back, prism_error *error) {
    const double start = px_processor_seconds();
    prism_status status = prism_encode(&piece->array, piece->elements, &row->options, chunk,
                                       capacity, &t->bytes, error);
    const double encoded = px_processor_seconds();
    if (status == PRISM_OK)
        status = prism_decode(chunk, t->bytes, back, piece->size, NULL, error);
    t->encode_seconds = encoded - start;
    t->decode_seconds = px_processor_seconds() - encoded;
    return status == PRISM_OK ? prism_inspect(chunk, t->bytes, &t->info, error) : status;
}

static bool run_codec(trip *t, tool_row *row, const tool_piece *piece, void *back,
                      const void *data) {
    (void)data;
    prism_error error;
    size_t bound = 0;
    prism_encode_bound(&piece->array, &bound, &error);
    void *chunk = malloc(bound);
    const bool done = chunk && run_chunk(t, row, piece, chunk, bound, back, &error) == PRISM_OK;
    if (chunk && !done)
        snprintf(row->note, sizeof row->note, "%s", error.message);
    free(chunk);
    return done;
}

void tool_measure(tool_row *row, const tool_sample *sample) {
    measure(row, sample, run_codec, NULL);
}

/* ---- HDF5's own filters ---- */

static hid_t open_memory(void) {
    enum { INCREMENT = 1 << 20 };
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, INCREMENT, false);
    hid_t file = H5Fcreate("h5prism-bench", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    return file;
}

/* One chunk, which is compressed when the dataset is closed. */
static bool write_chunk(hid_t file, hid_t type, const tool_piece *piece) {
    hsize_t dims[H5S_MAX_RANK];
    const int rank = (int)piece->array.rank;
    for (int i = 0; i < rank; i++)
        dims[i] = piece->array.dims[i];
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(rank, dims, NULL);
    H5Pset_chunk(list, rank, dims);
    H5Pset_shuffle(list);
    H5Pset_deflate(list, TOOL_GZIP_LEVEL);
    hid_t dataset = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    bool done = dataset >= 0 &&
                H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, piece->elements) >= 0;
    if (dataset >= 0 && H5Dclose(dataset) < 0)
        done = false;
    H5Sclose(space);
    H5Pclose(list);
    return done;
}

static bool read_chunk(hid_t file, hid_t type, void *back, size_t *bytes) {
    hid_t dataset = H5Dopen2(file, "x", H5P_DEFAULT);
    const bool done =
        dataset >= 0 && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, back) >= 0;
    *bytes = dataset >= 0 ? (size_t)H5Dget_storage_size(dataset) : 0;
    if (dataset >= 0)
        H5Dclose(dataset);
    return done;
}

static bool run_gzip(trip *t, tool_row *row, const tool_piece *piece, void *back,
                     const void *data) {
    const hid_t type = *(const hid_t *)data;
    hid_t file = open_memory();
    const double start = px_processor_seconds();
    bool done = file >= 0 && write_chunk(file, type, piece);
    const double encoded = px_processor_seconds();
    done = done && read_chunk(file, type, back, &t->bytes);
    t->encode_seconds = encoded - start;
    t->decode_seconds = px_processor_seconds() - encoded;
    if (file >= 0)
        H5Fclose(file);
    if (!done)
        snprintf(row->note, sizeof row->note, "HDF5 could not write or read it");
    return done;
}

void tool_measure_gzip(tool_row *row, const tool_sample *sample, hid_t type) {
    measure(row, sample, run_gzip, &type);
}
