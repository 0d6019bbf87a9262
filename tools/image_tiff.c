/*
 * TIFF by libtiff. Rows are read as they are stored, in one plane or in one for each channel, out
 * of strips or tiles; then samples of a few bits and tables of colours are expanded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "image.h"
#include "system/tiff.h"

static char reason[160]; /* of libtiff's latest error */

static void keep_reason(const char *module, const char *format, va_list values) {
    (void)module;
    vsnprintf(reason, sizeof reason, format, values);
}

static TIFF *open_file(const char *path, const char *mode) {
    reason[0] = '\0';
    TIFFSetErrorHandler(keep_reason);
    TIFFSetWarningHandler(NULL);
    return px_tiff_open(path, mode);
}

bool tool_tiff_is_there(void) {
    return true;
}

/* ---- What a page is ---- */

typedef struct pixels {
    TIFF *tiff;
    uint32_t height, width;
    uint16_t bits, count, format, photometric, planar; /* count: samples of a pixel, as stored */
    uint16_t *colours[3];                              /* the table of colours */
    unsigned colour_scale;                             /* of its entries to samples */
    uint8_t *packed;                                   /* rows as stored; owned */
    size_t row;                                        /* bytes of one */
    tool_image image;                                  /* samples are owned */
} pixels;

static bool refuse(const char *text) {
    snprintf(reason, sizeof reason, "%s", text);
    return false;
}

/* 0 if there is none. */
static prism_type type_of(const pixels *p) {
    static const prism_type types[][4] = {
        /* 8, 16, 32, 64 bits */
        [SAMPLEFORMAT_UINT] = {PRISM_UINT8, PRISM_UINT16, PRISM_UINT32, PRISM_UINT64},
        [SAMPLEFORMAT_INT] = {PRISM_INT8, PRISM_INT16, PRISM_INT32, PRISM_INT64},
        [SAMPLEFORMAT_IEEEFP] = {(prism_type)0, PRISM_FLOAT16, PRISM_FLOAT32, PRISM_FLOAT64}};
    if (p->format < SAMPLEFORMAT_UINT || p->format > SAMPLEFORMAT_IEEEFP)
        return (prism_type)0;
    for (int i = 0; i < 4; i++)
        if (p->bits == 8 << i)
            return types[p->format][i];
    return (prism_type)0;
}

static bool is_packed(const pixels *p) {
    return p->bits == 1 || p->bits == 2 || p->bits == 4;
}

/* 16 bits an entry, or 8 in the lower or in both halves. */
static bool read_table(pixels *p) {
    const size_t size = (size_t)1 << p->bits;
    unsigned most = 0;
    bool doubled = true;
    if (!TIFFGetField(p->tiff, TIFFTAG_COLORMAP, &p->colours[0], &p->colours[1], &p->colours[2]))
        return refuse("it has no table of colours");
    for (size_t i = 0; i < 3 * size; i++) {
        const unsigned entry = p->colours[i / size][i % size];
        most = entry > most ? entry : most;
        doubled = doubled && entry % 257 == 0;
    }
    p->colour_scale = doubled && most > UINT8_MAX ? 257 : 1;
    p->image.type = p->colour_scale > 1 || most <= UINT8_MAX ? PRISM_UINT8 : PRISM_UINT16;
    p->image.channels = 3;
    return true;
}

static bool read_colours(pixels *p) {
    const bool is_one = p->count == 1, is_unsigned = p->format == SAMPLEFORMAT_UINT;
    const bool is_grey = p->photometric == PHOTOMETRIC_MINISBLACK ||
                         (p->photometric == PHOTOMETRIC_MINISWHITE && is_unsigned);
    if (is_packed(p) ? !is_one || !is_unsigned : !p->image.type)
        return refuse("its samples are of a kind that is not supported");
    if (p->photometric == PHOTOMETRIC_PALETTE && is_one && is_unsigned && p->bits <= 16)
        return read_table(p);
    return ((is_grey && p->count <= 2) ||
            (p->photometric == PHOTOMETRIC_RGB && (p->count == 3 || p->count == 4))) ||
           refuse("its colours are neither grey, RGB nor a table");
}

