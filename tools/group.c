/*
 * h5prism group: the frames of a stack in chunks of frames that resemble each other, wherever they
 * stand in the stack. The original order is a virtual dataset over the grouped one, so that readers
 * see what they saw before.
 *
 *   PATH                    virtual dataset, in the original order
 *   /.h5prism/PATH.grouped  the frames, group after group, compressed
 *   /.h5prism/PATH.order    which frame of the original each of them is
 *
 * Where the frames come in as good an order as any, PATH itself has them, compressed. Where groups
 * would take more than the stack does, it is copied as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "base/sizes.h"
#include "command.h"
#include "compare.h"
#include "copy.h"
#include "crew.h"
#include "dataset.h"
#include "frames.h"
#include "group.h"
#include "library.h"
#include "rewrite.h"
#include "similarity/group.h"
#include "write_groups.h"

enum { DEFAULT_FRAMES = 27 };

typedef struct request {
    tool_files files;
    const char *dataset;
    char *found; /* the same, if nobody said which */
    long long frames, effort;
    tool_frames stack;
    haddr_t address;       /* of the stack in IN */
    char helpers[32];      /* the group that the copy has besides; empty: none */
    char *grouped, *order; /* what is in it */
    size_t missing;        /* what it lacks */
    bool keeps;            /* the stack is copied as it is, since groups would be larger */
} request;

static const char help[] =
    "usage: h5prism group IN OUT [--dataset PATH] [--frames N] [--effort 1..9] [--no-check]\n"
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

/* ---- Work ---- */

/* As many frames as asked for, but all groups about equally large, and none of 4 GiB. */
static size_t frames_of_each(const request *r, const tool_frames *f) {
    const size_t all = f->dims[0], room = UINT32_MAX / f->bytes;
    size_t most = (size_t)r->frames < room ? (size_t)r->frames : room;
    most = most < all ? most : all;
    const size_t groups = (all + most - 1) / most;
    return (all + groups - 1) / groups;
}

static char *joined(const char *group, const char *path, const char *ending) {
    const size_t size = strlen(group) + strlen(path) + strlen(ending) + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s%s", group, path, ending);
    else
        tool_fail("out of memory");
    return text;
}

/* A name of the root group that IN does not have: another stack of it may be grouped already. */
static void name_helpers(request *r, hid_t from) {
    snprintf(r->helpers, sizeof r->helpers, "/" TOOL_HELPERS);
    for (unsigned i = 2; H5Lexists(from, r->helpers, H5P_DEFAULT) > 0; i++)
        snprintf(r->helpers, sizeof r->helpers, "/" TOOL_HELPERS ".%u", i);
}

static void report(const request *r, const char *path, const tool_grouped *g, size_t size) {
    const size_t count = r->stack.dims[0], groups = (count + size - 1) / size;
    tool_progress_clear();
    if (g->kept)
        printf("%s: copied as it is; %zu frames in %zu groups would take %" PRIuHSIZE
               " bytes, as they are %" PRIuHSIZE "\n",
               path, count, groups, g->stored, g->original);
    else
        printf("%s: %zu frames in %zu groups of up to %zu%s; %" PRIuHSIZE
               " bytes, before %" PRIuHSIZE "\n",
               path, count, groups, size, g->in_order ? ", in their own order" : "", g->stored,
               g->original);
}

static bool find_order(const request *r, size_t size, uint32_t *order) {
    px_signatures signatures;
    prism_error error;
    if (!tool_frames_sign(&r->stack, &signatures))
        return false;
    const bool done = px_stack_group(order, &signatures, size, (int)r->effort, &error) == PRISM_OK;
    px_signatures_free(&signatures);
    return done || tool_fail("%s: %s", r->dataset, error.message);
}

