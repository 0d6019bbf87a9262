/* Which planes can be coded as indices. Internal. */
#ifndef PX_PALETTE_PALETTE_H
#define PX_PALETTE_PALETTE_H

#include "planes/stages.h"

/* How many different values they have; 0 if too many, or if the planes are too narrow. */
int px_palette_values(const px_planes *planes);

#endif
