/* What values of a type hold beside themselves: addresses, which differ from file to file. */
#ifndef TOOL_VALUES_H
#define TOOL_VALUES_H

#include <hdf5.h>
#include <stdbool.h>

/* Whether parts of the values are of variable length: these lie elsewhere in the file. */
bool tool_type_varies(hid_t type);

/* Whether there are references to objects or regions in them. */
bool tool_type_refers(hid_t type);

/* Neither: the bytes of a value mean the same in every file. */
bool tool_type_is_plain(hid_t type);

/* Gives back what HDF5 has allocated for values that it has read: parts of variable length, and
 * what newer references hold. */
void tool_values_free(hid_t type, hid_t space, void *values);

#endif
