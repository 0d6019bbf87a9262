/* From HDF5's datatypes and dataspaces to a prism_array. Internal. */
#ifndef PLUGIN_DATASET_H
#define PLUGIN_DATASET_H

#include "host.h"
#include "prism.h"

/* `space` is the dataspace of one chunk. The message of a failure names what is not supported. */
prism_status plugin_dataset_array(const plugin_host *host, hid_t type, hid_t space,
                                  prism_array *array, prism_error *error);

/* Whether the elements, of the type that became `array`, are the numbers that a bound is about.
 * PRISM_E_TYPE, with the reason, for names of an enumeration (h5py's bool) and for numbers that
 * fill a part of their bytes, or in another way than numpy's: an error in the bytes is another one
 * in the number. */
prism_status plugin_bound_check(const plugin_host *host, hid_t type, const prism_array *array,
                                prism_error *error);

#endif
