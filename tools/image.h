/* Images in files as arrays of samples: PNG, and TIFF where libtiff is built in. */
#ifndef TOOL_IMAGE_H
#define TOOL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prism.h"

typedef struct tool_image {
    size_t height, width, channels; /* 1: grey, 2: grey and alpha, 3: RGB, 4: RGB and alpha */
    prism_type type;                /* of the samples, in the machine's byte order */
    uint8_t *samples;               /* [height][width][channels] */
} tool_image;

size_t tool_image_bytes(const tool_image *image);

/* Whether its name says that the file is an image which can be read. */
bool tool_is_image(const char *path);

/* A page of a file. image->samples, unless they were not wanted, are the file's until the visit
 * ends. */
typedef struct tool_page {
    const char *path;
    size_t number, count; /* of a PNG: 0 of 1 */
    tool_image image;
} tool_page;

typedef bool (*tool_page_visit)(void *request, const tool_page *page);

/* Visits the pages in their order. What is stored in fewer than 8 bits, or by a table of colours,
 * is expanded; of bilevel and grey images 0 is black. False if a visit is, or, with a message, if
 * the file cannot be read. */
bool tool_pages_each(const char *path, bool samples, tool_page_visit visit, void *request);

/* NULL, or why a file of that name cannot hold such an image. */
const char *tool_image_obstacle(const tool_image *image, const char *path);

/* False, with a message, if it cannot be written. */
bool tool_image_write(const tool_image *image, const char *path);

/* ---- Formats: image_png.c, image_tiff.c ---- */

bool tool_png_read(const char *path, bool samples, tool_page_visit visit, void *request);
bool tool_png_write(const tool_image *image, const char *path);
bool tool_tiff_is_there(void);
bool tool_tiff_read(const char *path, bool samples, tool_page_visit visit, void *request);
bool tool_tiff_write(const tool_image *image, const char *path);

#endif
