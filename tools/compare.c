/*
 * Objects are matched first, by their names: then it is known where references should lead. After
 * that, the matched objects are compared one by one.
 */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "comparing.h"
#include "copy.h"
#include "library.h"
#include "links.h"
#include "output.h"
#include "values.h"

bool tool_differs(const char *path, const char *what) {
    return tool_fail("%s: the copy has another %s", *path ? path : "/", what);
}

/* ---- Objects that should be the same ---- */

static bool add_match(tool_comparing *c, haddr_t from, haddr_t to, const char *path) {
    if (!tool_make_room(&c->matches, &c->room, c->count, sizeof *c->matches))
        return false;
    c->matches[c->count] = (tool_match){from, to, strdup(path)};
    return (c->matches[c->count++].path && tool_objects_add(&c->forth, from, to) &&
            tool_objects_add(&c->back, to, from)) ||
           tool_fail("out of memory");
}

bool tool_match_objects(tool_comparing *c, hid_t from, hid_t to, const char *path) {
    const haddr_t address = tool_address(from), other = tool_address(to);
    const haddr_t there = tool_objects_find(&c->forth, address);
    if (there != HADDR_UNDEF)
        return there == other || tool_differs(path, "object under this name");
    if (tool_objects_find(&c->back, other) != HADDR_UNDEF || H5Iget_type(from) != H5Iget_type(to))
        return tool_differs(path, "object under this name");
    return add_match(c, address, other, path);
}

/* ---- Names, in their order ---- */

typedef struct names {
    char **names;
    size_t count, room;
} names;

static bool add_name(names *n, const char *name) {
    if (!tool_make_room(&n->names, &n->room, n->count, sizeof *n->names))
        return false;
    return (n->names[n->count++] = strdup(name)) || tool_fail("out of memory");
}

static void free_names(names *n) {
    for (size_t i = 0; i < n->count; i++)
        free(n->names[i]);
    free(n->names);
}

static herr_t add_link(hid_t group, const char *name, const H5L_info_t *info, void *data) {
    (void)group, (void)info;
    return add_name(data, name) ? 0 : -1;
}

static herr_t add_attribute(hid_t object, const char *name, const H5A_info_t *info, void *data) {
    (void)object, (void)info;
    return add_name(data, name) ? 0 : -1;
}

static bool list_links(hid_t group, names *n) {
    return H5Literate(group, tool_link_order(group), H5_ITER_INC, NULL, add_link, n) >= 0;
}

static bool list_attributes(hid_t object, names *n) {
    return H5Aiterate2(object, tool_attribute_order(object), H5_ITER_INC, NULL, add_attribute, n) >=
           0;
}

/* ---- Links ---- */

static bool match_groups(tool_comparing *c, hid_t from, hid_t to, const char *path);

static bool match_hard(tool_comparing *c, hid_t from, hid_t to, const char *name,
                       const char *path) {
    const size_t before = c->count;
    hid_t object = H5Oopen(from, name, H5P_DEFAULT), other = H5Oopen(to, name, H5P_DEFAULT);
    bool done = object >= 0 && other >= 0 ? tool_match_objects(c, object, other, path)
                                          : tool_fail_library("%s cannot be opened", path);
    if (done && c->count > before && H5Iget_type(object) == H5I_GROUP)
        done = match_groups(c, object, other, path);
    if (object >= 0)
        H5Oclose(object);
    if (other >= 0)
        H5Oclose(other);
    return done;
}

static bool compare_soft(hid_t from, hid_t to, const char *name, const char *path) {
    H5L_info_t info, other;
    void *value = tool_link_value(from, name, &info), *copy = tool_link_value(to, name, &other);
    bool done = value && copy && info.u.val_size == other.u.val_size &&
                memcmp(value, copy, info.u.val_size) == 0;
    free(value);
    free(copy);
    return done || tool_differs(path, "link");
}

