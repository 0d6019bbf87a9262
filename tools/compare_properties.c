/* Properties of files and objects that are set when these are created, and stay. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "comparing.h"
#include "links.h"
#include "prism.h"
#include "system/files.h"

/* What one question says of a list; all 0 where it has no answer. */
enum { MOST_VALUES = 24 };
typedef void (*question)(hid_t list, uint64_t values[MOST_VALUES]);

typedef struct property {
    const char *name;
    question ask;
} property;

static bool compare_all(hid_t from, hid_t to, const property *p, const char *path) {
    for (; p->name; p++) {
        uint64_t values[MOST_VALUES] = {0}, others[MOST_VALUES] = {0};
        p->ask(from, values);
        p->ask(to, others);
        if (memcmp(values, others, sizeof values) != 0)
            return tool_differs(path, p->name);
    }
    return true;
}

/* ---- Of any object ---- */

static void ask_times(hid_t list, uint64_t values[MOST_VALUES]) {
    hbool_t tracked = 0;
    H5Pget_obj_track_times(list, &tracked);
    values[0] = tracked;
}

static void set_two(uint64_t values[MOST_VALUES], unsigned first, unsigned second) {
    values[0] = first;
    values[1] = second;
}

static void ask_attribute_storage(hid_t list, uint64_t values[MOST_VALUES]) {
    unsigned most = 0, least = 0;
    H5Pget_attr_phase_change(list, &most, &least);
    set_two(values, most, least);
}

static void ask_attribute_order(hid_t list, uint64_t values[MOST_VALUES]) {
    unsigned flags = 0;
    H5Pget_attr_creation_order(list, &flags);
    values[0] = flags;
}

static const property of_objects[] = {{"tracking of times", ask_times},
                                      {"limit of compact attributes", ask_attribute_storage},
                                      {"order of attributes", ask_attribute_order},
                                      {NULL, NULL}};

/* ---- Of groups ---- */

static void ask_heap(hid_t list, uint64_t values[MOST_VALUES]) {
    size_t size = 0;
    H5Pget_local_heap_size_hint(list, &size);
    values[0] = size;
}

static void ask_link_storage(hid_t list, uint64_t values[MOST_VALUES]) {
    unsigned most = 0, least = 0;
    H5Pget_link_phase_change(list, &most, &least);
    set_two(values, most, least);
}

static void ask_estimates(hid_t list, uint64_t values[MOST_VALUES]) {
    unsigned links = 0, length = 0;
    H5Pget_est_link_info(list, &links, &length);
    set_two(values, links, length);
}

static void ask_link_order(hid_t list, uint64_t values[MOST_VALUES]) {
    unsigned flags = 0;
    H5Pget_link_creation_order(list, &flags);
    values[0] = flags;
}

static void ask_filters(hid_t list, uint64_t values[MOST_VALUES]) {
    const int filters = H5Pget_nfilters(list);
    values[0] = (uint64_t)filters;
    for (int i = 0; i < filters && 2 * i + 2 < MOST_VALUES; i++) {
        unsigned flags = 0, first = 0;
        size_t count = 1;
        values[2 * i + 1] =
            (uint64_t)H5Pget_filter2(list, (unsigned)i, &flags, &count, &first, 0, NULL, NULL);
        values[2 * i + 2] = first;
    }
}

static const property of_groups[] = {
    {"size of its heap", ask_heap},           {"limit of compact links", ask_link_storage},
    {"estimate of its links", ask_estimates}, {"order of links", ask_link_order},
    {"filters of links", ask_filters},        {NULL, NULL}};

/* ---- Of datasets ---- */

static void ask_allocation(hid_t list, uint64_t values[MOST_VALUES]) {
    H5D_alloc_time_t time = H5D_ALLOC_TIME_ERROR;
    H5Pget_alloc_time(list, &time);
    values[0] = (uint64_t)time;
}

static const property of_storage[] = {{"time of allocation", ask_allocation}, {NULL, NULL}};

bool tool_compare_allocation(hid_t from, hid_t to, const char *path) {
    return compare_all(from, to, of_storage, path);
}

/* ---- Objects ---- */

static unsigned header_version(hid_t object) {
    H5O_info_t info = {.hdr.version = 0};
    H5Oget_info2(object, &info, H5O_INFO_HDR);
    return info.hdr.version;
}

bool tool_compare_properties(hid_t from, hid_t to, const char *path) {
    hid_t list = tool_object_list(from), other = tool_object_list(to);
    bool done = compare_all(list, other, of_objects, path) &&
                (H5Iget_type(from) != H5I_GROUP || compare_all(list, other, of_groups, path));
    H5Pclose(other);
    H5Pclose(list);
    return done && (header_version(from) == header_version(to) ||
                    tool_differs(path, "version of its header"));
}

