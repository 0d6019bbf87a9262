/*
 * libprism: compression of one typed n-dimensional chunk whose planes resemble each other
 * (embeddings H x W x C, hyperspectral cubes, feature maps, image stacks). Lossless, unless options
 * set a bound of what may be lost.
 *
 * A chunk is encoded by itself: shape, element type and every parameter are inside, so prism_decode
 * needs nothing else. docs/FORMAT.md specifies the bytes.
 *
 * Ownership  The caller owns every buffer; nothing passed in is kept after a call returns.
 * Threads    There is no global state but a table of CPU features that is written once, atomically:
 *            any number of threads may call any function at the same time on different buffers.
 * Errors     Every function that can fail returns a prism_status and, if `error` is not NULL, fills
 *            it with a one-line message. On failure output sizes are set to 0 and output buffers
 *            hold nothing of use. No function prints, aborts or changes floating-point state.
 */
#ifndef PRISM_H
#define PRISM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(PRISM_EXPORTS) /* while the library itself is compiled */
#define PRISM_API __declspec(dllexport)
#elif defined(_WIN32)
#define PRISM_API
#elif defined(__GNUC__)
#define PRISM_API __attribute__((visibility("default")))
#else
#define PRISM_API
#endif

#define PRISM_VERSION  "0.1.0"
#define PRISM_MAX_RANK 32

/* PRISM_VERSION of the library itself, for programs that load it at run time. Static storage. */
PRISM_API const char *prism_version(void);

/* Writes what the library was built with and runs on, a line of KEY=VALUE each, with a final NUL:
 * compiler, zlib, zstd, libjxl (their versions; empty: built without), kernels (the instruction set
 * of this processor that is used). What does not fit into `capacity` bytes is cut off; 400 are
 * enough. */
PRISM_API void prism_describe_build(char *text, size_t capacity);

/* Values are pinned: they appear in logs and in bindings. */
typedef enum prism_status {
    PRISM_OK = 0,
    PRISM_E_ARGUMENT = 1,  /* NULL, or sizes that contradict each other */
    PRISM_E_OPTION = 2,    /* unknown option, or a value out of its range */
    PRISM_E_TYPE = 3,      /* an element type that this build does not compress */
    PRISM_E_SHAPE = 4,     /* rank outside 1..32, a zero dimension, or a chunk of 4 GiB or more */
    PRISM_E_MEMORY = 5,    /* out of memory, or over the memory limit given to prism_decode */
    PRISM_E_CAPACITY = 6,  /* the output buffer is too small */
    PRISM_E_TRUNCATED = 7, /* the chunk ends before its content does */
    PRISM_E_CORRUPT = 8,   /* the chunk contradicts itself, or is not a prism chunk */
    PRISM_E_CHECKSUM = 9,  /* stored and computed checksum differ */
    PRISM_E_VERSION = 10,  /* written by a newer format version */
    PRISM_E_UNAVAILABLE = 11, /* the format has it, this build does not */
    PRISM_E_VERIFY = 12,      /* verify=on: decoding the new chunk did not give the input back */
    PRISM_E_INTERNAL = 13     /* a library below failed where it should not */
} prism_status;

typedef struct prism_error {
    prism_status status;
    char message[240]; /* NUL-terminated, without a newline; empty when status is PRISM_OK */
} prism_error;

/* A short name of the status, for example "corrupt chunk"; never NULL. Static storage. */
PRISM_API const char *prism_status_name(prism_status status);

/* ---- Arrays ------------------------------------------------------------------------------- */

typedef enum prism_type {
    PRISM_INT8 = 1,
    PRISM_UINT8 = 2,
    PRISM_INT16 = 3,
    PRISM_UINT16 = 4,
    PRISM_INT32 = 5,
    PRISM_UINT32 = 6,
    PRISM_INT64 = 7,
    PRISM_UINT64 = 8,
    PRISM_FLOAT16 = 9,   /* IEEE 754 binary16 */
    PRISM_BFLOAT16 = 10, /* the upper half of a float32 */
    PRISM_FLOAT32 = 11,  /* IEEE 754 binary32 */
    PRISM_FLOAT64 = 12   /* IEEE 754 binary64 */
} prism_type;