static bool describe(pixels *p) {
    uint16_t compression = COMPRESSION_NONE;
    TIFFGetField(p->tiff, TIFFTAG_IMAGELENGTH, &p->height);
    TIFFGetField(p->tiff, TIFFTAG_IMAGEWIDTH, &p->width);
    TIFFGetFieldDefaulted(p->tiff, TIFFTAG_BITSPERSAMPLE, &p->bits);
    TIFFGetFieldDefaulted(p->tiff, TIFFTAG_SAMPLESPERPIXEL, &p->count);
    TIFFGetFieldDefaulted(p->tiff, TIFFTAG_SAMPLEFORMAT, &p->format);
    TIFFGetFieldDefaulted(p->tiff, TIFFTAG_PLANARCONFIG, &p->planar);
    TIFFGetFieldDefaulted(p->tiff, TIFFTAG_COMPRESSION, &compression);
    if (!TIFFGetField(p->tiff, TIFFTAG_PHOTOMETRIC, &p->photometric))
        p->photometric = PHOTOMETRIC_MINISBLACK;
    if (p->photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG &&
        TIFFSetField(p->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB))
        p->photometric = PHOTOMETRIC_RGB;
    p->image = (tool_image){.height = p->height,
                            .width = p->width,
                            .channels = p->count,
                            .type = is_packed(p) ? PRISM_UINT8 : type_of(p)};
    return (p->height && p->width) ? read_colours(p) : refuse("it has no pixels");
}

/* ---- Rows as stored ---- */

static bool read_strips(pixels *p, uint16_t plane) {
    for (uint32_t y = 0; y < p->height; y++)
        if (TIFFReadScanline(p->tiff, p->packed + y * p->row, y, plane) != 1)
            return false;
    return true;
}

/* A tile, of which the part that is within the image is copied. */
static void place_tile(pixels *p, const uint8_t *tile, uint32_t top, uint32_t left) {
    uint32_t height = 0, width = 0;
    TIFFGetField(p->tiff, TIFFTAG_TILELENGTH, &height);
    TIFFGetField(p->tiff, TIFFTAG_TILEWIDTH, &width);
    const size_t row = (size_t)TIFFTileRowSize(p->tiff), at = left / width * row;
    const size_t bytes = px_smaller(row, p->row - at);
    for (uint32_t y = 0; y < height && top + y < p->height; y++)
        memcpy(p->packed + (top + y) * p->row + at, tile + y * row, bytes);
}

static bool read_tiles(pixels *p, uint16_t plane) {
    uint32_t height = 0, width = 0;
    TIFFGetField(p->tiff, TIFFTAG_TILELENGTH, &height);
    TIFFGetField(p->tiff, TIFFTAG_TILEWIDTH, &width);
    uint8_t *tile = height && width % 8 == 0 ? px_alloc((size_t)TIFFTileSize(p->tiff), 1) : NULL;
    bool done = tile || refuse("its tiles cannot be read");
    for (uint32_t y = 0; done && y < p->height; y += height)
        for (uint32_t x = 0; done && x < p->width; x += width) {
            done = TIFFReadTile(p->tiff, tile, x, y, 0, plane) > 0;
            if (done)
                place_tile(p, tile, y, x);
        }
    free(tile);
    return done;
}

/* ---- Samples ---- */

/* The channels that are in one plane: all, or `plane`. */
static void take_bytes(pixels *p, uint16_t plane) {
    const size_t size = prism_type_size(p->image.type);
    const size_t together = p->planar == PLANARCONFIG_SEPARATE ? 1 : p->count;
    const size_t from = together * size, to = p->count * size;
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++)
            memcpy(p->image.samples + ((size_t)y * p->width + x) * to + plane * size,
                   p->packed + y * p->row + x * from, from);
}

/* The sample at x of a row, of 1 to 16 bits. */
static unsigned sample_at(const pixels *p, const uint8_t *row, uint32_t x) {
    uint16_t wide;
    if (p->bits == 16) {
        memcpy(&wide, row + 2 * (size_t)x, sizeof wide);
        return wide;
    }
    const size_t bit = (size_t)x * p->bits;
    return row[bit / 8] >> (8 - p->bits - bit % 8) & ((1u << p->bits) - 1);
}

static void look_up(pixels *p) {
    const bool is_wide = p->image.type == PRISM_UINT16;
    uint8_t *to = p->image.samples;
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < 3 * p->width; x++) {
            const unsigned entry = sample_at(p, p->packed + y * p->row, x / 3);
            const uint16_t colour = (uint16_t)(p->colours[x % 3][entry] / p->colour_scale);
            const uint8_t low = (uint8_t)colour;
            memcpy(to, is_wide ? (const void *)&colour : &low, is_wide ? 2 : 1);
            to += is_wide ? 2 : 1;
        }
}

static void spread_bits(pixels *p) {
    const unsigned most = (1u << p->bits) - 1;
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++)
            p->image.samples[(size_t)y * p->width + x] =
                (uint8_t)(sample_at(p, p->packed + y * p->row, x) * UINT8_MAX / most);
}

/* 0 is white, as stored. Alpha, a second sample, stays. */
static void invert(pixels *p) {
    const size_t size = prism_type_size(p->image.type), pixel = p->image.channels * size;
    for (size_t at = 0; at < tool_image_bytes(&p->image); at += pixel)
        for (size_t i = 0; i < size; i++)
            p->image.samples[at + i] ^= UINT8_MAX;
}