/* Writes the stack in place of the dataset that it is. */
static bool take_dataset(void *data, const tool_place *place, bool *taken) {
    request *r = data;
    const tool_frames *f = &r->stack;
    tool_grouped result;
    const size_t size = frames_of_each(r, f);
    if (r->keeps || tool_address(f->dataset) != place->address)
        return true;
    name_helpers(r, place->copy->from);
    r->grouped = joined(r->helpers, place->path, ".grouped");
    r->order = joined(r->helpers, place->path, ".order");
    uint32_t *order = px_alloc(f->dims[0], sizeof *order);
    const bool room = (r->grouped && r->order && order) || tool_fail("out of memory");
    const bool done =
        room && find_order(r, size, order) &&
        tool_write_groups(
            &(tool_groups){f, place, r->grouped, r->order, order, size, (int)r->effort}, &result);
    free(order);
    if (!done)
        return false;
    report(r, place->path, &result, size);
    r->keeps = result.kept;
    r->address = r->keeps ? HADDR_UNDEF : place->address;
    *taken = !r->keeps;
    return true;
}

/* What is virtual may be grouped already, and has no elements of its own. */
static bool is_stored(const request *r) {
    hid_t list = H5Dget_create_plist(r->stack.dataset);
    const bool is_virtual = H5Pget_layout(list) == H5D_VIRTUAL;
    H5Pclose(list);
    return !is_virtual || tool_fail("%s: it is virtual, as what is grouped already", r->dataset);
}

static bool write_copy(void *data, hid_t from, hid_t to) {
    request *r = data;
    if (!r->dataset)
        r->dataset = r->found = tool_only_dataset(from);
    if (!r->dataset)
        return false;
    tool_copy copy = {.from = from, .to = to, .take = take_dataset, .request = r};
    bool done = tool_frames_open(&r->stack, from, r->dataset) && is_stored(r) &&
                tool_copy_objects(&copy) && tool_copy_references(&copy);
    r->missing = copy.missing;
    tool_copy_free(&copy);
    tool_frames_close(&r->stack);
    return done;
}

static bool check_copy(void *data, hid_t from, hid_t to) {
    const request *r = data;
    const char *const added[] = {r->helpers, NULL};
    return tool_compare(&(tool_comparison){
        .from = from, .to = to, .replaced = r->address, .added = added, .threads = tool_cpus()});
}

/* Once more where groups were larger: what they took would be left in the file. */
static bool rewrite(request *r) {
    const tool_rewriting rewriting = {write_copy, check_copy, r};
    if (!tool_rewrite(&r->files, &rewriting))
        return false;
    r->files.force = true;
    return !r->keeps || tool_rewrite(&r->files, &rewriting);
}

static void free_request(request *r) {
    free(r->found);
    free(r->grouped);
    free(r->order);
}

bool tool_group_stack(const tool_files *files, const char *dataset, long long frames, int effort) {
    request r = {.files = *files, .dataset = dataset, .frames = frames, .effort = effort};
    const bool done = rewrite(&r);
    free_request(&r);
    return done && !r.missing;
}

int tool_group(int count, char **arguments) {
    request r = {.frames = DEFAULT_FRAMES, .effort = PRISM_EFFORT_DEFAULT};
    const char *files[2] = {NULL, NULL};
    const tool_option options[] = {
        {"--dataset", TOOL_TEXT, &r.dataset, 0, 0},
        {"--frames", TOOL_NUMBER, &r.frames, 1, INT16_MAX},
        {"--effort", TOOL_NUMBER, &r.effort, 1, 9},
        {"--no-check", TOOL_FLAG, &r.files.unchecked, 0, 0},
        {"--force", TOOL_FLAG, &r.files.force, 0, 0},
        {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    int code;
    if (!tool_arguments_read(&(tool_arguments){help, options, files, 2, 0}, count, arguments,
                             &code))
        return code;
    if (r.dataset && !r.dataset[strspn(r.dataset, "/")])
        return tool_misused("--dataset %s: that is a group", r.dataset);
    r.files.input = files[0];
    r.files.output = files[1];
    if (!tool_is_hdf5_name(r.files.output))
        return EXIT_USAGE;
    tool_library_start();
    bool done = rewrite(&r);
    free_request(&r);
    return done && !r.missing ? EXIT_DONE : EXIT_FAILED;
}
