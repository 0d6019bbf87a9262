/*
 * What this machine makes of golden chunks, for scripts/test-machines, which compares its lines
 * with those of other machines:
 *
 *   machine_chunks KERNELS FOLDER [full]
 *
 * decodes every FOLDER/NAME.prism to the elements of FOLDER/NAME.npy, whole and by planes, then
 * encodes these with several options and prints `NAME TYPE OPTIONS BYTES CRC-32`; with `full` also
 * by automatic options and at more efforts. The same of generated arrays that are large enough for
 * bands, which come back by two threads. KERNELS is "best" or the name of a set (simd.h).
 * Lines with "failed" and exit status 1 say what is wrong.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/container.h"
#include "plane_check.h"
#include "prism.h"
#include "simd/simd.h"

typedef struct file {
    uint8_t *bytes;
    size_t size;
} file;

typedef struct golden {
    const char *name;
    file chunk, array;
    const uint8_t *elements; /* within the array's file */
    size_t size;
    prism_info info;
} golden;

static bool is_read(file *f, const char *folder, const char *name, const char *suffix) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    FILE *stream = fopen(path, "rb");
    *f = (file){NULL, 0};
    if (!stream || fseek(stream, 0, SEEK_END) != 0)
        return false;
    f->size = (size_t)ftell(stream);
    f->bytes = malloc(f->size + 1);
    rewind(stream);
    const bool done = f->bytes && fread(f->bytes, 1, f->size, stream) == f->size;
    fclose(stream);
    return done;
}

/* The format of .npy, version 1: 8 bytes, the length of a text in two, the text, the elements. */
static bool golden_open(golden *g, const char *folder, const char *name) {
    enum { START = 10 };
    *g = (golden){.name = name};
    if (!is_read(&g->chunk, folder, name, ".prism") || !is_read(&g->array, folder, name, ".npy") ||
        g->array.size < START || g->array.bytes[6] != 1 ||
        prism_inspect(g->chunk.bytes, g->chunk.size, &g->info, NULL) != PRISM_OK ||
        prism_array_size(&g->info.array, &g->size, NULL) != PRISM_OK)
        return false;
    const size_t text = g->array.bytes[8] | (size_t)g->array.bytes[9] << 8;
    g->elements = g->array.bytes + START + text;
    return g->array.size == START + text + g->size;
}

static void golden_close(golden *g) {
    free(g->chunk.bytes);
    free(g->array.bytes);
}

static bool is_same(const golden *g, const file *chunk) {
    uint8_t *decoded = malloc(g->size);
    const bool same =
        decoded &&
        prism_decode(chunk->bytes, chunk->size, decoded, g->size, NULL, NULL) == PRISM_OK &&
        memcmp(decoded, g->elements, g->size) == 0;
    free(decoded);
    return same;
}

static bool planes_are_same(const golden *g) {
    const uint64_t wanted[] = {0, g->info.planes / 2, g->info.planes - 1};
    const size_t size = g->size / (size_t)g->info.planes;
    uint8_t *decoded = malloc(size);
    bool same = decoded != NULL;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted && same; i++)
        same = prism_decode_planes(g->chunk.bytes, g->chunk.size, &wanted[i], 1, decoded, size,
                                   NULL, NULL) == PRISM_OK &&
               is_plane(&g->info, g->elements, g->size, wanted[i], decoded);
    free(decoded);
    return same;
}

/* ---- Encoding ---- */

/* libjxl's bytes are its own: they are decoded, but not compared. */
static void print_chunk(const golden *g, const char *options, const file *chunk) {
    prism_info info;
    printf("%s %s %s ", g->name, prism_type_name(g->info.array.type), options);
    if (prism_inspect(chunk->bytes, chunk->size, &info, NULL) == PRISM_OK &&
        info.coder == PRISM_CODER_JXL)
        printf("jxl\n");
    else
        printf("%zu %08x\n", chunk->size, px_crc32(chunk->bytes, chunk->size));
}

