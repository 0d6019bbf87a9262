/* What a dataset is for, and which one is meant where nobody says so. */
#ifndef TOOL_DATASET_H
#define TOOL_DATASET_H

#include <hdf5.h>
#include <stdbool.h>

/* Groups of what `group` keeps besides are called so, with a number behind if there are more. */
#define TOOL_HELPERS ".h5prism"

/* Whether the dataset says of itself that it has the positions of others' elements. */
bool tool_is_scale(hid_t dataset);

/* The path of the one dataset of the file that is an array of numbers, no scale and no helper; to
 * be freed. NULL, with a message that names the first ones, if there are more, or none. */
char *tool_only_dataset(hid_t file);

#endif
