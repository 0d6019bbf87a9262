/*
 * Planes as JPEG XL images by libjxl.
 *
 * Samples are handed over as unsigned integers of 8 or 16 bits, the only depths that libjxl 0.7
 * does not rescale.
 */
#include "coders/jxl.h"

#include <jxl/decode.h>
#include <jxl/encode.h>
#include <stdlib.h>

#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"

unsigned px_jxl_version(void) {
    return JxlDecoderVersion();
}

enum { OUTPUT_STEP = 1 << 16, SMALL_PLANE = 4096 };

static JxlPixelFormat format_of(const px_planes *planes, size_t channels) {
    return (JxlPixelFormat){.num_channels = (uint32_t)channels,
                            .data_type = planes->depth == 8 ? JXL_TYPE_UINT8 : JXL_TYPE_UINT16,
                            .endianness = JXL_NATIVE_ENDIAN};
}

/* To and from every `step`-th sample of `bytes`. */
static void pack_plane(const px_planes *planes, size_t k, uint8_t *bytes, size_t step) {
    const size_t size = px_plane_size(planes);
    const int16_t *samples = px_plane(planes, k);
    if (planes->depth == 8) {
        for (size_t p = 0; p < size; p++)
            bytes[p * step] = (uint8_t)(samples[p] + 0x80);
    } else {
        uint16_t *wide = (uint16_t *)(void *)bytes;
        for (size_t p = 0; p < size; p++)
            wide[p * step] = (uint16_t)(samples[p] + 0x8000);
    }
}

static void unpack_plane(px_planes *planes, size_t k, const uint8_t *bytes, size_t step) {
    const size_t size = px_plane_size(planes);
    int16_t *samples = px_plane(planes, k);
    if (planes->depth == 8) {
        for (size_t p = 0; p < size; p++)
            samples[p] = (int16_t)(bytes[p * step] - 0x80);
    } else {
        const uint16_t *wide = (const uint16_t *)(const void *)bytes;
        for (size_t p = 0; p < size; p++)
            samples[p] = (int16_t)(wide[p * step] - 0x8000);
    }
}

/* Where plane i of an image lies, and how far apart its samples are: colours are interleaved, extra
 * channels follow. */
static uint8_t *buffer_of(uint8_t *bytes, const px_planes *planes, size_t i, size_t colours,
                          size_t *step) {
    *step = i < colours ? colours : 1;
    return bytes + i * (i < colours ? planes->depth / 8 : px_plane_bytes(planes));
}

/*
 * What libjxl 0.7 takes for an image of such planes, from above: found by counting on planes of 1 x
 * 1 to 2048 x 2048 samples, 1 to 257 of them, at all efforts. It works on groups of 256 x 256
 * samples, which is most of what small images take. It asks a memory manager for its handles only,
 * and ends the process where it finds no memory for the rest: so there has to be some before.
 */
typedef struct burden {
    uint64_t image, plane, sample; /* bytes of each */
} burden;

static const burden of_decoding[2] = {{2 << 20, 400 << 10, 20}, {2 << 20, 400 << 10, 32}};
static const burden of_encoding[2] = {{8 << 20, 400 << 10, 48}, {8 << 20, 400 << 10, 64}};

/* Lossy images are three channels of floats whatever the colours: `image` and `sample` count once
 * for all planes. Found in the same way, on images of 64 x 64 to 2048 x 2048. */
static const burden of_lossy_decoding[2] = {{6 << 20, 0, 24}, {6 << 20, 0, 24}};
static const burden of_lossy_encoding[2] = {{64 << 20, 0, 140}, {64 << 20, 0, 140}};

static uint64_t library_memory(const burden burdens[2], const px_planes *planes, size_t count) {
    enum { ROW_PADS = 32 }; /* samples */
    const burden *b = &burdens[planes->depth > 8];
    const uint64_t plane = planes->height * ((uint64_t)planes->width + ROW_PADS) * b->sample;
    return b->image + count * (b->plane + plane);
}

/* Whether there is so much memory now. */
static bool is_there(uint64_t bytes) {
    void *probe = bytes < SIZE_MAX ? malloc((size_t)bytes) : NULL;
    free(probe);
    return probe != NULL;
}

/* ---- Encoding ---- */