typedef enum prism_order { PRISM_LITTLE_ENDIAN = 0, PRISM_BIG_ENDIAN = 1 } prism_order;

/* Elements in C order (the last dimension varies fastest), without padding. `order` is ignored for
 * one-byte types. Floats come back with every bit: NaN payloads, -0.0, infinities, denormals. */
typedef struct prism_array {
    prism_type type;
    prism_order order;
    unsigned rank;                 /* 1..PRISM_MAX_RANK */
    uint64_t dims[PRISM_MAX_RANK]; /* each >= 1 */
} prism_array;

/* Bytes of one element; 0 for an unknown type. */
PRISM_API size_t prism_type_size(prism_type type);

/* "int8", "uint16", ... as numpy spells them; NULL for an unknown type. Static storage. */
PRISM_API const char *prism_type_name(prism_type type);

/* Checks the array's type, rank and dimensions and returns its size in bytes through *size. */
PRISM_API prism_status prism_array_size(const prism_array *array, size_t *size, prism_error *error);

/* ---- Options ------------------------------------------------------------------------------ */

/* Values are pinned: they are stored in HDF5 files as filter parameters. */
typedef enum prism_transform {
    PRISM_TRANSFORM_AUTO = 0,
    PRISM_TRANSFORM_NONE = 1,
    PRISM_TRANSFORM_CHANNELS = 2, /* reversible Cholesky decorrelation of the planes */
    PRISM_TRANSFORM_STACK = 3     /* frames in order of similarity, each from the nearest */
} prism_transform;

typedef enum prism_predictor {
    PRISM_PREDICTOR_AUTO = 0,
    PRISM_PREDICTOR_NONE = 1,
    PRISM_PREDICTOR_PAETH = 2, /* PNG specification, section 9.4 */
    PRISM_PREDICTOR_LSQ = 3 /* least squares, part of coder ans: neither goes without the other */
} prism_predictor;

typedef enum prism_coder {
    PRISM_CODER_AUTO = 0,
    PRISM_CODER_DEFLATE = 1, /* RFC 1950, by zlib */
    PRISM_CODER_JXL = 2,     /* ISO/IEC 18181, by libjxl */
    PRISM_CODER_ANS = 3,     /* the project's own: predicts, then codes by rANS */
    PRISM_CODER_RAW = 4,     /* what a chunk that would grow falls back to; not to be asked for */
    PRISM_CODER_ZSTD = 5     /* RFC 8878, by libzstd: elements of any type, without predictor */
} prism_coder;

/* What may be lost. `bound_value` says how much. */
typedef enum prism_bound {
    PRISM_BOUND_NONE = 0,      /* nothing: every bit comes back */
    PRISM_BOUND_MAX_ERROR = 1, /* no element is further than that from its own, in its unit */
    PRISM_BOUND_REL_MAX_ERROR =
        2,                    /* the same, as a share of the range of the chunk's finite elements */
    PRISM_BOUND_REL_RMSE = 3, /* root mean square error, as a share of what `bound_of` says */
    PRISM_BOUND_DISTANCE = 4  /* Butteraugli distance that libjxl aims at: no bound of an element */
} prism_bound;

/* What a relative RMSE is a share of. */
typedef enum prism_bound_of {
    PRISM_BOUND_OF_RMS = 0,      /* the root mean square of the elements */
    PRISM_BOUND_OF_DEVIATION = 1 /* that of their differences from the mean of their plane */
} prism_bound_of;

/* In which order planes are coded. */
typedef enum prism_plane_order {
    PRISM_PLANES_AUTO = 0,  /* as is smallest */
    PRISM_PLANES_STORED = 1 /* as they come: the first ones can be decoded without the others */
} prism_plane_order;

#define PRISM_AXIS_AUTO      (-1)
#define PRISM_AXIS_LAST      (-3) /* whatever the rank; -4 the one before, and so on */
#define PRISM_EFFORT_DEFAULT 5

