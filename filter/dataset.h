/* From HDF5's datatypes and dataspaces to a prism_array. Internal. */
#ifndef PLUGIN_DATASET_H
#define PLUGIN_DATASET_H

#include "host.h"
#include "prism.h"

/* `space` is the dataspace of one chunk. The message of a failure names what is not supported. */
prism_status plugin_dataset_array(const plugin_host *host, hid_t type, hid_t space,
                                  prism_array *array, prism_error *error);

#endif
