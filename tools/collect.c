/*
 * h5prism collect: the images of a folder as stacks of frames in a new HDF5 file. Frames of one
 * size and type make one dataset; their names are in another one, so that h5prism extract can write
 * the files again.
 *
 *   /images         frames x height x width, or with x channels behind
 *   /images.names   what the frames are called; the attribute "names" of /images says its path
 *
 * Images of several sizes become /images_480x640x3_uint8 and so on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "collected.h"
#include "command.h"
#include "folder.h"
#include "frames.h"
#include "group.h"
#include "library.h"
#include "links.h"
#include "output.h"
#include "stack_writer.h"
#include "system/files.h"
#include "system/process.h"

enum { DEFAULT_FRAMES = 27 };

/* Frames that share a dataset. */
typedef struct kind {
    char path[128];
    tool_stack stack;
} kind;

typedef struct frame {
    char *name; /* owned */
    size_t kind;
} frame;

typedef struct request {
    const char *files[3], *dataset; /* files: the folder, OUT, options of the filter */
    prism_options options;
    long long frames, threads;
    bool grouped, unchecked, force;

    tool_folder folder;
    kind *kinds;
    frame *all;
    size_t kind_count, kind_room, count, room;

    size_t next, only;        /* of the frames, as pages go by; and the kind that is looked at */
    tool_stack_writer writer; /* of that kind */
    tool_collected stack;     /* the same, read back */
} request;

static const char help[] =
    "usage: h5prism collect FOLDER OUT.h5 [KEY=VALUE,...] [--dataset NAME] [--group] [--frames N]\n"
    "                       [-j N] [--no-check] [--force]\n"
    "\n"
    "Writes the PNG and TIFF images of a folder (not of folders in it) as a stack of frames into "
    "a\n"
    "new HDF5 file: losslessly, in natural order (2 before 10), with their names. Pages of a TIFF\n"
    "are frames. Images of several sizes or types become several datasets.\n"
    "\n"
    "  KEY=VALUE,...   options of the filter, as in 'h5prism options'; default: all automatic\n"
    "  --dataset NAME  of the stack; default: images\n"
    "  --group         frames that resemble each other share chunks, as by 'h5prism group'\n"
    "  --frames N      frames in a chunk, but no more than 16 MiB unless --group; default 27\n"
    "  -j N            chunks that are encoded at the same time; default: one for each CPU\n"
    "  --no-check      do not open OUT.h5 anew and compare it with the images\n"
    "  --force         replace OUT.h5 if it is there\n"
    "\n"
    "What is kept are samples and names, not the files: tables of colours are expanded, samples "
    "of\n"
    "1, 2 or 4 bits become 8, and what else stands in the files (comments, profiles) is left out.\n"
    "\n"
    "example: h5prism collect scans scans.h5 --group\n";

/* ---- What there is ---- */

static bool same_shape(const tool_image *a, const tool_image *b) {
    return a->height == b->height && a->width == b->width && a->channels == b->channels &&
           a->type == b->type;
}

static bool find_kind(request *r, const tool_image *image, size_t *found) {
    for (*found = 0; *found < r->kind_count; ++*found)
        if (same_shape(&r->kinds[*found].stack.shape, image))
            return true;
    if (!tool_make_room(&r->kinds, &r->kind_room, r->kind_count, sizeof *r->kinds))
        return false;
    kind *k = &r->kinds[r->kind_count++];
    *k = (kind){.stack = {.shape = *image, .chunk_count = (size_t)r->frames}};
    k->stack.shape.samples = NULL;
    return true;
}

/* That of the file; with the number of the page in front of the ending if there are several. */
static char *name_of(const tool_page *page) {
    const char *name = strrchr(page->path, '/') + 1, *ending = strrchr(name, '.');
    const size_t size = strlen(name) + 24;
    char *text = malloc(size);
    const int digits = snprintf(NULL, 0, "%zu", page->count);
    if (text && page->count > 1)
        snprintf(text, size, "%.*s-%0*zu%s", (int)(ending - name), name, digits, page->number + 1,
                 ending);
    else if (text)
        snprintf(text, size, "%s", name);
    else
        tool_fail("out of memory");
    return text;
}

static bool note_page(void *data, const tool_page *page) {
    request *r = data;
    size_t found;
    if (tool_stack_type(page->image.type) < 0)
        return tool_fail("%s: its samples are %s, which a stack cannot hold", page->path,
                         prism_type_name(page->image.type));
    if (!find_kind(r, &page->image, &found) ||
        !tool_make_room(&r->all, &r->room, r->count, sizeof *r->all))
        return false;
    r->kinds[found].stack.count++;
    r->all[r->count] = (frame){.name = name_of(page), .kind = found};
    return r->all[r->count++].name;
}

