/* Links of groups, and the orders in which groups and objects keep things. */
#ifndef TOOL_LINKS_H
#define TOOL_LINKS_H

#include <hdf5.h>
#include <stdbool.h>

/* "path/name", to be freed; "" is the root. NULL, with a message, if there is no memory. */
char *tool_path(const char *path, const char *name);

/* What the links of a group, the attributes of an object are gone through by: the order of creation
 * where that is kept. */
H5_index_t tool_link_order(hid_t group);
H5_index_t tool_attribute_order(hid_t object);

/* Goes through the attributes in the order of creation, or as they lie in the file where that is
 * not kept. As H5Aiterate2. */
herr_t tool_attributes_each(hid_t object, H5A_operator2_t visit, void *request);

/* The creation properties of a group, dataset or committed type. To be closed. */
hid_t tool_object_list(hid_t object);

/* A link that is not hard: a path, to this file or another, or what a program has defined. False if
 * HDF5 fails. */
bool tool_copy_link(hid_t from, hid_t to, const char *name, hid_t links);

/* The value of such a link and its size; to be freed. NULL if HDF5 fails. */
void *tool_link_value(hid_t group, const char *name, H5L_info_t *info);

#endif