static bool compare_link(tool_comparing *c, hid_t from, hid_t to, const char *name,
                         const char *group) {
    H5L_info_t info, other;
    char *path = tool_path(group, name);
    bool done = path != NULL;
    if (done && (H5Lget_info(from, name, &info, H5P_DEFAULT) < 0 ||
                 H5Lget_info(to, name, &other, H5P_DEFAULT) < 0 || info.type != other.type ||
                 info.cset != other.cset))
        done = tool_differs(path, "kind of link");
    if (done && info.type == H5L_TYPE_HARD)
        done = match_hard(c, from, to, name, path);
    else if (done)
        done = compare_soft(from, to, name, path);
    free(path);
    return done;
}

/* What cannot be opened or decoded is left out of the copy, and has been told of. */
static bool is_left_out(hid_t object, const char *path) {
    char text[TOOL_WHY_TEXT];
    return object < 0 ||
           (H5Iget_type(object) == H5I_DATASET && tool_why_undecoded(text, object, path));
}

static bool can_copy(hid_t group, const char *name) {
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    bool out = is_left_out(object, name);
    if (object >= 0)
        H5Oclose(object);
    return !out;
}

static bool is_added(const tool_comparing *c, const char *group, const char *name) {
    const size_t length = strlen(group);
    for (const char *const *added = c->files->added; added && *added; added++)
        if (strncmp(*added, group, length) == 0 && (*added)[length] == '/' &&
            strcmp(*added + length + 1, name) == 0)
            return true;
    return false;
}

static bool compare_links(tool_comparing *c, hid_t from, hid_t to, const char *path,
                          const names *all, const names *copy) {
    size_t next = 0;
    for (size_t i = 0; i < all->count; i++) {
        while (next < copy->count && strcmp(all->names[i], copy->names[next]) != 0 &&
               is_added(c, path, copy->names[next]))
            next++;
        if (next < copy->count && strcmp(all->names[i], copy->names[next]) == 0) {
            if (!compare_link(c, from, to, copy->names[next++], path))
                return false;
        } else if (can_copy(from, all->names[i])) {
            return tool_fail("%s/%s: the copy does not have it, or in another order", path,
                             all->names[i]);
        }
    }
    while (next < copy->count && is_added(c, path, copy->names[next]))
        next++;
    return next == copy->count || tool_fail("%s/%s: only the copy has it", path, copy->names[next]);
}

static bool match_groups(tool_comparing *c, hid_t from, hid_t to, const char *path) {
    names all = {0}, copy = {0};
    bool done = (list_links(from, &all) && list_links(to, &copy)) ||
                tool_fail_library("the links of %s cannot be read", *path ? path : "/");
    if (done && tool_link_order(from) != tool_link_order(to))
        done = tool_differs(path, "order of links");
    done = done && compare_links(c, from, to, path, &all, &copy);
    free_names(&all);
    free_names(&copy);
    return done;
}

/* ---- Attributes ---- */

static H5T_cset_t encoding_of(hid_t attribute) {
    H5T_cset_t set = H5T_CSET_ERROR;
    hid_t list = H5Aget_create_plist(attribute);
    H5Pget_char_encoding(list, &set);
    H5Pclose(list);
    return set;
}

static void *read_attribute(hid_t attribute, hid_t type, size_t count) {
    void *values = calloc(count, H5Tget_size(type));
    if (values && H5Aread(attribute, type, values) >= 0)
        return values;
    free(values);
    return NULL;
}

static void free_values(hid_t type, hid_t space, void *values) {
    if (values)
        tool_values_free(type, space, values);
    free(values);
}

static bool compare_attribute_values(const tool_comparing *c, hid_t from, hid_t to, hid_t type,
                                     hid_t space) {
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count <= 0)
        return true;
    void *values = read_attribute(from, type, (size_t)count);
    void *others = read_attribute(to, type, (size_t)count);
    bool same = values && others && tool_same_values(c, type, values, others, (size_t)count);
    free_values(type, space, values);
    free_values(type, space, others);
    return same;
}

