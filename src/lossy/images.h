/*
 * Planes as lossy images in JPEG XL, one after the other in a payload; where it pays, what pictures
 * at 1/8 need of each comes before the rest of all. docs/format-lossy.md, "Pictures". Internal.
 */
#ifndef PX_LOSSY_IMAGES_H
#define PX_LOSSY_IMAGES_H

#include "planes/stages.h"

enum { PX_COARSE = 3 }; /* halvings of what libjxl codes first */

typedef struct px_images {
    size_t colours; /* planes of an image: 1 or 3 */
    bool parted;    /* beginnings first */
} px_images;

/* Appends images to the payload of *coded, and sets its ends; images->parted is found. Stops at
 * more than `limit` bytes. */
prism_status px_images_encode(px_images *images, px_coded *coded, const px_planes *planes,
                              int effort, float distance, size_t limit, prism_error *error);

/* All planes; `coarse`: from the beginnings alone, where these are there. */
prism_status px_images_decode(px_planes *planes, const px_images *images, px_reader *payload,
                              bool coarse, prism_error *error);

/* Bytes that decoding takes at most, beside the planes. */
uint64_t px_images_memory(const px_images *images, const px_planes *planes, size_t payload);

#endif
