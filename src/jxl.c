/*
 * coder=jxl: planes as multi-channel JPEG XL images (ISO/IEC 18181) by libjxl, losslessly: a grey
 * image whose extra channels are the further planes. An image holds up to IMAGE_PLANES planes; the
 * payload is one image after the other, each after its length.
 *
 * Samples are handed over as unsigned integers of 8 or 16 bits, the only depths that libjxl 0.7
 * does not rescale.
 */
#include <jxl/decode.h>
#include <jxl/encode.h>
#include <stdlib.h>

#include "stages.h"
#include "status.h"

enum { IMAGE_PLANES = 257, OUTPUT_STEP = 1 << 16, SMALL_PLANE = 4096 };

/* Frames of a stack that libjxl's trees may look at for the next one. */
enum { PLANES_BEFORE = 2 };

static JxlPixelFormat format_of(const px_planes *planes) {
    return (JxlPixelFormat){.num_channels = 1,
                            .data_type = planes->depth == 8 ? JXL_TYPE_UINT8 : JXL_TYPE_UINT16,
                            .endianness = JXL_NATIVE_ENDIAN};
}

static size_t image_planes(const px_planes *planes, size_t first) {
    size_t left = planes->count - first;
    return left < IMAGE_PLANES ? left : IMAGE_PLANES;
}

static void pack_plane(const px_planes *planes, size_t k, uint8_t *bytes) {
    const size_t size = px_plane_size(planes);
    const int16_t *samples = px_plane(planes, k);
    if (planes->depth == 8) {
        for (size_t p = 0; p < size; p++)
            bytes[p] = (uint8_t)(samples[p] + 0x80);
    } else {
        uint16_t *wide = (uint16_t *)(void *)bytes;
        for (size_t p = 0; p < size; p++)
            wide[p] = (uint16_t)(samples[p] + 0x8000);
    }
}

static void unpack_plane(px_planes *planes, size_t k, const uint8_t *bytes) {
    const size_t size = px_plane_size(planes);
    int16_t *samples = px_plane(planes, k);
    if (planes->depth == 8) {
        for (size_t p = 0; p < size; p++)
            samples[p] = (int16_t)(bytes[p] - 0x80);
    } else {
        const uint16_t *wide = (const uint16_t *)(const void *)bytes;
        for (size_t p = 0; p < size; p++)
            samples[p] = (int16_t)(wide[p] - 0x8000);
    }
}

/* ---- Encoding ---- */

static bool describe_image(JxlEncoder *encoder, const px_planes *planes, size_t count) {
    JxlBasicInfo info;
    JxlEncoderInitBasicInfo(&info);
    info.xsize = (uint32_t)planes->width;
    info.ysize = (uint32_t)planes->height;
    info.bits_per_sample = planes->depth;
    info.num_color_channels = 1;
    info.num_extra_channels = (uint32_t)(count - 1);
    info.uses_original_profile = JXL_TRUE;
    JxlColorEncoding grey;
    JxlColorEncodingSetToSRGB(&grey, JXL_TRUE);
    bool ok = JxlEncoderSetCodestreamLevel(encoder, 10) == JXL_ENC_SUCCESS &&
              JxlEncoderSetBasicInfo(encoder, &info) == JXL_ENC_SUCCESS &&
              JxlEncoderSetColorEncoding(encoder, &grey) == JXL_ENC_SUCCESS;
    for (uint32_t i = 0; ok && i + 1 < count; i++) {
        JxlExtraChannelInfo extra;
        JxlEncoderInitExtraChannelInfo(JXL_CHANNEL_OPTIONAL, &extra);
        extra.bits_per_sample = planes->depth;
        ok = JxlEncoderSetExtraChannelInfo(encoder, i, &extra) == JXL_ENC_SUCCESS;
    }
    return ok;
}

/* Efforts 8 and 9 of libjxl 0.7 end the process (JXL_DASSERT in enc_ans.cc) on some small images of
 * few values; the largest that was found had planes of 140 samples. */
static int safe_effort(const px_planes *planes, int effort) {
    const int safe = 7;
    return px_plane_size(planes) < SMALL_PLANE && effort > safe ? safe : effort;
}

