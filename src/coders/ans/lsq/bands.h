/* Large planes as two bands of rows, of which each is coded as planes of their own, by one model.
 * Internal. */
#ifndef PX_LSQ_BANDS_H
#define PX_LSQ_BANDS_H

#include "coders/ans/lsq/wave.h"
#include "planes/planes.h"

enum { PX_BANDS = 2 };

/* Whether a chunk of such planes says if its groups are in bands. */
bool px_bands_possible(const px_planes *planes);

/* Whether the second band knows the last rows of the first one: it waits for each plane of it, so
 * that few planes would be coded one band after the other. */
bool px_bands_follow(size_t count);

/* The rows of a band of all planes; of the same width, and without memory of its own. */
px_rectangle px_band_at(const px_planes *planes, size_t band);
px_planes px_band_planes(const px_planes *planes, size_t band);

/* The column in which a band begins where bands lie side by side. */
size_t px_band_column(const px_rectangle *bands, size_t band);

/* The wave of a band among those that lie side by side, of which `wave` is; returns where it begins
 * in a row. */
size_t px_band_wave(px_wave *wave, const px_rectangle *bands, size_t band);

#endif
