/*
 * Planes as bands: what is coded sample by sample, and what need not be. docs/format-adaptive.md,
 * "Bands". Internal.
 *
 * Bands of satellites with half the resolution come with each sample four times. Taking the four
 * phases of every 2 x 2 square as bands of their own (edge 2) turns the copies into bands that
 * equal another nearly everywhere: they are coded as exceptions, constant bands as a value.
 */
#ifndef PX_ADAPTIVE_BANDS_H
#define PX_ADAPTIVE_BANDS_H

#include "entropy/range_coder.h"
#include "planes/planes.h"

typedef enum px_band_kind { PX_BAND_CODED, PX_BAND_CONSTANT, PX_BAND_COPY } px_band_kind;

typedef struct px_band_info {
    px_band_kind kind;
    int32_t value; /* constant: the sample; copy: the phase of the same plane that it copies */
} px_band_info;

/* Band `phase` * planes + `plane` has the samples of the plane at (edge y + phase / edge, edge x +
 * phase mod edge). */
typedef struct px_bands {
    size_t planes;
    size_t edge;          /* 1 or 2 */
    size_t height, width; /* positions */
    size_t count;         /* edge^2 * planes */
    px_band_info *info;   /* [count]; owned */
    size_t *coded;        /* [coded_count] bands of that kind; owned */
    size_t coded_count;
} px_bands;

/* Bytes of `count` bands, and of coding those that are not coded ones. */
uint64_t px_bands_memory(size_t count);

/* The edge that suits the planes. */
size_t px_bands_edge(const px_planes *planes);

/* All bands are coded ones at first. */
prism_status px_bands_alloc(px_bands *bands, const px_planes *planes, size_t edge,
                            prism_error *error);
void px_bands_free(px_bands *bands);

/* Finds the kinds of the bands of `planes`. */
void px_bands_find(px_bands *bands, const px_planes *planes);

void px_bands_write(const px_bands *bands, px_range_encoder *coder);
prism_status px_bands_read(px_bands *bands, px_range_decoder *coder, unsigned depth,
                           prism_error *error);

/* Samples of coded[first..first + count - 1], position by position, and back. Samples beyond the
 * border of the plane are those of phase 0 there; they do not come back. */
void px_bands_gather(const px_bands *bands, const px_planes *planes, size_t first, size_t count,
                     int16_t *samples);
void px_bands_scatter(const px_bands *bands, px_planes *planes, size_t first, size_t count,
                      const int16_t *samples);

/* The bands that are not coded ones, once the others are in `planes`. */
prism_status px_bands_encode_rest(const px_bands *bands, const px_planes *planes,
                                  px_range_encoder *coder, prism_error *error);
prism_status px_bands_decode_rest(const px_bands *bands, px_planes *planes, px_range_decoder *coder,
                                  prism_error *error);

#endif