typedef struct prism_options {
    prism_transform transform;
    prism_predictor predictor;
    prism_coder coder;
    int effort; /* 1 (fastest) .. 9 (smallest): the zlib level, the libjxl effort, or how much the
                   native coder fits: 1..3 its quick method (stacks: the full one at
                   once), 4..7 the full one, 8 and 9 the one that learns while it
                   codes, at 1 to 4 MB/s, stacks at effort 9 at 0.4 */
    int axis;   /* the axis along which the planes lie, PRISM_AXIS_AUTO, or from PRISM_AXIS_LAST
                   downwards */
    bool checksum; /* store CRC-32 checksums of the chunk and of the elements */
    bool verify;   /* decode each chunk after encoding it and compare */
    int threads;   /* that one encode or decode may use, 1..1024; no byte depends on it. They live
                      no longer than the call. In HDF5 files, H5PRISM_THREADS overrides */
    int block;     /* 0, or 4, 8, 16, 32, 64: positions along both axes of pictures, of blocks that
                      can be decoded alone (prism_decode_region). For coder ans */
    prism_bound bound;       /* what may be lost; nothing, unless it is asked for */
    prism_bound_of bound_of; /* of PRISM_BOUND_REL_RMSE */
    float bound_value;       /* above 0 with a bound, else 0; of relative ones, below 1 */
    prism_plane_order order; /* STORED: goes with what `block` goes with, and with or without it */
    bool has_missing;        /* elements equal to `missing` are no numbers: see below */
    double missing;          /* rounded to the type of the elements */
    int missing_rest;        /* of an integer beyond 2^53: what `missing` is below it, else 0 */
} prism_options;

/*
 * Bounds. At most one. prism_encode keeps it for every chunk, measured on what the chunk decodes
 * to, or stores the chunk losslessly: where that is smaller, and where the type has no numbers
 * between (max_error=0.5 of integers). NaN and infinities come back with every bit. So do elements
 * equal to `missing`, wherever it lies among the others; they are in no error, mean or range, and
 * no other element comes back as one of them. A distance knows no missing data.
 * PRISM_BOUND_DISTANCE goes with coder jxl,
 * integers of 8 and 16 bits and values up to 15 only; three channels on the last axis are colours,
 * other planes pictures of their own. libjxl decodes these in floating point: with another version
 * of it, or on another processor, elements may come out as their neighbours, and the checksum of
 * the elements is not compared. All other chunks decode to the same elements everywhere.
 */

/* The defaults: everything automatic, effort 5, checksum on, verify off, one thread. */
PRISM_API prism_options prism_options_default(void);

/* Sets one option from text: keys and values as in `prism_options_format`. threads=auto is as many
 * as there are processors that the process may run on. */
PRISM_API prism_status prism_options_set(prism_options *options, const char *key, const char *value,
                                         prism_error *error);

/* Sets options from "key=value,key=value"; spaces around keys and values are ignored. */
PRISM_API prism_status prism_options_parse(prism_options *options, const char *text,
                                           prism_error *error);

/* Writes all options as "transform=auto,predictor=auto,..." with a final NUL; a bound only where
 * there is one. 200 bytes are always enough. */
PRISM_API prism_status prism_options_format(const prism_options *options, char *text,
                                            size_t capacity, prism_error *error);

/* Checks every field against its range. */
PRISM_API prism_status prism_options_check(const prism_options *options, prism_error *error);

/* ---- Options and arrays as 32-bit words: HDF5 filter parameters (cd_values) -------------------
 */

/*
 * word 0      version of this layout, 1
 *      1..3   transform, predictor, coder (the enums above)
 *      4      effort, 0 = default
 *      5      axis + 1, 0 = auto, 2^32 - 1 = the last, 2^32 - 2 = the one before, ...
 *      6      bit 0: checksum off; bit 1: verify on; bit 2: order=stored; 256 * block
 *      7      bound + 256 * bound_of, 0 = lossless
 *      8      bound_value as the bits of a float32
 *      9      threads, 0 = 1
 *      10     type + 256 * byte order      } the chunk, appended by the filter's set_local;
 *      11     rank                         } ignored where a user gives them
 *      12..   dimensions                   }
 *      12 + rank, 13 + rank  with a bound, where the dataset has a fill value of its own: `missing`
 *             as the bits of a float64, of integers of 64 bits as their own, the low half first;
 *             by set_local, too
 * Missing words mean 0, so that no words at all are the defaults.
 */