/* All pages, of all images. */
static bool each_page(request *r, const char *what, bool samples, tool_page_visit visit) {
    bool done = true;
    r->next = 0;
    for (size_t i = 0; done && i < r->folder.count; i++) {
        char *path = tool_path(r->files[0], r->folder.names[i]);
        done = path && tool_pages_each(path, samples, visit, r);
        free(path);
        tool_progress(what, i + 1, r->folder.count);
    }
    return done;
}

static void name_kinds(request *r) {
    for (size_t i = 0; i < r->kind_count; i++) {
        kind *k = &r->kinds[i];
        const tool_image *s = &k->stack.shape;
        char channels[24] = "";
        if (s->channels > 1)
            snprintf(channels, sizeof channels, "x%zu", s->channels);
        if (r->kind_count == 1)
            snprintf(k->path, sizeof k->path, "%s", r->dataset);
        else
            snprintf(k->path, sizeof k->path, "%s_%zux%zu%s_%s", r->dataset, s->height, s->width,
                     channels, prism_type_name(s->type));
        k->stack.path = k->path;
    }
}

static bool scan(request *r) {
    if (!tool_folder_open(&r->folder, r->files[0]))
        return false;
    if (!r->folder.count)
        return tool_fail("%s: there are no PNG or TIFF files in it", r->files[0]);
    const bool done = each_page(r, "reading", false, note_page);
    name_kinds(r);
    return done;
}

/* ---- Into the file ---- */

static bool has_changed(const request *r, const tool_page *page, size_t number) {
    return number >= r->count ||
           !same_shape(&r->kinds[r->all[number].kind].stack.shape, &page->image);
}

/* Of the kind that is being written. */
static bool write_page(void *data, const tool_page *page) {
    request *r = data;
    const size_t number = r->next++;
    if (has_changed(r, page, number))
        return tool_fail("%s: it has changed meanwhile", page->path);
    return r->all[number].kind != r->only || tool_stack_add(&r->writer, page->image.samples);
}

static bool write_kind(request *r, hid_t file, size_t number) {
    const tool_stack *stack = &r->kinds[number].stack;
    r->only = number;
    bool done = tool_stack_create(&r->writer, file, stack, &r->options, (size_t)r->threads) &&
                each_page(r, "writing", true, write_page);
    return tool_stack_close(&r->writer, done);
}

static bool write_names(const request *r, hid_t file, size_t number) {
    const tool_stack *stack = &r->kinds[number].stack;
    const char **names = calloc(stack->count, sizeof *names);
    size_t count = 0;
    if (!names)
        return tool_fail("out of memory");
    for (size_t i = 0; i < r->count; i++)
        if (r->all[i].kind == number)
            names[count++] = r->all[i].name;
    const bool done = tool_names_write(file, stack->path, names, count);
    free(names);
    return done;
}