static bool set_option(JxlEncoderFrameSettings *settings, JxlEncoderFrameSettingId option,
                       int value) {
    return JxlEncoderFrameSettingsSetOption(settings, option, value) == JXL_ENC_SUCCESS;
}

static bool add_planes(JxlEncoder *encoder, const px_planes *planes, size_t first, size_t count,
                       const px_pipeline *pipeline, uint8_t *bytes) {
    JxlEncoderFrameSettings *settings = JxlEncoderFrameSettingsCreate(encoder, NULL);
    const JxlPixelFormat format = format_of(planes);
    const size_t size = px_plane_bytes(planes);
    const int effort = safe_effort(planes, pipeline->effort);
    const int before = pipeline->transform == PRISM_TRANSFORM_STACK ? PLANES_BEFORE : 0;
    bool ok =
        settings && JxlEncoderSetFrameLossless(settings, JXL_TRUE) == JXL_ENC_SUCCESS &&
        set_option(settings, JXL_ENC_FRAME_SETTING_EFFORT, effort) &&
        (!before || set_option(settings, JXL_ENC_FRAME_SETTING_MODULAR_NB_PREV_CHANNELS, before));
    for (size_t i = 0; i < count; i++)
        pack_plane(planes, first + i, bytes + i * size);
    ok = ok && JxlEncoderAddImageFrame(settings, &format, bytes, size) == JXL_ENC_SUCCESS;
    for (size_t i = 1; ok && i < count; i++)
        ok = JxlEncoderSetExtraChannelBuffer(settings, &format, bytes + i * size, size,
                                             (uint32_t)(i - 1)) == JXL_ENC_SUCCESS;
    JxlEncoderCloseInput(encoder);
    return ok;
}

static bool collect_output(JxlEncoder *encoder, px_buffer *image) {
    JxlEncoderStatus status = JXL_ENC_NEED_MORE_OUTPUT;
    while (status == JXL_ENC_NEED_MORE_OUTPUT) {
        uint8_t *next = px_buffer_reserve(image, OUTPUT_STEP);
        size_t room = OUTPUT_STEP;
        if (!next)
            return false;
        status = JxlEncoderProcessOutput(encoder, &next, &room);
        image->size += OUTPUT_STEP - room;
    }
    return status == JXL_ENC_SUCCESS;
}

static prism_status encode_image(const px_planes *planes, size_t first, const px_pipeline *pipeline,
                                 px_buffer *payload, prism_error *error) {
    const size_t count = image_planes(planes, first);
    prism_status status = PRISM_OK;
    px_buffer image = {0};
    JxlEncoder *encoder = JxlEncoderCreate(NULL);
    uint8_t *bytes = malloc(count * px_plane_bytes(planes));
    if (!encoder || !bytes)
        status = px_out_of_memory(error, count * px_plane_bytes(planes));
    else if (!describe_image(encoder, planes, count) ||
             !add_planes(encoder, planes, first, count, pipeline, bytes) ||
             !collect_output(encoder, &image))
        status = px_fail(error, PRISM_E_INTERNAL,
                         "libjxl could not encode %zu planes of %zu x %zu (error %d)", count,
                         planes->height, planes->width, (int)JxlEncoderGetError(encoder));
    if (status == PRISM_OK) {
        px_put_varint(payload, image.size);
        px_put_bytes(payload, image.data, image.size);
    }
    free(bytes);
    px_buffer_free(&image);
    if (encoder)
        JxlEncoderDestroy(encoder);
    return status;
}

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, size_t limit,
                           px_buffer *parameters, px_buffer *payload, prism_error *error) {
    (void)parameters;
    prism_status status = PRISM_OK;
    size_t start = payload->size;
    for (size_t first = 0; first < planes->count && status == PRISM_OK; first += IMAGE_PLANES) {
        if (payload->size - start > limit)
            break;
        status = encode_image(planes, first, pipeline, payload, error);
    }
    return status;
}

/* ---- Decoding ---- */

