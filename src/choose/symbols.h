/* Whether colours are smaller as one symbol each: see mapping/colours.h. Internal. */
#ifndef PX_CHOOSE_SYMBOLS_H
#define PX_CHOOSE_SYMBOLS_H

#include "mapping/colours.h"

/* The set has colours if they may be. *sure: nothing else need be tried. Free with
 * px_colour_set_free. */
prism_status px_symbols_find(px_colour_set *set, bool *sure, const px_mapping_request *request,
                             prism_error *error);

#endif