static bool write_all(request *r, const char *name) {
    hid_t file = H5Fcreate(name, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
    bool done = file >= 0 || tool_fail_library("%s cannot be created", name);
    for (size_t i = 0; done && i < r->kind_count; i++)
        done = write_kind(r, file, i) && write_names(r, file, i);
    if (file >= 0 && H5Fclose(file) < 0 && done)
        done = tool_fail_library("%s cannot be written", name);
    return done;
}

/* ---- Check ---- */

static bool check_page(void *data, const tool_page *page) {
    request *r = data;
    const size_t number = r->next++;
    if (has_changed(r, page, number))
        return tool_fail("%s: it has changed meanwhile", page->path);
    if (r->all[number].kind != r->only)
        return true;
    return tool_collected_read(&r->stack) &&
           (memcmp(r->stack.frame.samples, page->image.samples, tool_image_bytes(&page->image)) ==
                0 ||
            tool_fail("%s: it does not read as it was written", page->path));
}

/* The file is opened anew: what is compared is what came to the disk. */
static bool check(request *r, const char *name) {
    bool done = true;
    for (size_t i = 0; done && i < r->kind_count; i++) {
        const kind *k = &r->kinds[i];
        r->only = i;
        done = tool_collected_open(&r->stack, name, k->path, false) &&
               each_page(r, "checking", true, check_page);
        tool_collected_close(&r->stack);
    }
    return done;
}

/* ---- All of it ---- */

static void report(const request *r) {
    tool_progress_clear();
    for (size_t i = 0; i < r->kind_count; i++) {
        const tool_stack *s = &r->kinds[i].stack;
        printf("/%s: %zu frames, %zu x %zu x %zu %s\n", s->path, s->count, s->shape.height,
               s->shape.width, s->shape.channels, prism_type_name(s->shape.type));
    }
}

static bool write_file(request *r, const char *path, bool force) {
    tool_output output;
    if (!tool_output_begin(&output, path, r->files[0], force))
        return false;
    return tool_output_end(&output,
                           write_all(r, output.name) && (r->unchecked || check(r, output.name)));
}

/* Whether `group` takes such frames. */
static bool can_group(const tool_stack *s) {
    return prism_type_size(s->shape.type) <= 2 && s->shape.type <= PRISM_UINT64 && s->count > 1;
}

/* From file to file, one stack after the other; the last one is OUT. */
static bool group_all(request *r, char *names[2]) {
    size_t last = r->kind_count;
    bool done = true;
    while (last && !can_group(&r->kinds[last - 1].stack))
        last--;
    for (size_t i = 0, step = 0; done && i < last; i++)
        if (can_group(&r->kinds[i].stack)) {
            const tool_files files = {.input = names[step % 2],
                                      .output = i + 1 == last ? r->files[1] : names[(step + 1) % 2],
                                      .force = i + 1 < last || r->force,
                                      .unchecked = r->unchecked};
            tool_output_drop(files.input);
            done = tool_group_stack(&files, r->kinds[i].path, r->frames, r->options.effort);
            tool_output_drop(NULL);
            px_file_remove(files.input);
            step++;
        }
    return done;
}

static bool any_groupable(const request *r) {
    for (size_t i = 0; i < r->kind_count; i++)
        if (can_group(&r->kinds[i].stack))
            return true;
    return false;
}

static bool write_grouped(request *r) {
    char *names[2] = {malloc(strlen(r->files[1]) + 40), malloc(strlen(r->files[1]) + 40)};
    bool done = (names[0] && names[1]) || tool_fail("out of memory");
    for (int i = 0; done && i < 2; i++)
        sprintf(names[i], "%s.%ld.%d.collected", r->files[1], px_process_number(), i);
    done = done && tool_output_is_free(r->files[1], r->force) && write_file(r, names[0], false) &&
           group_all(r, names);
    for (int i = 0; i < 2; i++) {
        if (names[i])
            px_file_remove(names[i]);
        free(names[i]);
    }
    return done;
}

static bool run(request *r) {
    if (!scan(r))
        return false;
    const bool done =
        r->grouped && any_groupable(r) ? write_grouped(r) : write_file(r, r->files[1], r->force);
    if (done)
        report(r);
    return done;
}

static void free_request(request *r) {
    for (size_t i = 0; i < r->count; i++)
        free(r->all[i].name);
    free(r->all);
    free(r->kinds);
    tool_folder_close(&r->folder);
}

int tool_collect(int count, char **arguments) {
    request r = {.dataset = "images", .frames = DEFAULT_FRAMES, .threads = (long long)tool_cpus()};
    const tool_option options[] = {
        {"--dataset", TOOL_TEXT, &r.dataset, 0, 0},
        {"--group", TOOL_FLAG, &r.grouped, 0, 0},
        {"--frames", TOOL_NUMBER, &r.frames, 1, INT16_MAX},
        {"-j", TOOL_NUMBER, &r.threads, 1, TOOL_MOST_THREADS},
        {"--no-check", TOOL_FLAG, &r.unchecked, 0, 0},
        {"--force", TOOL_FLAG, &r.force, 0, 0},
        {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    int code;
    if (!tool_arguments_read(&(tool_arguments){help, options, r.files, 3, 1}, count, arguments,
                             &code))
        return code;
    r.dataset += strspn(r.dataset, "/");
    if (!*r.dataset || strlen(r.dataset) > 64)
        return tool_misused("--dataset: a name of up to 64 bytes is expected");
    if (!tool_is_hdf5_name(r.files[1]) || !tool_read_filter_options(&r.options, r.files[2]))
        return EXIT_USAGE;
    if (r.options.bound != PRISM_BOUND_NONE)
        return tool_misused("%s: what is collected is kept as it is",
                            prism_bound_name(r.options.bound));
    tool_library_start();
    const bool done = run(&r);
    free_request(&r);
    return done ? EXIT_DONE : EXIT_FAILED;
}