#define PRISM_OPTION_WORDS  10
#define PRISM_MISSING_WORDS 2
#define PRISM_MAX_WORDS     (PRISM_OPTION_WORDS + 2 + PRISM_MAX_RANK + PRISM_MISSING_WORDS)

/* `missing` is the dataset's fill value in files: packing one fails with PRISM_E_OPTION. */
PRISM_API prism_status prism_options_pack(const prism_options *options,
                                          uint32_t words[PRISM_OPTION_WORDS], prism_error *error);
PRISM_API prism_status prism_options_unpack(prism_options *options, const uint32_t *words,
                                            size_t count, prism_error *error);

/* `words` are the ones from index PRISM_OPTION_WORDS on; *count is set to 2 + rank. */
PRISM_API prism_status prism_array_pack(const prism_array *array,
                                        uint32_t words[2 + PRISM_MAX_RANK], size_t *count,
                                        prism_error *error);
/* Fails with PRISM_E_ARGUMENT if there are fewer than 2 + rank words. */
PRISM_API prism_status prism_array_unpack(prism_array *array, const uint32_t *words, size_t count,
                                          prism_error *error);

/* ---- Encoding and decoding --------------------------------------------------------------------
 */

/* The largest chunk that prism_encode can make of `array`: its size and at most 512 bytes. */
PRISM_API prism_status prism_encode_bound(const prism_array *array, size_t *bound,
                                          prism_error *error);

/*
 * Encodes the elements at `data` (prism_array_size bytes) into `chunk` (`capacity` bytes, for
 * which prism_encode_bound is enough) and sets *chunk_size. `options` may be NULL for the defaults.
 * Elements that no coder makes smaller are stored as they are.
 * Memory beside `data` and `chunk`, on one thread: at most 20 times the array from 8 MiB on, 64 MiB
 * for one below 1 MiB, and between them at most 64 MiB + (size - 1 MiB) * 96 / 7, which joins the
 * two. What libjxl takes for itself (coder=jxl, and its trials where options are automatic) is not
 * in these. Time: below 4 KiB, automatic options try a few candidates only, none of them libjxl's,
 * and efforts 4 to 9 do the same.
 */
PRISM_API prism_status prism_encode(const prism_array *array, const void *data,
                                    const prism_options *options, void *chunk, size_t capacity,
                                    size_t *chunk_size, prism_error *error);

/*
 * The same for integers whose meaning is element x scale: data[i] stands for data[i] * scales[i /
 * run], run = elements / scale_count. A relative RMSE is that of the products; decoding gives the
 * integers. Other bounds do not look at scales. With NULL, it is prism_encode.
 */
PRISM_API prism_status prism_encode_scaled(const prism_array *array, const void *data,
                                           const float *scales, size_t scale_count,
                                           const prism_options *options, void *chunk,
                                           size_t capacity, size_t *chunk_size, prism_error *error);