static bool read_planes(pixels *p) {
    const bool is_separate = p->planar == PLANARCONFIG_SEPARATE && p->count > 1;
    const uint16_t planes = is_separate ? p->count : 1;
    for (uint16_t plane = 0; plane < planes; plane++) {
        if (!(TIFFIsTiled(p->tiff) ? read_tiles(p, plane) : read_strips(p, plane)))
            return false;
        if (p->photometric == PHOTOMETRIC_PALETTE)
            look_up(p);
        else if (is_packed(p))
            spread_bits(p);
        else
            take_bytes(p, plane);
    }
    if (p->photometric == PHOTOMETRIC_MINISWHITE)
        invert(p);
    return true;
}

static bool read_samples(pixels *p) {
    p->row = (size_t)TIFFScanlineSize(p->tiff);
    p->packed = px_alloc(p->height, p->row);
    p->image.samples = px_alloc(tool_image_bytes(&p->image), 1);
    if (p->packed && p->image.samples)
        return read_planes(p);
    snprintf(reason, sizeof reason, "out of memory for %zu bytes", tool_image_bytes(&p->image));
    return false;
}

static bool read_page(TIFF *tiff, tool_page *page, bool samples, tool_page_visit visit,
                      void *request) {
    pixels p = {.tiff = tiff, .planar = PLANARCONFIG_CONTIG};
    const bool read = describe(&p) && (!samples || read_samples(&p));
    page->image = p.image;
    const bool done = read ? visit(request, page)
                           : tool_fail("%s, page %zu: %s", page->path, page->number + 1, reason);
    free(p.packed);
    free(p.image.samples);
    return done;
}

bool tool_tiff_read(const char *path, bool samples, tool_page_visit visit, void *request) {
    TIFF *tiff = open_file(path, "r");
    if (!tiff)
        return tool_fail("%s: %s", path, *reason ? reason : "it is no TIFF file");
    tool_page page = {.path = path, .count = TIFFNumberOfDirectories(tiff)};
    bool done = TIFFSetDirectory(tiff, 0) || tool_fail("%s: %s", path, reason);
    for (; done && page.number < page.count; page.number++) {
        done = read_page(tiff, &page, samples, visit, request);
        if (done && page.number + 1 < page.count)
            done = TIFFReadDirectory(tiff) || tool_fail("%s: %s", path, reason);
    }
    TIFFClose(tiff);
    return done;
}

/* ---- Writing ---- */

static uint16_t format_of(prism_type type) {
    switch (type) {
    case PRISM_INT8:
    case PRISM_INT16:
    case PRISM_INT32:
    case PRISM_INT64:
        return SAMPLEFORMAT_INT;
    case PRISM_FLOAT16:
    case PRISM_FLOAT32:
    case PRISM_FLOAT64:
        return SAMPLEFORMAT_IEEEFP;
    default:
        return SAMPLEFORMAT_UINT;
    }
}

static void set_fields(TIFF *tiff, const tool_image *image) {
    const uint16_t alpha = EXTRASAMPLE_UNASSALPHA, format = format_of(image->type);
    const size_t size = prism_type_size(image->type);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t)image->height);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t)image->width);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, (uint16_t)image->channels);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, (uint16_t)(8 * size));
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, format);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
                 image->channels > 2 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    if (image->channels % 2 == 0)
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    if (TIFFIsCODECConfigured(COMPRESSION_ADOBE_DEFLATE)) {
        TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
        if (format != SAMPLEFORMAT_IEEEFP && size <= 4)
            TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    }
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(tiff, UINT32_MAX));
}

/* libtiff changes the row that it is given. */
static bool write_rows(TIFF *tiff, const tool_image *image) {
    const size_t bytes = tool_image_bytes(image) / image->height;
    uint8_t *row = px_alloc(bytes, 1);
    bool done = row != NULL;
    for (size_t y = 0; done && y < image->height; y++) {
        memcpy(row, image->samples + y * bytes, bytes);
        done = TIFFWriteScanline(tiff, row, (uint32_t)y, 0) == 1;
    }
    free(row);
    return done;
}

/* 4 GiB are the most that offsets of 32 bits reach. */
bool tool_tiff_write(const tool_image *image, const char *path) {
    static const size_t most = (size_t)3 << 30;
    errno = 0;
    TIFF *tiff = open_file(path, tool_image_bytes(image) < most ? "w" : "w8");
    if (tiff)
        set_fields(tiff, image);
    const bool done = tiff && write_rows(tiff, image) && TIFFFlush(tiff) == 1;
    const int number = errno; /* where the system refuses; libtiff does not say why */
    if (tiff)
        TIFFClose(tiff);
    const char *why = number ? strerror(number) : *reason ? reason : "out of memory";
    return done || tool_fail("%s cannot be written: %s", path, why);
}
