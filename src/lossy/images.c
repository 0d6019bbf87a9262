#include "lossy/images.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/jxl.h"

static px_jxl_shape shape_of(const px_planes *planes, const px_images *images) {
    return (px_jxl_shape){planes->width, planes->height, images->colours, 0, planes->depth};
}

/* ---- Encoding ---- */

/* All images, and where each and its beginning end. */
typedef struct coded_images {
    px_buffer bytes;
    size_t count;
    size_t *sizes, *beginnings; /* [count] of them; owned */
} coded_images;

static void coded_free(coded_images *c) {
    px_buffer_free(&c->bytes);
    free(c->sizes);
    free(c->beginnings);
}

static prism_status add_image(coded_images *c, const px_planes *planes, const px_images *images,
                              const px_jxl_task *task, prism_error *error) {
    px_buffer image = {0};
    const px_jxl_shape shape = shape_of(planes, images);
    prism_status status = px_jxl_encode_image(planes, task, &image, error);
    if (status == PRISM_OK)
        status = px_jxl_coarse_size(&c->beginnings[c->count], planes, &shape, image.data,
                                    image.size, error);
    if (status == PRISM_OK) {
        c->sizes[c->count++] = image.size;
        px_put_bytes(&c->bytes, image.data, image.size);
        status = px_buffer_status(&c->bytes, error);
    }
    px_buffer_free(&image);
    return status;
}

/* Whether beginnings are there, and less than all. */
static bool pays(const coded_images *c) {
    size_t beginnings = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!c->beginnings[i])
            return false;
        beginnings += c->beginnings[i];
    }
    return beginnings < c->bytes.size;
}

static void write_plain(px_buffer *out, const coded_images *c) {
    const uint8_t *from = c->bytes.data;
    for (size_t i = 0; i < c->count; from += c->sizes[i], i++)
        px_put_sized(out, from, c->sizes[i]);
}

static void write_parted(px_coded *coded, const coded_images *c) {
    px_buffer *out = &coded->sections.payload;
    const uint8_t *from = c->bytes.data;
    for (size_t i = 0; i < c->count; i++) {
        px_put_varint(out, c->beginnings[i]);
        px_put_varint(out, c->sizes[i] - c->beginnings[i]);
    }
    for (size_t i = 0; i < c->count; from += c->sizes[i], i++)
        px_put_bytes(out, from, c->beginnings[i]);
    coded->ends[PX_COARSE - 1] = out->size;
    from = c->bytes.data;
    for (size_t i = 0; i < c->count; from += c->sizes[i], i++)
        px_put_bytes(out, from + c->beginnings[i], c->sizes[i] - c->beginnings[i]);
}

prism_status px_images_encode(px_images *images, px_coded *coded, const px_planes *planes,
                              int effort, float distance, size_t limit, prism_error *error) {
    const size_t count = planes->count / images->colours;
    coded_images c = {.sizes = px_alloc(count, sizeof *c.sizes),
                      .beginnings = px_alloc(count, sizeof *c.beginnings)};
    px_jxl_task task = {.colours = images->colours, .effort = effort, .distance = distance};
    prism_status status =
        c.sizes && c.beginnings ? PRISM_OK : px_out_of_memory(error, px_product(count, 16));
    for (; c.count < count && status == PRISM_OK && c.bytes.size <= limit;
         task.first += images->colours)
        status = add_image(&c, planes, images, &task, error);
    images->parted = status == PRISM_OK && pays(&c);
    if (status == PRISM_OK && images->parted)
        write_parted(coded, &c);
    else if (status == PRISM_OK)
        write_plain(&coded->sections.payload, &c);
    coded_free(&c);
    return status;
}

/* ---- Decoding ---- */

typedef struct piece {
    const uint8_t *bytes;
    size_t size;
} piece;

static prism_status fail_long(prism_error *error) {
    return px_fail(error, PRISM_E_CORRUPT, "a JPEG XL image is longer than the payload");
}

static piece next_piece(px_reader *in, size_t size) {
    const uint8_t *bytes = px_get_bytes(in, size);
    return (piece){bytes, bytes ? size : 0};
}

static prism_status decode_plain(px_planes *planes, const px_images *images, px_reader *payload,
                                 bool coarse, prism_error *error) {
    const px_jxl_shape shape = shape_of(planes, images);
    prism_status status = PRISM_OK;
    for (size_t first = 0; first < planes->count && status == PRISM_OK; first += images->colours) {
        const piece image = next_piece(payload, px_get_size(payload));
        status = image.bytes ? px_jxl_decode_lossy(planes, first, &shape, image.bytes, image.size,
                                                   coarse, error)
                             : fail_long(error);
    }
    return status;
}

/* Where lengths, beginnings and the rest stand in a payload. */
typedef struct parted {
    px_reader lengths, beginnings, rests;
} parted;

static bool find_parts(parted *p, size_t count, const px_reader *payload) {
    size_t sum = 0;
    p->lengths = p->beginnings = *payload;
    for (size_t i = 0; i < count; i++) {
        sum = px_sum(sum, px_get_size(&p->beginnings));
        px_get_size(&p->beginnings);
    }
    p->rests = p->beginnings;
    px_get_bytes(&p->rests, sum);
    return !p->rests.failed;
}

static prism_status decode_joined(px_planes *planes, size_t first, const px_jxl_shape *shape,
                                  piece beginning, piece rest, prism_error *error) {
    uint8_t *image = px_alloc(px_sum(beginning.size, rest.size));
    if (!image)
        return px_out_of_memory(error, px_sum(beginning.size, rest.size));
    memcpy(image, beginning.bytes, beginning.size);
    memcpy(image + beginning.size, rest.bytes, rest.size);
    prism_status status =
        px_jxl_decode_lossy(planes, first, shape, image, beginning.size + rest.size, false, error);
    free(image);
    return status;
}

static prism_status decode_parted(px_planes *planes, const px_images *images, px_reader *payload,
                                  bool coarse, prism_error *error) {
    const px_jxl_shape shape = shape_of(planes, images);
    parted p;
    if (!find_parts(&p, planes->count / images->colours, payload))
        return fail_long(error);
    prism_status status = PRISM_OK;
    for (size_t first = 0; first < planes->count && status == PRISM_OK; first += images->colours) {
        const piece beginning = next_piece(&p.beginnings, px_get_size(&p.lengths));
        const size_t left = px_get_size(&p.lengths);
        const piece rest = coarse ? (piece){NULL, 0} : next_piece(&p.rests, left);
        if (!beginning.bytes || (!coarse && !rest.bytes))
            return fail_long(error);
        status = coarse ? px_jxl_decode_lossy(planes, first, &shape, beginning.bytes,
                                              beginning.size, true, error)
                        : decode_joined(planes, first, &shape, beginning, rest, error);
    }
    *payload = p.rests;
    return status;
}

prism_status px_images_decode(px_planes *planes, const px_images *images, px_reader *payload,
                              bool coarse, prism_error *error) {
    return (images->parted ? decode_parted : decode_plain)(planes, images, payload, coarse, error);
}

uint64_t px_images_memory(const px_images *images, const px_planes *planes, size_t payload) {
    return px_jxl_lossy_memory(planes, images->colours) + (images->parted ? payload : 0);
}