/* How elements became the integers that the pipeline codes. Found from the data, for each chunk. */
typedef enum prism_mapping {
    PRISM_MAPPING_NONE = 0,     /* they are such integers */
    PRISM_MAPPING_TABLE = 1,    /* places in a table of the values that occur */
    PRISM_MAPPING_LATTICE = 2,  /* multiples of a step: decimals, wide integers */
    PRISM_MAPPING_FIXED = 3,    /* fixed-point numbers, and the bits of the floats below them */
    PRISM_MAPPING_SCALED = 4,   /* integers of 8 bits times one scale for each position */
    PRISM_MAPPING_UNIFORM = 5,  /* lossy: multiples of a step, by uniform quantisation */
    PRISM_MAPPING_NEAR = 6,     /* lossy: prediction with the reconstruction in the loop */
    PRISM_MAPPING_SPATIAL = 7,  /* lossy: sums of components, quantised where they lie, filtered */
    PRISM_MAPPING_WAVELET = 8,  /* lossy: sums of components, quantised wavelets of them */
    PRISM_MAPPING_DISTANCE = 9, /* lossy: pictures in JPEG XL, by libjxl */
    PRISM_MAPPING_MASK = 10,    /* places without data are left out */
    PRISM_MAPPING_SPLIT = 11,   /* planes along an axis, each with a mapping of its own */
    PRISM_MAPPING_COLOURS = 12, /* places in a table of the tuples along an axis */
    PRISM_MAPPING_REPEATS = 13, /* elements that stand elsewhere, too, are left out */
    PRISM_MAPPING_RECENT = 14   /* places in a list of the elements used last */
} prism_mapping;

/* "none", "table", ...; NULL for an unknown mapping. Static storage. */
PRISM_API const char *prism_mapping_name(prism_mapping mapping);

/* Which of the project's own methods codes a chunk of coder ans; the encoder chooses. The numbers
 * are those of docs/FORMAT.md. */
typedef enum prism_method {
    PRISM_METHOD_NONE = 0,     /* another coder */
    PRISM_METHOD_QUICK = 1,    /* planes from planes and from the row above; efforts 1-3 */
    PRISM_METHOD_LSQ = 2,      /* planes from planes and neighbours, by least squares */
    PRISM_METHOD_ADAPTIVE = 3, /* the same, fitted backwards while coding; efforts 8 and 9 */
    PRISM_METHOD_FRAMES = 4,   /* frames from frames, by blended experts */
    PRISM_METHOD_PALETTE = 5,  /* few different values, as indices, by context mixing */
    PRISM_METHOD_MIXED = 6,    /* frames from frames, by context mixing; efforts 8 and 9 */
    PRISM_METHOD_ORDER0 = 7,   /* values by their frequency alone: noise */
    PRISM_METHOD_BLOCKS = 8    /* as lsq, in blocks that can be decoded alone */
} prism_method;

/* "none", "quick", ...; NULL for an unknown method. Static storage. */
PRISM_API const char *prism_method_name(prism_method method);

/* "none", "max_error", "rel_max_error", "rel_rmse", "distance" and "rms", "deviation"; NULL for
 * what is unknown. Static storage. */
PRISM_API const char *prism_bound_name(prism_bound bound);
PRISM_API const char *prism_bound_of_name(prism_bound_of of);

/* What a chunk says of itself. */
typedef struct prism_info {
    unsigned format_version;
    prism_array array;
    prism_mapping mapping;
    prism_transform transform; /* what was used: never AUTO. Of a mapped chunk, for its integers */
    prism_predictor predictor;
    prism_coder coder;
    prism_method method; /* of coder ans */
    int effort;
    int axis;                       /* along which the planes lie; -1: there is a single plane, or
                                       several axes count them */
    unsigned axis_count;            /* how many axes count the planes */
    int axes[PRISM_MAX_RANK];       /* these: a plane for each combination, the last one fastest */
    uint64_t planes, height, width; /* the array as planes */
    bool checksum;
    prism_bound bound; /* NONE: every bit comes back */
    prism_bound_of bound_of;
    float bound_value;        /* as it was asked for */
    float reached;            /* the error in the end, in the unit of bound_value, rounded up; of
                                 PRISM_BOUND_DISTANCE, the relative RMSE where it was made */
    uint64_t header_bytes;    /* header and checksums */
    uint64_t parameter_bytes; /* weights and other side information */
    uint64_t payload_bytes;   /* coded samples */
    uint64_t decode_bytes;    /* prism_decode allocates no more, the elements apart */
} prism_info;

/* Reads the header of a chunk and checks it against `chunk_size`; no checksum is computed. Of a
 * chunk in blocks, what it takes to open it is enough (prism_planes_size). */
