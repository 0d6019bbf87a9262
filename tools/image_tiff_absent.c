/* What stands for libtiff in a build without it (H5PRISM_TIFF=OFF). */
#include "command.h"
#include "image.h"

static bool refuse(const char *path) {
    return tool_fail("%s: this h5prism is built without libtiff", path);
}

bool tool_tiff_is_there(void) {
    return false;
}

bool tool_tiff_read(const char *path, bool samples, tool_page_visit visit, void *request) {
    (void)samples, (void)visit, (void)request;
    return refuse(path);
}

bool tool_tiff_write(const tool_image *image, const char *path) {
    (void)image;
    return refuse(path);
}