static bool describe_image(JxlEncoder *encoder, const px_planes *planes, const px_jxl_task *task) {
    JxlBasicInfo info;
    JxlEncoderInitBasicInfo(&info);
    info.xsize = (uint32_t)planes->width;
    info.ysize = (uint32_t)planes->height;
    info.bits_per_sample = planes->depth;
    info.num_color_channels = (uint32_t)task->colours;
    info.num_extra_channels = (uint32_t)task->extras;
    info.uses_original_profile = task->distance > 0 ? JXL_FALSE : JXL_TRUE; /* else as XYB */
    JxlColorEncoding colours;
    JxlColorEncodingSetToSRGB(&colours, task->colours == 1);
    bool ok = JxlEncoderSetCodestreamLevel(encoder, 10) == JXL_ENC_SUCCESS &&
              JxlEncoderSetBasicInfo(encoder, &info) == JXL_ENC_SUCCESS &&
              JxlEncoderSetColorEncoding(encoder, &colours) == JXL_ENC_SUCCESS;
    for (uint32_t i = 0; ok && i < task->extras; i++) {
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
    return px_plane_size(planes) < SMALL_PLANE ? px_efforts.jxl_small[effort] : effort;
}

static bool set_option(JxlEncoderFrameSettings *settings, JxlEncoderFrameSettingId option,
                       int value) {
    return JxlEncoderFrameSettingsSetOption(settings, option, value) == JXL_ENC_SUCCESS;
}

static bool set_loss(JxlEncoderFrameSettings *settings, float distance) {
    return (distance > 0 ? JxlEncoderSetFrameDistance(settings, distance)
                         : JxlEncoderSetFrameLossless(settings, JXL_TRUE)) == JXL_ENC_SUCCESS;
}

static bool add_planes(JxlEncoder *encoder, const px_planes *planes, const px_jxl_task *task,
                       uint8_t *bytes) {
    JxlEncoderFrameSettings *settings = JxlEncoderFrameSettingsCreate(encoder, NULL);
    const JxlPixelFormat format = format_of(planes, task->colours), extra = format_of(planes, 1);
    const size_t size = px_plane_bytes(planes), colours = task->colours;
    const int before = task->planes_before;
    bool ok =
        settings && set_loss(settings, task->distance) &&
        set_option(settings, JXL_ENC_FRAME_SETTING_EFFORT, safe_effort(planes, task->effort)) &&
        (!before || set_option(settings, JXL_ENC_FRAME_SETTING_MODULAR_NB_PREV_CHANNELS, before));
    for (size_t i = 0, step; i < colours + task->extras; i++) {
        uint8_t *buffer = buffer_of(bytes, planes, i, colours, &step);
        pack_plane(planes, task->first + i, buffer, step);
    }
    ok = ok && JxlEncoderAddImageFrame(settings, &format, bytes, colours * size) == JXL_ENC_SUCCESS;
    for (size_t i = 0; ok && i < task->extras; i++)
        ok = JxlEncoderSetExtraChannelBuffer(settings, &extra, bytes + (colours + i) * size, size,
                                             (uint32_t)i) == JXL_ENC_SUCCESS;
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

prism_status px_jxl_encode_image(const px_planes *planes, const px_jxl_task *task, px_buffer *image,
                                 prism_error *error) {
    const size_t count = task->colours + task->extras, size = count * px_plane_bytes(planes);
    const uint64_t once = task->distance > 0 ? library_memory(of_lossy_encoding, planes, 1)
                                             : library_memory(of_encoding, planes, count);
    const uint64_t within = once * (uint64_t)px_efforts.jxl_memory[task->effort];
    prism_status status = PRISM_OK;
    if (!is_there(within + size))
        return px_out_of_memory(error, (size_t)within);
    JxlEncoder *encoder = JxlEncoderCreate(NULL);
    uint8_t *bytes = malloc(size);
    if (!encoder || !bytes)
        status = px_out_of_memory(error, size);
    else if (!describe_image(encoder, planes, task) || !add_planes(encoder, planes, task, bytes) ||
             !collect_output(encoder, image))
        status = image->failed
                     ? px_out_of_memory(error, image->size + OUTPUT_STEP)
                     : px_fail(error, PRISM_E_INTERNAL,
                               "libjxl could not encode %zu planes of %zu x %zu (error %d)", count,
                               planes->height, planes->width, (int)JxlEncoderGetError(encoder));
    free(bytes);
    if (encoder)
        JxlEncoderDestroy(encoder);
    return status;
}

/* ---- Decoding ---- */

/* False for what px_jxl_inspect_image refuses. */
static bool read_shape(px_jxl_shape *shape, const JxlDecoder *decoder) {
    JxlBasicInfo info;
    if (JxlDecoderGetBasicInfo(decoder, &info) != JXL_DEC_SUCCESS)
        return false;
    *shape = (px_jxl_shape){info.xsize, info.ysize, info.num_color_channels,
                            info.num_extra_channels, info.bits_per_sample};
    bool known = (shape->depth == 8 || shape->depth == 16) && !info.exponent_bits_per_sample &&
                 (shape->colours == 1 || shape->colours == 3) && !info.have_animation;
    for (uint32_t i = 0; known && i < info.num_extra_channels; i++) {
        JxlExtraChannelInfo extra;
        known = JxlDecoderGetExtraChannelInfo(decoder, i, &extra) == JXL_DEC_SUCCESS &&
                extra.bits_per_sample == shape->depth && !extra.exponent_bits_per_sample &&
                extra.dim_shift == 0;
    }
    return known;
}

static bool image_matches(const JxlDecoder *decoder, const px_jxl_shape *expected) {
    px_jxl_shape shape;
    return read_shape(&shape, decoder) && shape.width == expected->width &&
           shape.height == expected->height && shape.depth == expected->depth &&
           shape.colours == expected->colours && shape.extras == expected->extras;
}

/* Colours interleaved, then extra channels. */
static bool set_buffers(JxlDecoder *decoder, const px_planes *planes, const px_jxl_shape *shape,
                        uint8_t *bytes) {
    const JxlPixelFormat format = format_of(planes, shape->colours), extra = format_of(planes, 1);
    const size_t size = px_plane_bytes(planes);
    bool ok = JxlDecoderSetImageOutBuffer(decoder, &format, bytes, shape->colours * size) ==
              JXL_DEC_SUCCESS;
    for (size_t i = 0; ok && i < shape->extras; i++)
        ok = JxlDecoderSetExtraChannelBuffer(decoder, &extra, bytes + (shape->colours + i) * size,
                                             size, (uint32_t)i) == JXL_DEC_SUCCESS;
    return ok;
}

/* Goes through the decoder's events; true once one whole image of the right kind is in `bytes`, or
 * its low frequencies, where the decoder was told to stop there. The input is not closed, since
 * libjxl prints to stderr if it ends too early after that. */
static bool run_decoder(JxlDecoder *decoder, const px_planes *planes, const px_jxl_shape *shape,
                        uint8_t *bytes, bool coarse) {
    bool complete = false;
    for (;;) {
        switch (JxlDecoderProcessInput(decoder)) {
        case JXL_DEC_BASIC_INFO:
            if (!image_matches(decoder, shape))
                return false;
            break;
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER:
            if (!set_buffers(decoder, planes, shape, bytes))
                return false;
            break;
        case JXL_DEC_FRAME_PROGRESSION:
        case JXL_DEC_NEED_MORE_INPUT: /* another version may say less often how far it is */
            return coarse && JxlDecoderFlushImage(decoder) == JXL_DEC_SUCCESS;
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

static bool open_image(JxlDecoder *decoder, int events, const uint8_t *image, size_t size) {
    const JxlSignature signature = JxlSignatureCheck(image, size);
    return (signature == JXL_SIG_CODESTREAM || signature == JXL_SIG_CONTAINER) &&
           JxlDecoderSubscribeEvents(decoder, events) == JXL_DEC_SUCCESS &&
           JxlDecoderSetKeepOrientation(decoder, JXL_TRUE) == JXL_DEC_SUCCESS &&
           JxlDecoderSetInput(decoder, image, size) == JXL_DEC_SUCCESS;
}

prism_status px_jxl_inspect_image(px_jxl_shape *shape, const uint8_t *image, size_t size,
                                  prism_error *error) {
    prism_status status = PRISM_OK;
    JxlDecoder *decoder = JxlDecoderCreate(NULL);
    if (!decoder)
        return px_out_of_memory(error, size);
    if (!open_image(decoder, JXL_DEC_BASIC_INFO, image, size) ||
        JxlDecoderProcessInput(decoder) != JXL_DEC_BASIC_INFO)
        status = px_fail(error, PRISM_E_CORRUPT, "it is not a JPEG XL image");
    else if (!read_shape(shape, decoder))
        status = px_fail(error, PRISM_E_TYPE,
                         "the JPEG XL image is not of 8 or 16 bit integers at full resolution, or "
                         "it moves");
    JxlDecoderDestroy(decoder);
    return status;
}

typedef struct decoding {
    bool is_lossy, coarse; /* coarse: stops at the low frequencies */
} decoding;

static prism_status decode_image(px_planes *planes, size_t first, const px_jxl_shape *shape,
                                 const uint8_t *image, size_t image_size, const decoding *d,
                                 prism_error *error) {
    const size_t count = shape->colours + shape->extras, size = px_plane_bytes(planes);
    const uint64_t within = d->is_lossy ? library_memory(of_lossy_decoding, planes, 1)
                                        : library_memory(of_decoding, planes, count);
    const int events =
        JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE | (d->coarse ? JXL_DEC_FRAME_PROGRESSION : 0);
    prism_status status = PRISM_OK;
    if (!is_there(within + count * size))
        return px_out_of_memory(error, (size_t)within);
    JxlDecoder *decoder = JxlDecoderCreate(NULL);
    uint8_t *bytes = px_alloc(count, size);
    if (!decoder || !bytes)
        status = px_out_of_memory(error, px_product(count, size));
    else if (!open_image(decoder, events, image, image_size) ||
             (d->coarse && JxlDecoderSetProgressiveDetail(decoder, kDC) != JXL_DEC_SUCCESS) ||
             !run_decoder(decoder, planes, shape, bytes, d->coarse))
        status =
            px_fail(error, PRISM_E_CORRUPT, "libjxl could not decode planes %zu..%zu of the chunk",
                    first, first + count - 1);
    for (size_t i = 0, step; i < count && status == PRISM_OK; i++) {
        const uint8_t *buffer = buffer_of(bytes, planes, i, shape->colours, &step);
        unpack_plane(planes, first + i, buffer, step);
    }
    free(bytes);
    if (decoder)
        JxlDecoderDestroy(decoder);
    return status;
}

prism_status px_jxl_decode_image(px_planes *planes, size_t first, const px_jxl_shape *shape,
                                 const uint8_t *image, size_t image_size, prism_error *error) {
    return decode_image(planes, first, shape, image, image_size, &(decoding){false, false}, error);
}

prism_status px_jxl_decode_lossy(px_planes *planes, size_t first, const px_jxl_shape *shape,
                                 const uint8_t *image, size_t image_size, bool coarse,
                                 prism_error *error) {
    const decoding d = {true, coarse};
    return decode_image(planes, first, shape, image, image_size, &d, error);
}

/* The image is handed over bit by bit, until libjxl has the low frequencies. */
static size_t find_coarse(JxlDecoder *decoder, const px_planes *planes, const px_jxl_shape *shape,
                          const uint8_t *image, size_t size, uint8_t *pixels) {
    enum { STEPS = 128 };
    size_t used = 0, given = 0;
    for (;;) {
        const size_t more = size / STEPS + 1;
        given = size - given < more ? size : given + more;
        if (JxlDecoderSetInput(decoder, image + used, given - used) != JXL_DEC_SUCCESS)
            return 0;
        JxlDecoderStatus event = JxlDecoderProcessInput(decoder);
        if (event == JXL_DEC_NEED_IMAGE_OUT_BUFFER && set_buffers(decoder, planes, shape, pixels))
            event = JxlDecoderProcessInput(decoder);
        if (event == JXL_DEC_FRAME_PROGRESSION)
            return given;
        if (event != JXL_DEC_NEED_MORE_INPUT || given == size)
            return 0;
        used = given - JxlDecoderReleaseInput(decoder);
    }
}

prism_status px_jxl_coarse_size(size_t *bytes, const px_planes *planes, const px_jxl_shape *shape,
                                const uint8_t *image, size_t size, prism_error *error) {
    const size_t room = px_product(shape->colours, px_plane_bytes(planes));
    *bytes = 0;
    if (!is_there(library_memory(of_lossy_decoding, planes, 1) + room))
        return px_out_of_memory(error, room);
    JxlDecoder *decoder = JxlDecoderCreate(NULL);
    uint8_t *pixels = px_alloc(room);
    const bool ready = decoder && pixels;
    if (ready &&
        JxlDecoderSubscribeEvents(decoder, JXL_DEC_FRAME_PROGRESSION | JXL_DEC_FULL_IMAGE) ==
            JXL_DEC_SUCCESS &&
        JxlDecoderSetProgressiveDetail(decoder, kDC) == JXL_DEC_SUCCESS)
        *bytes = find_coarse(decoder, planes, shape, image, size, pixels);
    free(pixels);
    if (decoder)
        JxlDecoderDestroy(decoder);
    return ready ? PRISM_OK : px_out_of_memory(error, room);
}

uint64_t px_jxl_lossy_memory(const px_planes *planes, size_t count) {
    return library_memory(of_lossy_decoding, planes, 1) + count * (uint64_t)px_plane_bytes(planes);
}

uint64_t px_jxl_memory(const px_planes *planes, size_t count) {
    return library_memory(of_decoding, planes, count) + count * (uint64_t)px_plane_bytes(planes);
}