static bool encode_checked(const golden *g, const prism_options *options,
                           bool (*is_right)(const golden *g, const file *chunk)) {
    char text[200];
    size_t bound = 0;
    file chunk = {NULL, 0};
    prism_options_format(options, text, sizeof text, NULL);
    const bool done = prism_encode_bound(&g->info.array, &bound, NULL) == PRISM_OK &&
                      (chunk.bytes = malloc(bound)) != NULL &&
                      prism_encode(&g->info.array, g->elements, options, chunk.bytes, bound,
                                   &chunk.size, NULL) == PRISM_OK &&
                      is_right(g, &chunk);
    if (done)
        print_chunk(g, text, &chunk);
    else
        printf("%s %s failed to encode\n", g->name, text);
    free(chunk.bytes);
    return done;
}

static bool encode(const golden *g, const prism_options *options) {
    return encode_checked(g, options, is_same);
}

/* As the golden chunk was made. Not by libjxl, and raw is not to be asked for. */
static bool encode_alike(const golden *g, int effort) {
    prism_options options = prism_options_default();
    options.effort = effort;
    options.transform = g->info.transform;
    options.predictor = g->info.predictor;
    options.coder = g->info.coder;
    options.axis = g->info.axis;
    options.checksum = false; /* the CRC-32 of what ends with its CRC-32 is always the same */
    return options.coder == PRISM_CODER_RAW || options.coder == PRISM_CODER_JXL ||
           encode(g, &options);
}

/* Without `full`, effort 8 is for golden chunks of more than the default effort: they have arrays
 * of every type, and half of the time goes there. */
static bool encode_all(const golden *g, bool full) {
    static const int all[] = {1, 3, 5, 6, 8, 9}, few[] = {1, 5, 8};
    const int *efforts = full ? all : few;
    const size_t some = g->info.effort > PRISM_EFFORT_DEFAULT ? 3 : 2;
    const size_t count = full ? sizeof all / sizeof *all : some;
    bool done = true;
    for (size_t i = 0; i < count; i++) {
        prism_options automatic = prism_options_default();
        automatic.effort = efforts[i];
        automatic.checksum = false;
        if (full && efforts[i] <= PRISM_EFFORT_DEFAULT)
            done &= encode(g, &automatic);
        done &= encode_alike(g, efforts[i]);
    }
    return done;
}

/* ---- Bands ---- */

/* Slopes that planes have in common, and noise. */
static void fill(uint8_t *elements, size_t height, size_t width, size_t planes) {
    uint32_t random = 1;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t k = 0; k < planes; k++) {
                random = random * 1664525 + 1013904223;
                *elements++ =
                    (uint8_t)((x * (k + 3) + y * (k + 1)) / 8 + (x * y >> 10) * k + (random >> 29));
            }
}

/* Methods quick and lsq say where the second band begins. */
static bool has_bands(const file *f) {
    px_chunk chunk;
    return px_chunk_read(&chunk, f->bytes, f->size, NULL) == PRISM_OK && chunk.parameter_size > 1 &&
           chunk.parameters[0] <= PRISM_METHOD_LSQ && chunk.parameters[1] != 0;
}

static bool bands_come_back(const golden *g, const file *chunk) {
    const prism_decode_options options = {.threads = 2};
    uint8_t *decoded = malloc(g->size);
    const bool same =
        decoded && has_bands(chunk) &&
        prism_decode(chunk->bytes, chunk->size, decoded, g->size, &options, NULL) == PRISM_OK &&
        memcmp(decoded, g->elements, g->size) == 0;
    free(decoded);
    return same;
}