PRISM_API prism_status prism_inspect(const void *chunk, size_t chunk_size, prism_info *info,
                                     prism_error *error);

typedef struct prism_decode_options {
    bool skip_checksum;    /* neither of the two checksums is computed */
    int threads;           /* as in prism_options; below 1 is 1. Blocks are decoded side by side;
                              of other chunks, checksums are computed so */
    uint64_t memory_limit; /* bytes; 0 = no limit. A chunk of which decode_bytes says more is
                              refused with PRISM_E_MEMORY before anything is allocated; no more
                              threads work on others than it has room for */
    int reduce; /* 0; 1, 2, 3: only pictures at 1/2, 1/4, 1/8 of height and width, from no more of
                   the chunk than they take: `chunk` may end there (prism_reduced_size), and the
                   checksums are those of that part. `data` is then as prism_reduced_array says,
                   and the checksum of the elements is not computed. Chunks of mappings distance and
                   wavelet have such pictures (without what must come back exactly), others fail
                   with PRISM_E_OPTION. */
} prism_decode_options;

/*
 * Decodes a chunk into `data`, whose `size` must be the array's size in bytes exactly
 * (prism_inspect tells it). `options` may be NULL. Never reads beyond chunk_size, whatever the
 * bytes are; trailing bytes after the chunk's end are an error.
 * Memory: what prism_info.decode_bytes says, at most, and as much for each further thread. That is
 * at most 8 times the array and 2 MiB up to effort 7, 12 times and 12 MiB at efforts 8 and 9, by
 * the coders deflate and ans, for planes of at least 8 rows and columns or of one row. Of narrower
 * planes, pads take up to 21 times up to effort 7 and 36 times above. Coder jxl takes 19 to 80
 * times, by libjxl itself. An allocation that fails is PRISM_E_MEMORY, and nothing is kept. One
 * thing remains: libjxl 0.7 (coder jxl) ends the process where it finds no memory. It is called
 * only if as much as decode_bytes was to be had at once just before; where other threads take that
 * meanwhile, or the system promises more memory than it has, decode with other coders. Encoding
 * with coder jxl has the same limit.
 */
PRISM_API prism_status prism_decode(const void *chunk, size_t chunk_size, void *data, size_t size,
                                    const prism_decode_options *options, prism_error *error);

/* So many bytes of a chunk, or all if it is shorter, are enough for prism_reduced_size. */
#define PRISM_START_BYTES 512

/*
 * From the first `size` bytes of a chunk: how many of its bytes prism_decode with that `reduce`
 * takes (0: the whole chunk). Chunks that have no such pictures in a part of their own give the
 * size of the whole. PRISM_E_TRUNCATED where the header is not all there, PRISM_E_CHECKSUM where it
 * has a checksum, which is wrong. A reader must not believe more than what is stored.
 */
PRISM_API prism_status prism_reduced_size(const void *start, size_t size, int reduce,
                                          size_t *needed, prism_error *error);

/* The array that prism_decode gives of a chunk, or of as much of it as that takes, with that
 * `reduce`: every dimension but that of the planes is halved so many times, rounded up. At most two
 * of them may be longer than 1. */
PRISM_API prism_status prism_reduced_array(const void *chunk, size_t chunk_size, int reduce,
                                           prism_array *array, prism_error *error);

/*
 * prism_decode of some planes: planes[count] are indices along the chunk's axis (prism_info), in
 * any order; `data` is as the chunk's array, but with `count` elements along the axis. Where
 * several axes count the planes, it is count x the other axes, and indices are those of the
 * combinations, the last axis of prism_info.axes running fastest. Stacks of frames (transform stack
 * with coder ans) decode no more than these planes depend on; others decode all planes, mapped and
 * raw ones into memory for the whole array, which memory_limit counts, too. The checksum of the
 * chunk is computed, that of the elements is not.
 */
PRISM_API prism_status prism_decode_planes(const void *chunk, size_t chunk_size,
                                           const uint64_t *planes, size_t count, void *data,
                                           size_t size, const prism_decode_options *options,
                                           prism_error *error);

