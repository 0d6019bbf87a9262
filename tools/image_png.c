/* PNG by libpng, which comes back by longjmp where it fails: what must last is in a structure. */
#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/sizes.h"
#include "command.h"
#include "image.h"
#include "system/files.h"

typedef struct work {
    png_structp png;
    png_infop info;
    FILE *file;
    png_bytep *rows;
    uint8_t *samples;
    char reason[128];
} work;

static void keep_reason(png_structp png, png_const_charp message) {
    work *w = png_get_error_ptr(png);
    snprintf(w->reason, sizeof w->reason, "%s", message);
    png_longjmp(png, 1);
}

static void stay_silent(png_structp png, png_const_charp message) {
    (void)png, (void)message;
}

static bool make_rows(work *w, const tool_image *image) {
    const size_t bytes = tool_image_bytes(image) / image->height;
    w->rows = px_alloc(image->height, sizeof *w->rows);
    for (size_t y = 0; w->rows && y < image->height; y++)
        w->rows[y] = image->samples + y * bytes;
    return w->rows;
}

/* ---- Reading ---- */

static void set_expansion(work *w) {
    png_set_expand(w->png);
    png_set_interlace_handling(w->png);
    if (px_native_order() == PRISM_LITTLE_ENDIAN)
        png_set_swap(w->png);
    png_read_update_info(w->png, w->info);
}

static bool read_head(work *w, tool_image *image) {
    if (setjmp(png_jmpbuf(w->png)))
        return false;
    png_init_io(w->png, w->file);
    png_read_info(w->png, w->info);
    set_expansion(w);
    *image =
        (tool_image){.height = png_get_image_height(w->png, w->info),
                     .width = png_get_image_width(w->png, w->info),
                     .channels = png_get_channels(w->png, w->info),
                     .type = png_get_bit_depth(w->png, w->info) == 16 ? PRISM_UINT16 : PRISM_UINT8};
    return true;
}

static bool read_rows(work *w) {
    if (setjmp(png_jmpbuf(w->png)))
        return false;
    png_read_image(w->png, w->rows);
    png_read_end(w->png, NULL);
    return true;
}

static bool read_samples(work *w, tool_image *image) {
    image->samples = w->samples = px_alloc(tool_image_bytes(image), 1);
    if (w->samples && make_rows(w, image))
        return read_rows(w);
    snprintf(w->reason, sizeof w->reason, "out of memory for %zu bytes", tool_image_bytes(image));
    return false;
}

static bool open_reader(work *w, const char *path) {
    w->file = px_file_stream(path, false);
    if (!w->file)
        snprintf(w->reason, sizeof w->reason, "%s", strerror(errno));
    w->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, w, keep_reason, stay_silent);
    w->info = w->png ? png_create_info_struct(w->png) : NULL;
    return w->file && w->info;
}

bool tool_png_read(const char *path, bool samples, tool_page_visit visit, void *request) {
    work w = {.reason = "out of memory"};
    tool_page page = {.path = path, .count = 1};
    bool read = open_reader(&w, path) && read_head(&w, &page.image) &&
                (!samples || read_samples(&w, &page.image));
    const bool done = read ? visit(request, &page) : tool_fail("%s: %s", path, w.reason);
    png_destroy_read_struct(&w.png, &w.info, NULL);
    if (w.file)
        fclose(w.file);
    free(w.rows);
    free(w.samples);
    return done;
}

/* ---- Writing ---- */

static bool write_rows(work *w, const tool_image *image) {
    static const int kinds[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    if (setjmp(png_jmpbuf(w->png)))
        return false;
    png_init_io(w->png, w->file);
    png_set_IHDR(w->png, w->info, (png_uint_32)image->width, (png_uint_32)image->height,
                 image->type == PRISM_UINT16 ? 16 : 8, kinds[image->channels - 1],
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(w->png, w->info);
    if (image->type == PRISM_UINT16 && px_native_order() == PRISM_LITTLE_ENDIAN)
        png_set_swap(w->png);
    png_write_image(w->png, w->rows);
    png_write_end(w->png, NULL);
    return true;
}

static bool open_writer(work *w, const char *path) {
    w->file = px_file_stream(path, true);
    if (!w->file)
        snprintf(w->reason, sizeof w->reason, "%s", strerror(errno));
    w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, keep_reason, stay_silent);
    w->info = w->png ? png_create_info_struct(w->png) : NULL;
    return w->file && w->info;
}

bool tool_png_write(const tool_image *image, const char *path) {
    work w = {.reason = "out of memory"};
    bool done = open_writer(&w, path) && make_rows(&w, image) && write_rows(&w, image);
    if (w.file && ferror(w.file)) /* of which libpng says no more than that */
        snprintf(w.reason, sizeof w.reason, "%s", strerror(errno));
    png_destroy_write_struct(&w.png, &w.info);
    if (w.file && fclose(w.file) != 0 && done) {
        snprintf(w.reason, sizeof w.reason, "%s", strerror(errno));
        done = false;
    }
    free(w.rows);
    return done || tool_fail("%s cannot be written: %s", path, w.reason);
}
