/* How much planes tell of the planes before them, as frames do. Internal. */
#ifndef PX_CHOOSE_FRAMES_H
#define PX_CHOOSE_FRAMES_H

#include "planes/planes.h"

/* About how many bits planes take that are predicted from those before them, as frames are.
 * `count`: planes of the whole array, of which the first has none before it. HUGE_VAL where they
 * are too small. */
double px_frames_bits(const px_planes *planes, uint64_t count);

/* The same of a single picture by itself; HUGE_VAL also of several. */
double px_picture_bits(const px_planes *planes);

#endif
