#include "image.h"

#include "arguments.h"
#include "base/sizes.h"
#include "command.h"

size_t tool_image_bytes(const tool_image *image) {
    return px_product(image->height, image->width, image->channels, prism_type_size(image->type));
}

static bool is_tiff(const char *path) {
    return tool_has_ending(path, ".tif") || tool_has_ending(path, ".tiff");
}

bool tool_is_image(const char *path) {
    return tool_has_ending(path, ".png") || is_tiff(path);
}

bool tool_pages_each(const char *path, bool samples, tool_page_visit visit, void *request) {
    if (is_tiff(path))
        return tool_tiff_read(path, samples, visit, request);
    return tool_png_read(path, samples, visit, request);
}

const char *tool_image_obstacle(const tool_image *image, const char *path) {
    if (is_tiff(path))
        return tool_tiff_is_there() ? NULL : "this h5prism is built without libtiff";
    if (!tool_has_ending(path, ".png"))
        return "its name ends in .png, .tif or .tiff";
    const bool fits = image->type == PRISM_UINT8 || image->type == PRISM_UINT16;
    return fits ? NULL : "PNG holds uint8 and uint16 only: --format tiff";
}

bool tool_image_write(const tool_image *image, const char *path) {
    return is_tiff(path) ? tool_tiff_write(image, path) : tool_png_write(image, path);
}
