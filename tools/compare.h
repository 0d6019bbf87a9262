/* Whether two files say the same. */
#ifndef TOOL_COMPARE_H
#define TOOL_COMPARE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

#include "prism.h"

typedef struct tool_comparison {
    hid_t from, to; /* an original and its copy */
    /* A dataset of the original, or HADDR_UNDEF: the copy has its type, dimensions, attributes and
     * elements, but may keep them in another way. */
    haddr_t replaced;
    const char *const *added; /* paths that are in the copy only; up to NULL */
    size_t threads;           /* that decode chunks */
    bool unpacked;            /* the copy may keep what h5prism compressed with other filters */
    /* NULL, or options with a bound: chunks of the copy that h5prism compressed within that bound
     * may have other elements, which are measured. */
    const prism_options *bound;
    bool skip_bad; /* chunks of the original that do not decode may be missing */
} tool_comparison;

/* False, with a message that names the first difference, unless they agree in objects and their
 * names, links, orders of creation, types, dataspaces, attributes, fill values, layouts, elements,
 * and in the properties that files and objects are created with. Datasets of the copy that h5prism
 * compresses may have other chunks and filters. References agree if they lead to the same place. An
 * object of the original that HDF5 cannot open or decode may be missing. Elements that are in other
 * files are not read. */
bool tool_compare(const tool_comparison *comparison);

#endif