static bool image_matches(JxlDecoder *decoder, const px_planes *planes, size_t count) {
    JxlBasicInfo info;
    if (JxlDecoderGetBasicInfo(decoder, &info) != JXL_DEC_SUCCESS)
        return false;
    bool same = info.xsize == planes->width && info.ysize == planes->height &&
                info.bits_per_sample == planes->depth && info.num_color_channels == 1 &&
                info.num_extra_channels == count - 1 && !info.have_animation;
    for (uint32_t i = 0; same && i < info.num_extra_channels; i++) {
        JxlExtraChannelInfo extra;
        same = JxlDecoderGetExtraChannelInfo(decoder, i, &extra) == JXL_DEC_SUCCESS &&
               extra.bits_per_sample == planes->depth && extra.dim_shift == 0;
    }
    return same;
}

static bool set_buffers(JxlDecoder *decoder, const px_planes *planes, size_t count,
                        uint8_t *bytes) {
    const JxlPixelFormat format = format_of(planes);
    const size_t size = px_plane_bytes(planes);
    bool ok = JxlDecoderSetImageOutBuffer(decoder, &format, bytes, size) == JXL_DEC_SUCCESS;
    for (size_t i = 1; ok && i < count; i++)
        ok = JxlDecoderSetExtraChannelBuffer(decoder, &format, bytes + i * size, size,
                                             (uint32_t)(i - 1)) == JXL_DEC_SUCCESS;
    return ok;
}

/* Goes through the decoder's events; true once one whole image of the right kind is in `bytes`. The
 * input is not closed, since libjxl prints to stderr if it ends too early after that. */
static bool run_decoder(JxlDecoder *decoder, const px_planes *planes, size_t count,
                        uint8_t *bytes) {
    bool complete = false;
    for (;;) {
        switch (JxlDecoderProcessInput(decoder)) {
        case JXL_DEC_BASIC_INFO:
            if (!image_matches(decoder, planes, count))
                return false;
            break;
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER:
            if (!set_buffers(decoder, planes, count, bytes))
                return false;
            break;
        case JXL_DEC_FULL_IMAGE:
            complete = true;
            break;
        case JXL_DEC_SUCCESS:
            return complete;
        default:
            return false;
        }
    }
}

static prism_status decode_image(px_planes *planes, size_t first, const uint8_t *image,
                                 size_t image_size, prism_error *error) {
    const size_t count = image_planes(planes, first), size = px_plane_bytes(planes);
    prism_status status = PRISM_OK;
    JxlDecoder *decoder = JxlDecoderCreate(NULL);
    uint8_t *bytes = malloc(count * size);
    if (!decoder || !bytes) {
        status = px_out_of_memory(error, count * size);
    } else {
        JxlSignature signature = JxlSignatureCheck(image, image_size);
        bool ok = (signature == JXL_SIG_CODESTREAM || signature == JXL_SIG_CONTAINER) &&
                  JxlDecoderSubscribeEvents(decoder, JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE) ==
                      JXL_DEC_SUCCESS &&
                  JxlDecoderSetInput(decoder, image, image_size) == JXL_DEC_SUCCESS;
        if (!ok || !run_decoder(decoder, planes, count, bytes))
            status = px_fail(error, PRISM_E_CORRUPT,
                             "libjxl could not decode planes %zu..%zu of the chunk", first,
                             first + count - 1);
    }
    for (size_t i = 0; i < count && status == PRISM_OK; i++)
        unpack_plane(planes, first + i, bytes + i * size);
    free(bytes);
    if (decoder)
        JxlDecoderDestroy(decoder);
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, int threads, prism_error *error) {
    (void)pipeline, (void)parameters, (void)threads;
    for (size_t first = 0; first < planes->count; first += IMAGE_PLANES) {
        uint64_t size = px_get_varint(payload);
        const uint8_t *image = size <= SIZE_MAX ? px_get_bytes(payload, (size_t)size) : NULL;
        if (payload->failed || !image)
            return px_fail(error, PRISM_E_CORRUPT, "a JPEG XL image is longer than the payload");
        prism_status status = decode_image(planes, first, image, (size_t)size, error);
        if (status != PRISM_OK)
            return status;
    }
    return px_reader_left(payload)
               ? px_fail(error, PRISM_E_CORRUPT, "bytes after the last JPEG XL image")
               : PRISM_OK;
}

const px_coder_stage px_jxl = {false, encode, decode};
