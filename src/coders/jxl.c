/*
 * coder=jxl: planes as multi-channel JPEG XL images (ISO/IEC 18181), losslessly: a grey image whose
 * extra channels are the further planes. An image holds up to PX_JXL_PLANES planes; the payload is
 * one image after the other, each after its length. Lossy images, of lossy/distance.c, have one
 * plane or three colours.
 */
#include "coders/jxl.h"

#include "base/status.h"

/* Frames of a stack that libjxl's trees may look at for the next one. */
enum { PLANES_BEFORE = 2 };

static size_t image_planes(const px_planes *planes, size_t first) {
    size_t left = planes->count - first;
    return left < PX_JXL_PLANES ? left : PX_JXL_PLANES;
}

static prism_status encode(const px_planes *planes, const px_task *task, px_coded *out,
                           prism_error *error) {
    const bool stack = task->pipeline.transform == PRISM_TRANSFORM_STACK;
    px_jxl_task images = {
        .colours = 1, .effort = task->effort, .planes_before = stack ? PLANES_BEFORE : 0};
    px_buffer *payload = &out->sections.payload;
    prism_status status = PRISM_OK;
    for (size_t first = 0; first < planes->count && status == PRISM_OK; first += PX_JXL_PLANES) {
        if (payload->size > task->limit)
            break;
        px_buffer image = {0};
        images.first = first;
        images.extras = image_planes(planes, first) - 1;
        status = px_jxl_encode_image(planes, &images, &image, error);
        if (status == PRISM_OK)
            px_put_sized(payload, image.data, image.size);
        px_buffer_free(&image);
    }
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)pipeline, (void)parameters, (void)request;
    for (size_t first = 0; first < planes->count; first += PX_JXL_PLANES) {
        const size_t size = px_get_size(payload);
        const uint8_t *image = px_get_bytes(payload, size);
        if (!image)
            return px_fail(error, PRISM_E_CORRUPT, "a JPEG XL image is longer than the payload");
        const px_jxl_shape shape = {planes->width, planes->height, 1,
                                    image_planes(planes, first) - 1, planes->depth};
        prism_status status = px_jxl_decode_image(planes, first, &shape, image, size, error);
        if (status != PRISM_OK)
            return status;
    }
    return px_reader_left(payload)
               ? px_fail(error, PRISM_E_CORRUPT, "bytes after the last JPEG XL image")
               : PRISM_OK;
}

const uint8_t *px_jxl_only_image(px_reader payload, size_t *size) {
    *size = px_get_size(&payload);
    const uint8_t *image = px_get_bytes(&payload, *size);
    return px_reader_left(&payload) ? NULL : image;
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    (void)pipeline, (void)parameters, (void)payload_size;
    const size_t count = image_planes(planes, 0); /* of the first image, the largest */
    return px_jxl_memory(planes, count);
}

const px_coder_stage px_jxl = {.encode = encode, .decode = decode, .decode_memory = decode_memory};
