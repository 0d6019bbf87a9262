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
#include <H5PLextern.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "copy.h"
#include "frames.h"
#include "output.h"
#include "stack/group.h"
#include "write_groups.h"

enum { DEFAULT_FRAMES = 27 };

typedef struct request {
    const char *input, *output, *dataset;
    int frames, effort;
    bool force;
} request;

static const char help[] =
    "usage: h5prism group IN OUT --dataset PATH [--frames N] [--effort 1..9] [--force]\n"
    "\n"
    "Writes a copy of the HDF5 file IN in which the frames of a stack (the first axis of the\n"
    "dataset) that resemble each other share chunks. The dataset reads as before.\n"
    "\n"
    "  --dataset PATH  the stack: integers of 8 or 16 bits, rank 3 or more\n"
    "  --frames N      frames in a chunk; default 27\n"
    "  --effort 1..9   1 fastest, 9 smallest; default 5\n"
    "  --force         replace OUT if it is there\n";

/* ---- Arguments ---- */

static bool read_number(int *number, const char *text, int low, int high) {
    char *end;
    const long value = text ? strtol(text, &end, 10) : 0;
    if (!text || end == text || *end || value < low || value > high)
        return false;
    *number = (int)value;
    return true;
}

/* Takes an option and what follows it; returns how many arguments, 0 if they are wrong. */
static int read_option(request *r, char **arguments, int left) {
    const char *value = left > 1 ? arguments[1] : NULL;
    if (strcmp(arguments[0], "--force") == 0)
        return r->force = true;
    if (strcmp(arguments[0], "--dataset") == 0)
        return (r->dataset = value) ? 2 : 0;
    if (strcmp(arguments[0], "--frames") == 0)
        return read_number(&r->frames, value, 1, INT16_MAX) ? 2 : 0;
    if (strcmp(arguments[0], "--effort") == 0)
        return read_number(&r->effort, value, 1, 9) ? 2 : 0;
    return 0;
}

static bool read_request(request *r, int count, char **arguments) {
    *r = (request){.frames = DEFAULT_FRAMES, .effort = PRISM_EFFORT_DEFAULT};
    for (int i = 0; i < count;) {
        int taken = 1;
        if (strncmp(arguments[i], "--", 2) == 0)
            taken = read_option(r, arguments + i, count - i);
        else if (!r->input)
            r->input = arguments[i];
        else if (!r->output)
            r->output = arguments[i];
        else
            taken = 0;
        if (!taken)
            return false;
        i += taken;
    }
    return r->input && r->output && r->dataset && r->dataset[strspn(r->dataset, "/")];
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

static bool group_frames(const request *r, const tool_frames *f, hid_t to) {
    px_signatures signatures;
    prism_error error;
    const size_t size = frames_of_each(r, f);
    if (!tool_frames_sign(f, &signatures))
        return false;
    uint32_t *order = malloc(f->dims[0] * sizeof *order);
    bool done = order && px_stack_group(order, &signatures, size, r->effort, &error) == PRISM_OK;
    px_signatures_free(&signatures);
    done = done ? tool_write_groups(&(tool_groups){f, to, r->dataset, order, size, r->effort})
                : tool_fail("%s: %s", r->dataset, order ? error.message : "out of memory");
    free(order);
    return done;
}

static bool write_file(const request *r, hid_t from, const char *name) {
    tool_frames frames;
    bool done = tool_frames_open(&frames, from, r->dataset);
    if (done) {
        hid_t to = H5Fcreate(name, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
        if (to < 0)
            done = tool_fail("%s cannot be created", name);
        else
            done = tool_copy_others(from, to, r->dataset) && group_frames(r, &frames, to);
        if (to >= 0 && H5Fclose(to) < 0 && done)
            done = tool_fail("%s cannot be written", name);
    }
    tool_frames_close(&frames);
    return done;
}

static bool run(const request *r) {
    tool_output output;
    if (!tool_output_begin(&output, r->output, r->input, r->force))
        return false;
    hid_t from = H5Fopen(r->input, H5F_ACC_RDONLY, H5P_DEFAULT);
    bool done = from >= 0 ? write_file(r, from, output.name)
                          : tool_fail("%s cannot be opened as an HDF5 file", r->input);
    if (from >= 0)
        H5Fclose(from);
    return tool_output_end(&output, done);
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
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5Zregister(H5PLget_plugin_info());
    return run(&r) ? EXIT_DONE : EXIT_FAILED;
}
