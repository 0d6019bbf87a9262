/* One JPEG XL image, and planes: what coder jxl and the tool share. Internal. */
#ifndef PX_JXL_H
#define PX_JXL_H

#include "container.h"

enum { PX_JXL_PLANES = 257 }; /* most planes of an image: one in grey, the others extra channels */

/* Appends planes first..first + count - 1 as one image, losslessly. Trees of libjxl may look at
 * `planes_before` planes for the next one. */
prism_status px_jxl_encode_image(const px_planes *planes, size_t first, size_t count, int effort,
                                 int planes_before, px_buffer *image, prism_error *error);

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

/* True if the samples of the chunk are stored as one image, and where in the chunk. */
bool px_jxl_find_image(const px_chunk *chunk, const uint8_t **image, size_t *size);

#endif
