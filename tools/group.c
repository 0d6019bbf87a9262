/*
 * h5prism group: the frames of a stack in chunks of frames that resemble each other, wherever they
 * stand in the stack. The original order is a virtual dataset over the grouped one, so that readers
 * see what they saw before.
 *
 *   PATH          virtual dataset, in the original order
 *   PATH.grouped  the frames, group after group, compressed
 *   PATH.order    which frame of the original each of them is
 *
 * Where the frames come in as good an order as any, PATH itself has them, compressed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "compare.h"
#include "copy.h"
#include "crew.h"
#include "frames.h"
#include "library.h"
#include "rewrite.h"
#include "similarity/group.h"
#include "write_groups.h"

enum { DEFAULT_FRAMES = 27 };

typedef struct request {
    tool_files files;
    const char *dataset;
    int frames, effort;
    tool_frames stack;
    haddr_t address;       /* of the stack in IN */
    char *grouped, *order; /* what the copy has besides */
    size_t missing;        /* what it lacks */
} request;

static const char help[] =
    "usage: h5prism group IN OUT --dataset PATH [--frames N] [--effort 1..9] [--no-check]\n"
    "                     [--force]\n"
    "\n"
    "Writes a copy of the HDF5 file IN in which the frames of a stack (the first axis of the\n"
    "dataset) that resemble each other share chunks. The dataset reads as before.\n"
    "\n"
    "  --dataset PATH  the stack: integers of 8 or 16 bits, rank 3 or more\n"
    "  --frames N      frames in a chunk; default 27\n"
    "  --effort 1..9   1 fastest, 9 smallest; default 5\n"
    "  --no-check      do not open OUT anew and compare it with IN\n"
    "  --force         replace OUT if it is there\n"
    "\n"
    "example: h5prism group in.h5 out.h5 --dataset run/images --frames 27\n";

/* ---- Arguments ---- */

static int read_option(void *data, char **arguments, int left) {
    request *r = data;
    const char *value = left > 1 ? arguments[1] : NULL;
    if (tool_take_file_option(&r->files, arguments[0]))
        return 1;
    if (strcmp(arguments[0], "--dataset") == 0)
        return (r->dataset = value) ? 2 : 0;
    if (strcmp(arguments[0], "--frames") == 0)
        return tool_read_number(&r->frames, value, 1, INT16_MAX) ? 2 : 0;
    if (strcmp(arguments[0], "--effort") == 0)
        return tool_read_number(&r->effort, value, 1, 9) ? 2 : 0;
    return 0;
}

static bool read_request(request *r, int count, char **arguments) {
    const char *places[2] = {NULL, NULL};
    *r = (request){.frames = DEFAULT_FRAMES, .effort = PRISM_EFFORT_DEFAULT};
    if (tool_read_arguments(count, arguments, read_option, r, places, 2) < 2)
        return false;
    r->files.input = places[0];
    r->files.output = places[1];
    return r->dataset && r->dataset[strspn(r->dataset, "/")];
}

/* ---- Work ---- */

/* As many frames as asked for, but all groups about equally large, and none of 4 GiB. */
static size_t frames_of_each(const request *r, const tool_frames *f) {
    const size_t all = f->dims[0], room = UINT32_MAX / f->bytes;
    size_t most = (size_t)r->frames < room ? (size_t)r->frames : room;
    most = most < all ? most : all;
    const size_t groups = (all + most - 1) / most;
    return (all + groups - 1) / groups;
}

static char *joined(const char *path, const char *ending) {
    const size_t size = strlen(path) + strlen(ending) + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s", path, ending);
    else
        tool_fail("out of memory");
    return text;
}

/* Writes the stack in place of the dataset that it is. */
static bool take_dataset(void *data, const tool_place *place, bool *taken) {
    request *r = data;
    const tool_frames *f = &r->stack;
    px_signatures signatures;
    prism_error error;
    const size_t size = frames_of_each(r, f);
    if (tool_address(f->dataset) != place->address)
        return true;
    r->address = place->address;
    r->grouped = joined(place->path, ".grouped");
    r->order = joined(place->path, ".order");
    if (!r->grouped || !r->order || !tool_frames_sign(f, &signatures))
        return false;
    uint32_t *order = px_alloc(f->dims[0], sizeof *order);
    bool done = order && px_stack_group(order, &signatures, size, r->effort, &error) == PRISM_OK;
    px_signatures_free(&signatures);
    done = done ? tool_write_groups(
                      &(tool_groups){f, place, r->grouped, r->order, order, size, r->effort})
                : tool_fail("%s: %s", r->dataset, order ? error.message : "out of memory");
    free(order);
    return *taken = done;
}

static bool write_copy(void *data, hid_t from, hid_t to) {
    request *r = data;
    tool_copy copy = {.from = from, .to = to, .take = take_dataset, .request = r};
    bool done = tool_frames_open(&r->stack, from, r->dataset) && tool_copy_objects(&copy) &&
                tool_copy_references(&copy);
    r->missing = copy.missing;
    tool_copy_free(&copy);
    tool_frames_close(&r->stack);
    return done;
}

static bool check_copy(void *data, hid_t from, hid_t to) {
    const request *r = data;
    const char *const added[] = {r->grouped, r->order, NULL};
    return tool_compare(&(tool_comparison){from, to, r->address, added, tool_cpus(), NULL});
}

int tool_group(int count, char **arguments) {
    request r;
    if (count == 1 && strcmp(arguments[0], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    if (!read_request(&r, count, arguments)) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    tool_library_start();
    bool done = tool_rewrite(&r.files, &(tool_rewriting){write_copy, check_copy, &r});
    free(r.grouped);
    free(r.order);
    return done && !r.missing ? EXIT_DONE : EXIT_FAILED;
}