/* ---- Files ---- */

static void ask_user_block(hid_t list, uint64_t values[MOST_VALUES]) {
    hsize_t size = 0;
    H5Pget_userblock(list, &size);
    values[0] = size;
}

static void ask_sizes(hid_t list, uint64_t values[MOST_VALUES]) {
    size_t addresses = 0, lengths = 0;
    H5Pget_sizes(list, &addresses, &lengths);
    values[0] = addresses;
    values[1] = lengths;
}

static void ask_group_nodes(hid_t list, uint64_t values[MOST_VALUES]) {
    unsigned internal = 0, leaf = 0;
    H5Pget_sym_k(list, &internal, &leaf);
    set_two(values, internal, leaf);
}

static void ask_chunk_nodes(hid_t list, uint64_t values[MOST_VALUES]) {
    unsigned nodes = 0;
    H5Pget_istore_k(list, &nodes);
    values[0] = nodes;
}

static void ask_shared_messages(hid_t list, uint64_t values[MOST_VALUES]) {
    unsigned count = 0, most = 0, least = 0;
    H5Pget_shared_mesg_nindexes(list, &count);
    H5Pget_shared_mesg_phase_change(list, &most, &least);
    values[0] = count;
    values[1] = most;
    values[2] = least;
    for (unsigned i = 0; i < count && 2 * i + 4 < MOST_VALUES; i++) {
        unsigned kinds = 0, size = 0;
        H5Pget_shared_mesg_index(list, i, &kinds, &size);
        values[2 * i + 3] = kinds;
        values[2 * i + 4] = size;
    }
}

static void ask_strategy(hid_t list, uint64_t values[MOST_VALUES]) {
    H5F_fspace_strategy_t strategy = H5F_FSPACE_STRATEGY_FSM_AGGR;
    hbool_t persists = 0;
    hsize_t threshold = 0;
    H5Pget_file_space_strategy(list, &strategy, &persists, &threshold);
    values[0] = (uint64_t)strategy;
    values[1] = persists;
    values[2] = threshold;
}

static void ask_page(hid_t list, uint64_t values[MOST_VALUES]) {
    hsize_t size = 0;
    H5Pget_file_space_page_size(list, &size);
    values[0] = size;
}

static const property of_files[] = {{"size of the user block", ask_user_block},
                                    {"size of addresses", ask_sizes},
                                    {"size of tree nodes for groups", ask_group_nodes},
                                    {"size of tree nodes for chunks", ask_chunk_nodes},
                                    {"set of shared messages", ask_shared_messages},
                                    {"strategy for file space", ask_strategy},
                                    {"size of pages", ask_page},
                                    {NULL, NULL}};

static FILE *open_raw(hid_t file) {
    char name[4096];
    const ssize_t length = H5Fget_name(file, name, sizeof name);
    return length > 0 && (size_t)length < sizeof name ? px_file_stream(name, false) : NULL;
}

static bool same_bytes(FILE *from, FILE *to, hsize_t size) {
    char bytes[512], others[512]; /* user blocks are multiples of it */
    bool same = true;
    for (hsize_t i = 0; i < size && same; i += sizeof bytes)
        same = fread(bytes, sizeof bytes, 1, from) == 1 &&
               fread(others, sizeof others, 1, to) == 1 && memcmp(bytes, others, sizeof bytes) == 0;
    return same;
}

static bool compare_user_blocks(hid_t from, hid_t to, hsize_t size) {
    FILE *original = size ? open_raw(from) : NULL, *copy = size ? open_raw(to) : NULL;
    bool same = !size || (original && copy && same_bytes(original, copy, size));
    if (original)
        fclose(original);
    if (copy)
        fclose(copy);
    return same || tool_differs("", "user block");
}

static unsigned superblock_version(hid_t file) {
    H5F_info2_t info = {.super.version = 0};
    H5Fget_info2(file, &info);
    return info.super.version;
}

bool tool_compare_files(hid_t from, hid_t to) {
    hsize_t size = 0;
    hid_t list = H5Fget_create_plist(from), other = H5Fget_create_plist(to);
    H5Pget_userblock(list, &size);
    bool done = compare_all(list, other, of_files, "") && compare_user_blocks(from, to, size);
    H5Pclose(other);
    H5Pclose(list);
    return done && (superblock_version(from) == superblock_version(to) ||
                    tool_differs("", "version of the file"));
}
