/* Pictures at 1/2, 1/4 and 1/8 of their width and height. Internal. */
#ifndef PX_LOSSY_REDUCED_H
#define PX_LOSSY_REDUCED_H

#include "planes/stages.h"

/* The array with its dimensions other than `axis` halved `by` times, rounded up. False where more
 * than two of them are longer than 1: its planes are no pictures then. */
bool px_reduced_array(prism_array *reduced, const prism_array *array, int axis, int by);

#endif
