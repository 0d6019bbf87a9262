/*
 * h5prism extract: the frames of a stack as PNG or TIFF files, under the names that h5prism collect
 * has kept, or numbered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "collected.h"
#include "command.h"
#include "folder.h"
#include "links.h"
#include "system/files.h"

typedef struct request {
    const char *files[2], *dataset, *format;
    bool in_colour, unchecked;
    tool_collected stack;
    char **names; /* NULL: there are none */
    tool_new_folder folder;
} request;

static const char help[] =
    "usage: h5prism extract FILE FOLDER [--dataset PATH] [--format png|tiff] [--colour]\n"
    "                       [--no-check]\n"
    "\n"
    "Writes the frames of a stack as images into a new folder: a file for each place along the\n"
    "first axis, with the names that h5prism collect has kept, or with numbers. A stack is\n"
    "frames x height x width, or with up to 4 channels behind (grey, alpha, RGB, RGBA).\n"
    "\n"
    "  --dataset PATH   the stack; may be left out if there is one dataset\n"
    "  --format png     samples of uint8 and uint16\n"
    "  --format tiff    any integers, float32 and float64; compressed by deflate\n"
    "  --colour         a dataset of three axes is one image with channels\n"
    "  --no-check       do not read the images back and compare them with the dataset\n"
    "\n"
    "Without --format each file has the one of its name, and numbered ones are PNG where PNG "
    "holds\n"
    "such samples. FOLDER is there when all files are in it, and not before.\n"
    "\n"
    "example: h5prism extract scans.h5 scans\n";

/* ---- Names ---- */

static bool fits_png(prism_type type) {
    return type == PRISM_UINT8 || type == PRISM_UINT16;
}

static const char *ending_of(const request *r) {
    if (r->format)
        return strcmp(r->format, "png") == 0 ? ".png" : ".tif";
    return fits_png(r->stack.frame.type) ? ".png" : ".tif";
}

/* The last part of the dataset's path. */
static const char *stem_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_file_name(const char *name) {
    return *name && *name != '.' && !strchr(name, '/');
}

/* Of a frame's file: to be freed. NULL, with a message, if it has no name that a file may have. */
static char *name_of(const request *r, size_t number) {
    const char *kept = r->names ? r->names[number] : NULL;
    if (kept && !is_file_name(kept)) {
        tool_fail("frame %zu is called %s, which no file can be", number, kept);
        return NULL;
    }
    const char *stem = kept ? kept : stem_of(r->stack.source.path);
    const size_t size = strlen(stem) + 40;
    char *name = malloc(size);
    if (!name)
        tool_fail("out of memory");
    else if (kept && tool_is_image(kept) && !r->format)
        snprintf(name, size, "%s", kept);
    else if (kept)
        snprintf(name, size, "%.*s%s",
                 (int)(tool_is_image(kept) ? strrchr(kept, '.') - kept : (ptrdiff_t)strlen(kept)),
                 kept, ending_of(r));
    else if (r->stack.count > 1)
        snprintf(name, size, "%s-%0*zu%s", stem, snprintf(NULL, 0, "%zu", r->stack.count), number,
                 ending_of(r));
    else
        snprintf(name, size, "%s%s", stem, ending_of(r));
    return name;
}

/* ---- Files ---- */

static bool check_page(void *data, const tool_page *page) {
    const tool_image *frame = data;
    return (page->image.height == frame->height && page->image.width == frame->width &&
            page->image.channels == frame->channels && page->image.type == frame->type &&
            memcmp(page->image.samples, frame->samples, tool_image_bytes(frame)) == 0) ||
           tool_fail("%s: it does not read as it was written", page->path);
}

static bool write_file(const request *r, const char *path) {
    tool_image *frame = (tool_image *)(uintptr_t)&r->stack.frame;
    const char *obstacle = tool_image_obstacle(frame, path);
    if (obstacle)
        return tool_fail("%s: %s", path, obstacle);
    if (px_file_exists(path))
        return tool_fail("%s: two frames have this name", path);
    return tool_image_write(frame, path) &&
           (r->unchecked || tool_pages_each(path, true, check_page, frame));
}

static bool write_frame(request *r, size_t number) {
    char *name = name_of(r, number);
    char *path = name ? tool_path(r->folder.name, name) : NULL;
    const bool done = path && tool_collected_read(&r->stack) && write_file(r, path);
    free(path);
    free(name);
    return done;
}

static bool write_all(request *r) {
    bool done = true;
    for (size_t i = 0; done && i < r->stack.count; i++) {
        done = write_frame(r, i);
        if (tool_new_folder_stopped())
            done = tool_fail("interrupted, nothing is written");
        tool_progress("writing", i + 1, r->stack.count);
    }
    return done;
}

static bool run(request *r) {
    bool done = tool_collected_open(&r->stack, r->files[0], r->dataset, r->in_colour);
    if (done) {
        r->names = tool_names_read(&r->stack);
        done = tool_new_folder_begin(&r->folder, r->files[1]) && write_all(r);
        done = tool_new_folder_end(&r->folder, done);
    }
    if (done)
        printf("%s: %zu images from %s\n", r->files[1], r->stack.count, r->stack.source.path);
    tool_names_free(r->names, r->stack.count);
    tool_collected_close(&r->stack);
    return done;
}

int tool_extract(int count, char **arguments) {
    request r = {.dataset = NULL};
    const tool_option options[] = {
        {"--dataset", TOOL_TEXT, &r.dataset, 0, 0},
        {"--format", TOOL_TEXT, &r.format, 0, 0},
        {"--colour", TOOL_FLAG, &r.in_colour, 0, 0},
        {"--no-check", TOOL_FLAG, &r.unchecked, 0, 0},
        {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    int code;
    if (!tool_arguments_read(&(tool_arguments){help, options, r.files, 2, 0}, count, arguments,
                             &code))
        return code;
    if (r.format && strcmp(r.format, "png") != 0 && strcmp(r.format, "tiff") != 0)
        return tool_misused("--format %s: it is png or tiff", r.format);
    if (run(&r))
        return EXIT_DONE;
    return tool_new_folder_stopped() ? 128 + tool_new_folder_stopped() : EXIT_FAILED;
}