/* ---- Parts of chunks ------------------------------------------------------------------------- */

/*
 * A chunk that is read in parts, again and again. Of a chunk in blocks (option `block`), opening
 * reads header, models and index, with a checksum of their own, and a part takes no more than the
 * blocks that it meets, each with its own checksum. Any other chunk is decoded when it is opened. A
 * reader is for one thread at a time, and takes no more threads for reading blocks; different
 * readers run side by side.
 */
typedef struct prism_reader prism_reader;

/*
 * How many bytes of a chunk, from its beginning, it takes to read its first `planes` planes; with
 * 0, to open it. `start` are its first `size` bytes: for 0 planes, PRISM_START_BYTES are enough;
 * for others, as many as it takes to open it. Of a chunk in blocks that was made with order=stored,
 * the first planes need a beginning only; any other one is needed whole. PRISM_E_TRUNCATED where
 * `start` has too few, PRISM_E_CHECKSUM where what it takes to open the chunk is damaged,
 * PRISM_E_ARGUMENT where it has fewer planes. A reader must not believe more than what is stored.
 */
PRISM_API prism_status prism_planes_size(const void *start, size_t size, uint64_t planes,
                                         size_t *needed, prism_error *error);

/* `chunk` must outlive the reader. Of a chunk in blocks, a beginning is enough that has what it
 * takes to open it (prism_planes_size): reading what is not there is PRISM_E_TRUNCATED. On failure
 * *reader is NULL. prism_close takes NULL, too. options->reduce must be 0. Errors are those of
 * prism_decode. */
PRISM_API prism_status prism_open(const void *chunk, size_t chunk_size,
                                  const prism_decode_options *options, prism_reader **reader,
                                  prism_error *error);
PRISM_API void prism_close(prism_reader *reader);

/* Elements start[i] .. start[i] + count[i] - 1 along every axis i of the chunk's array, in C order,
 * to `data`, whose `size` in bytes must be theirs. With order=stored, planes behind the last one of
 * these are not decoded. PRISM_E_ARGUMENT where they are not all in the array; PRISM_E_CHECKSUM
 * where a block is damaged: others can be read still. */
PRISM_API prism_status prism_read_region(prism_reader *reader, const uint64_t *start,
                                         const uint64_t *count, void *data, size_t size,
                                         prism_error *error);

/* The same for many regions of equal count: region p begins at starts[p * rank .. p * rank + rank -
 * 1], and its elements come after those of region p - 1. They may come in any order: each block is
 * decoded once. */
PRISM_API prism_status prism_read_regions(prism_reader *reader, const uint64_t *starts,
                                          size_t regions, const uint64_t *count, void *data,
                                          size_t size, prism_error *error);

/*
 * Without all of a chunk: where its bytes are far away, prism_planes_size says how many prism_open
 * takes, and prism_region_ranges which others a part takes. Of a chunk in blocks, `chunk` may hold
 * these bytes alone, at their places among `chunk_size`: nothing else is looked at, and they may be
 * put there after prism_open.
 */
typedef struct prism_range {
    uint64_t offset, size; /* in bytes, from the first one of the chunk */
} prism_range;

/*
 * The bytes that prism_read_regions of the same regions looks at, in order, none touching another:
 * ranges[*found], none where the chunk is not in blocks. With ranges == NULL, *found only is set;
 * PRISM_E_CAPACITY where they are more than `capacity`. Threads: as prism_read_regions.
 */
PRISM_API prism_status prism_region_ranges(prism_reader *reader, const uint64_t *starts,
                                           size_t regions, const uint64_t *count,
                                           prism_range *ranges, size_t capacity, size_t *found,
                                           prism_error *error);

/* prism_open, prism_read_region and prism_close. */
PRISM_API prism_status prism_decode_region(const void *chunk, size_t chunk_size,
                                           const uint64_t *start, const uint64_t *count, void *data,
                                           size_t size, const prism_decode_options *options,
                                           prism_error *error);

#ifdef __cplusplus
}
#endif

#endif