static bool compare_attribute(tool_comparing *c, hid_t object, hid_t copy, const char *name,
                              const char *path) {
    hid_t from = H5Aopen(object, name, H5P_DEFAULT), to = H5Aopen(copy, name, H5P_DEFAULT);
    hid_t type = H5Aget_type(from), space = H5Aget_space(from);
    hid_t own_type = H5Aget_type(to), own_space = H5Aget_space(to);
    bool done = tool_compare_types(c, type, own_type, path) &&
                ((H5Sextent_equal(space, own_space) > 0 && encoding_of(from) == encoding_of(to) &&
                  compare_attribute_values(c, from, to, type, space)) ||
                 tool_fail("%s: the copy has another value of the attribute %s", path, name));
    H5Sclose(own_space);
    H5Tclose(own_type);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(to);
    H5Aclose(from);
    return done;
}

static bool compare_names(const names *all, const names *copy, const char *path) {
    bool same = all->count == copy->count;
    for (size_t i = 0; i < all->count && same; i++)
        same = strcmp(all->names[i], copy->names[i]) == 0;
    return same || tool_differs(path, "set or order of attributes");
}

/* HDF5 gives all attributes or none. */
static bool compare_attributes(tool_comparing *c, hid_t from, hid_t to, const char *path) {
    names all = {0}, copy = {0};
    bool done = true;
    if (list_attributes(from, &all)) {
        done = list_attributes(to, &copy) && compare_names(&all, &copy, path);
        for (size_t i = 0; i < all.count && done; i++)
            done = compare_attribute(c, from, to, all.names[i], path);
    }
    free_names(&all);
    free_names(&copy);
    return done;
}

/* ---- Everything ---- */

static bool compare_comments(hid_t from, hid_t to, const char *path) {
    const ssize_t length = H5Oget_comment(from, NULL, 0);
    bool same = length == H5Oget_comment(to, NULL, 0);
    if (same && length > 0) {
        const size_t size = (size_t)length + 1;
        char *comments = calloc(2, size), *other = comments ? comments + size : NULL;
        same = comments && H5Oget_comment(from, comments, size) >= 0 &&
               H5Oget_comment(to, other, size) >= 0 && strcmp(comments, other) == 0;
        free(comments);
    }
    return same || tool_differs(path, "comment");
}

static bool compare_objects(tool_comparing *c, hid_t from, hid_t to, const char *path) {
    const H5I_type_t kind = H5Iget_type(from);
    return tool_compare_properties(from, to, path) && compare_comments(from, to, path) &&
           compare_attributes(c, from, to, path) &&
           (kind != H5I_DATASET || tool_compare_datasets(c, from, to, path)) &&
           (kind != H5I_DATATYPE || tool_compare_types(c, from, to, path));
}

static bool compare_match(tool_comparing *c, const tool_match *match) {
    hid_t from = H5Oopen_by_addr(c->files->from, match->from);
    hid_t to = H5Oopen_by_addr(c->files->to, match->to);
    bool done = from >= 0 && to >= 0 ? compare_objects(c, from, to, match->path)
                                     : tool_fail_library("%s cannot be opened", match->path);
    if (from >= 0)
        H5Oclose(from);
    if (to >= 0)
        H5Oclose(to);
    return done;
}

/* Types without a name are found, and added, on the way. */
static bool compare_matches(tool_comparing *c) {
    for (size_t i = 0; i < c->count; i++) {
        const tool_match match = c->matches[i];
        tool_progress("checking", i, c->count);
        tool_output_note(*match.path ? match.path : "/");
        if (!compare_match(c, &match))
            return false;
    }
    tool_progress_clear();
    return true;
}

static void free_comparing(tool_comparing *c) {
    if (c->crew.slots) {
        tool_crew_stop(&c->crew);
        tool_crew_free(&c->crew);
    }
    for (size_t i = 0; i < c->count; i++)
        free(c->matches[i].path);
    free(c->matches);
    tool_objects_free(&c->forth);
    tool_objects_free(&c->back);
}

bool tool_compare(const tool_comparison *comparison) {
    tool_comparing c = {.files = comparison};
    bool done = tool_compare_files(comparison->from, comparison->to) &&
                match_hard(&c, comparison->from, comparison->to, "/", "") && compare_matches(&c);
    free_comparing(&c);
    return done;
}