/* Of 16 planes, the second band knows the end of the first one; a plane alone is two of them. */
static bool try_bands(void) {
    static const struct {
        const char *name;
        size_t side, planes;
        int effort;
    } cases[] = {
        {"bands-quick", 512, 16, 1}, {"bands-lsq", 512, 16, 5}, {"bands-alone", 2048, 1, 1}};
    bool done = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t side = cases[i].side, planes = cases[i].planes, size = side * side * planes;
        prism_options options = prism_options_default();
        golden g = {.name = cases[i].name, .size = size};
        g.info.array = (prism_array){.type = PRISM_UINT8, .rank = 3, .dims = {side, side, planes}};
        options.effort = cases[i].effort;
        options.transform = planes > 1 ? PRISM_TRANSFORM_CHANNELS : PRISM_TRANSFORM_NONE;
        options.predictor = PRISM_PREDICTOR_LSQ;
        options.coder = PRISM_CODER_ANS;
        options.axis = planes > 1 ? 2 : PRISM_AXIS_AUTO;
        options.checksum = false;
        uint8_t *elements = malloc(size);
        g.elements = elements;
        if (elements)
            fill(elements, side, side, planes);
        done &= elements && encode_checked(&g, &options, bands_come_back);
        free(elements);
        fflush(stdout);
    }
    return done;
}

/* ---- Golden chunks ---- */

/* What libjxl decodes with a loss is not the same on all machines. */
static bool is_lossy_jxl(const golden *g) {
    return g->info.bound == PRISM_BOUND_DISTANCE;
}

static bool decode_one(const golden *g) {
    if (is_lossy_jxl(g))
        return printf("%s is libjxl's\n", g->name) > 0;
    if (!is_same(g, &g->chunk))
        printf("%s failed to decode\n", g->name);
    else if (!planes_are_same(g))
        printf("%s failed to decode by planes\n", g->name);
    else
        return printf("%s decodes\n", g->name) > 0;
    return false;
}

typedef enum task { DECODE, ENCODE, ENCODE_FULL } task;

static bool try_one(const char *folder, const char *name, task what) {
    golden g;
    bool done = false;
    if (!golden_open(&g, folder, name))
        printf("%s failed to be read\n", name);
    else
        done = what == DECODE ? decode_one(&g) : encode_all(&g, what == ENCODE_FULL);
    golden_close(&g);
    fflush(stdout);
    return done;
}

static bool choose_kernels(const char *name) {
    if (strcmp(name, "best") == 0)
        return true;
    for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++)
        if (strcmp(px_simd_name(set), name) == 0) {
            px_simd_force(set);
            return true;
        }
    return false;
}

enum { MOST_CHUNKS = 1000, NAME_BYTES = 256 };

static char names[MOST_CHUNKS][NAME_BYTES]; /* without their endings */

static int compare_names(const void *a, const void *b) {
    return strcmp(a, b);
}

/* In alphabetical order; 0 if there are none. */
static size_t find_chunks(const char *folder) {
    static const char ending[] = ".prism";
    size_t count = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        const size_t length = strlen(entry->d_name), tail = sizeof ending - 1;
        if (count == MOST_CHUNKS || length <= tail || length >= NAME_BYTES ||
            strcmp(entry->d_name + length - tail, ending) != 0)
            continue;
        memcpy(names[count], entry->d_name, length - tail);
        names[count++][length - tail] = '\0';
    }
    if (directory)
        closedir(directory);
    qsort(names, count, sizeof *names, compare_names);
    return count;
}

int main(int count, char **arguments) {
    if (count < 3 || !choose_kernels(arguments[1])) {
        fprintf(stderr, "machine_chunks KERNELS FOLDER: this machine has no such kernels\n");
        return 2;
    }
    const task encode = count > 3 && strcmp(arguments[3], "full") == 0 ? ENCODE_FULL : ENCODE;
    const size_t chunks = find_chunks(arguments[2]);
    bool done = chunks > 0;
    for (size_t i = 0; i < chunks; i++)
        done &= try_one(arguments[2], names[i], DECODE);
    for (size_t i = 0; i < chunks; i++)
        done &= try_one(arguments[2], names[i], encode);
    done &= chunks == 0 || try_bands();
    return done ? 0 : 1;
}
