/*
 * What stands for libjxl in a build without it (H5PRISM_JXL=OFF): chunks of coder jxl can be
 * inspected, and neither made nor decoded.
 */
#include "base/status.h"
#include "coders/jxl.h"

unsigned px_jxl_version(void) {
    return 0;
}

static prism_status unavailable(prism_error *error) {
    return px_fail(error, PRISM_E_UNAVAILABLE,
                   "coder jxl needs libjxl, and this library was built without it");
}

prism_status px_jxl_encode_image(const px_planes *planes, const px_jxl_task *task, px_buffer *image,
                                 prism_error *error) {
    (void)planes, (void)task, (void)image;
    return unavailable(error);
}

prism_status px_jxl_inspect_image(px_jxl_shape *shape, const uint8_t *image, size_t size,
                                  prism_error *error) {
    (void)shape, (void)image, (void)size;
    return unavailable(error);
}

prism_status px_jxl_decode_image(px_planes *planes, size_t first, const px_jxl_shape *shape,
                                 const uint8_t *image, size_t size, prism_error *error) {
    (void)planes, (void)first, (void)shape, (void)image, (void)size;
    return unavailable(error);
}

prism_status px_jxl_decode_lossy(px_planes *planes, size_t first, const px_jxl_shape *shape,
                                 const uint8_t *image, size_t size, bool coarse,
                                 prism_error *error) {
    (void)coarse;
    return px_jxl_decode_image(planes, first, shape, image, size, error);
}

prism_status px_jxl_coarse_size(size_t *bytes, const px_planes *planes, const px_jxl_shape *shape,
                                const uint8_t *image, size_t size, prism_error *error) {
    (void)bytes, (void)planes, (void)shape, (void)image, (void)size;
    return unavailable(error);
}

uint64_t px_jxl_memory(const px_planes *planes, size_t count) {
    (void)planes, (void)count;
    return 0;
}

uint64_t px_jxl_lossy_memory(const px_planes *planes, size_t count) {
    (void)planes, (void)count;
    return 0;
}
