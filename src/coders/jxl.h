/* One JPEG XL image, and planes: what coder jxl and the tool share. Internal. */
#ifndef PX_CODERS_JXL_H
#define PX_CODERS_JXL_H

#include "planes/stages.h"

/* Of libjxl: 7001 is 0.7.1; 0 in a build without it. */
unsigned px_jxl_version(void);

/* Whether this build has libjxl (jxl_images.c). Without it (jxl_absent.c), what encodes or decodes
 * an image fails with PRISM_E_UNAVAILABLE. */
static inline bool px_jxl_available(void) {
    return px_jxl_version() > 0;
}

enum { PX_JXL_PLANES = 257 }; /* of an image at most, one in grey and the others extra channels */

typedef struct px_jxl_task {
    size_t first, colours, extras; /* planes from `first` on: 1 or 3 colours, extra channels */
    int effort;
    int planes_before; /* that trees of libjxl may look at for the next one */
    float distance;    /* of Butteraugli; 0: lossless. Extra channels are always lossless */
} px_jxl_task;

/* Appends an image of these planes. */
prism_status px_jxl_encode_image(const px_planes *planes, const px_jxl_task *task, px_buffer *image,
                                 prism_error *error);

/* Colours (1 or 3) and extra channels are planes, in that order. */
typedef struct px_jxl_shape {
    size_t width, height, colours, extras;
    unsigned depth; /* 8 or 16 bits, unsigned */
} px_jxl_shape;

/* Fails with PRISM_E_TYPE for what has another depth, floats, subsampled channels or motion. */
prism_status px_jxl_inspect_image(px_jxl_shape *shape, const uint8_t *image, size_t size,
                                  prism_error *error);

/* Decodes to planes from `first` on; the image must be of that shape, and so must the planes. */
prism_status px_jxl_decode_image(px_planes *planes, size_t first, const px_jxl_shape *shape,
                                 const uint8_t *image, size_t size, prism_error *error);

/* The same of a lossy image. `coarse`: from its low frequencies alone, those of 1/8 of its width
 * and height, where they come first; the planes are as large, and smooth. */
prism_status px_jxl_decode_lossy(px_planes *planes, size_t first, const px_jxl_shape *shape,
                                 const uint8_t *image, size_t size, bool coarse,
                                 prism_error *error);

/* How many bytes of a lossy image a `coarse` decoder takes; 0 where its low frequencies do not come
 * first. */
prism_status px_jxl_coarse_size(size_t *bytes, const px_planes *planes, const px_jxl_shape *shape,
                                const uint8_t *image, size_t size, prism_error *error);

/* Bytes that decoding a lossless image of `count` planes takes at most, beside the planes. */
uint64_t px_jxl_memory(const px_planes *planes, size_t count);

/* Bytes that decoding `count` planes of one lossy image takes at most, beside the planes. */
uint64_t px_jxl_lossy_memory(const px_planes *planes, size_t count);

/* The image of a payload that holds one only, or NULL; *size is set. */
const uint8_t *px_jxl_only_image(px_reader payload, size_t *size);

#endif
