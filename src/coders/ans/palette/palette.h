/* Which planes can be coded as indices. Internal. */
#ifndef PX_INDICES_H
#define PX_INDICES_H

#include "coders/method.h"

/* How many different values they have; 0 if too many, or if the planes are too narrow. */
int px_indices_values(const px_planes *planes);

#endif
