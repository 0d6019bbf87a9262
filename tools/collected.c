#include "collected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "library.h"
#include "stack_writer.h"

enum { MOST_CHANNELS = 4 };

static const char ATTRIBUTE[] = "names", ENDING[] = ".names";

/* ---- Frames ---- */

/* Which axis is what: frames, rows, columns, channels; -1: there is none. */
typedef struct axes {
    int frames, channels;
} axes;

static axes axes_of(const tool_source *s, bool in_colour) {
    if (s->rank == 4)
        return (axes){0, 3};
    if (s->rank == 3)
        return in_colour ? (axes){-1, 2} : (axes){0, -1};
    return (axes){-1, -1};
}

static bool describe(tool_collected *c, bool in_colour) {
    const tool_source *s = &c->source;
    const axes a = axes_of(s, in_colour);
    const int rows = a.frames + 1;
    prism_array array;
    hsize_t dims[H5S_MAX_RANK];
    size_t bytes;
    if (s->rank < 2 || s->rank > 4 || (a.channels >= 0 && s->dims[a.channels] > MOST_CHANNELS))
        return tool_fail("%s: it is no stack of frames: frames x height x width, with up to 4 "
                         "channels behind",
                         s->path);
    memcpy(dims, s->dims, sizeof dims);
    if (a.frames == 0)
        dims[0] = 1;
    if (!tool_source_array(s, dims, &array, &bytes))
        return false;
    if (tool_stack_type(array.type) < 0)
        return tool_fail("%s: no image has samples of type %s", s->path,
                         prism_type_name(array.type));
    c->is_stack = a.frames == 0;
    c->count = c->is_stack ? s->dims[0] : 1;
    c->frame = (tool_image){.height = s->dims[rows],
                            .width = s->dims[rows + 1],
                            .channels = a.channels >= 0 ? s->dims[a.channels] : 1,
                            .type = array.type,
                            .samples = px_alloc(bytes, 1)};
    return c->frame.samples || tool_fail("out of memory for a frame of %zu bytes", bytes);
}

bool tool_collected_open(tool_collected *c, const char *file, const char *path, bool in_colour) {
    *c = (tool_collected){.next = 0};
    return tool_source_open(&c->source, file, path) && describe(c, in_colour);
}

void tool_collected_close(tool_collected *c) {
    free(c->frame.samples);
    tool_source_close(&c->source);
}

bool tool_collected_read(tool_collected *c) {
    tool_part part = {.start = {0}};
    memcpy(part.count, c->source.dims, sizeof part.count);
    if (c->is_stack) {
        part.start[0] = c->next;
        part.count[0] = 1;
    }
    c->next++;
    return tool_source_read(&c->source, &part, NULL, tool_stack_type(c->frame.type),
                            c->frame.samples);
}

/* ---- Names ---- */

static hid_t text_type(void) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static bool write_texts(hid_t file, const char *path, const char *const *texts, size_t count) {
    const hsize_t size = count;
    hid_t type = text_type(), space = H5Screate_simple(1, &size, NULL);
    hid_t dataset = H5Dcreate2(file, path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const bool done =
        dataset >= 0 && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) >= 0;
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
    return done;
}

static bool write_attribute(hid_t file, const char *object, const char *text) {
    hid_t type = text_type(), space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate_by_name(file, object, ATTRIBUTE, type, space, H5P_DEFAULT,
                                        H5P_DEFAULT, H5P_DEFAULT);
    const bool done = attribute >= 0 && H5Awrite(attribute, type, &text) >= 0;
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return done;
}

bool tool_names_write(hid_t file, const char *stack, const char *const *names, size_t count) {
    const size_t size = strlen(stack) + sizeof ENDING + 1;
    char *path = malloc(size);
    if (!path)
        return tool_fail("out of memory");
    snprintf(path, size, "/%s%s", stack, ENDING);
    const bool done = write_texts(file, path, names, count) && write_attribute(file, stack, path);
    free(path);
    return done || tool_fail_library("the names of %s cannot be written", stack);
}

static bool is_text(hid_t type) {
    return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0;
}

/* The value of the attribute, to be freed; NULL if there is none, or another one. */
static char *read_attribute(hid_t object) {
    char *text = NULL;
    if (H5Aexists(object, ATTRIBUTE) <= 0)
        return NULL;
    hid_t attribute = H5Aopen(object, ATTRIBUTE, H5P_DEFAULT), type = H5Aget_type(attribute);
    hid_t space = H5Aget_space(attribute);
    if (!is_text(type) || H5Sget_simple_extent_npoints(space) != 1 ||
        H5Aread(attribute, type, &text) < 0)
        text = NULL;
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return text;
}

static char **read_texts(hid_t dataset, size_t count) {
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const bool fits = is_text(type) && H5Sget_simple_extent_npoints(space) == (hssize_t)count;
    char **texts = fits ? calloc(count, sizeof *texts) : NULL;
    if (texts && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) < 0) {
        free(texts);
        texts = NULL;
    }
    H5Sclose(space);
    H5Tclose(type);
    return texts;
}

char **tool_names_read(const tool_collected *c) {
    char *path = read_attribute(c->source.dataset), **names = NULL;
    hid_t dataset = path && tool_exists(c->source.file, path)
                        ? H5Dopen2(c->source.file, path, H5P_DEFAULT)
                        : -1;
    if (dataset >= 0) {
        names = read_texts(dataset, c->count);
        H5Dclose(dataset);
    }
    H5free_memory(path);
    return names;
}

void tool_names_free(char **names, size_t count) {
    for (size_t i = 0; names && i < count; i++)
        H5free_memory(names[i]);
    free(names);
}
