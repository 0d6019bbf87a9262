/*
 * h5prism preview: a dataset as a PNG. Channels or principal components as red, green and blue,
 * frames of a stack side by side, weights, and maps of what compression leaves. Large datasets are
 * read by hyperslabs with a stride, a strip at a time.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "base/sizes.h"
#include "command.h"
#include "components.h"
#include "map.h"
#include "output.h"
#include "picture.h"
#include "reduce.h"
#include "system/format.h"
#include "view.h"

enum { SIZE = 2048, MOST_SIZE = 16384, SMALL = 256, GAP = 2, SHEET_FRAMES = 64 };

/* Numbers in memory at once. */
static const size_t STRIP_VALUES = 1u << 24;

typedef struct request {
    const char *files[2], *dataset, *map, *stretch, *options;
    prism_options filter; /* what `options` says */
    tool_list channels;
    long long size, zoom, frame, axis, tile, reduce;
    bool sheet, pca, weights, bare, force;
} request;

static const char help[] =
    "usage: h5prism preview FILE OUT.png [--dataset PATH] [OPTION...]\n"
    "\n"
    "Draws a dataset of numbers of any rank. By itself: 3 or 4 channels as red, green and blue,\n"
    "more by their first three principal components, a plane in grey, rank 1 folded into a\n"
    "rectangle. What has no value (NaN) is transparent.\n"
    "\n"
    "  --channels A[,B,C]    these channels, in grey or as red, green and blue\n"
    "  --pca                 principal components, also of few channels\n"
    "  --axis N              the axis of the channels, or of the frames of a stack of rank 3. By\n"
    "                        itself what the chunks say; else the last, or the first of frames "
    "and\n"
    "                        where the other two are nearer to a square\n"
    "  --frame N             one frame: along the axis of a stack of rank 3, else along all axes\n"
    "                        but rows, columns and channels; default 0\n"
    "  --sheet               frames side by side, up to 64 that are evenly spaced\n"
    "  --weights             a plane in blue below 0, white at 0, red above, symmetrically\n"
    "  --stretch P|none      contrast: P percent of the values are beyond either end of the\n"
    "                        scale, for each channel; default 1. none: the range of the type\n"
    "                        (of floats 0..1), so that values of 8 bits are not changed\n"
    "  --size N              pixels of the longer side at most; default 2048\n"
    "  --reduce N            1, 2, 3: only the pictures at 1/2, 1/4, 1/8 that lossy chunks have\n"
    "                        within them, from no more of the file than they take\n"
    "  --zoom N              N x N pixels for every value; by itself what makes small pictures\n"
    "                        about 256 pixels wide or high\n"
    "  --map residual        mean absolute residuals over channels that the coder deflate or jxl\n"
    "                        is given (channels+paeth unless --options says something else);\n"
    "                        of integers of 8 and 16 bits\n"
    "  --map bits            stored bits a value of each chunk, whatever compressed it\n"
    "  --tile N              with --map bits: tiles of N x N positions instead, each coded by\n"
    "                        itself with --options, headers not counted\n"
    "  --options KEY=VALUE,...  of h5prism, for maps (h5prism --help)\n"
    "  --bare                no colour bar beside maps and weights, no numbers on frames\n"
    "  --force               replace OUT.png if it is there\n"
    "\n"
    "Maps are dark blue for little, yellow for much; what is printed has the numbers.\n";

/* ---- Arguments ---- */

static bool read_request(request *r, int count, char **arguments, int *code) {
    const tool_option options[] = {
        {"--dataset", TOOL_TEXT, &r->dataset, 0, 0},
        {"--channels", TOOL_LIST, &r->channels, 0, INT64_MAX},
        {"--pca", TOOL_FLAG, &r->pca, 0, 0},
        {"--axis", TOOL_NUMBER, &r->axis, 0, H5S_MAX_RANK - 1},
        {"--frame", TOOL_NUMBER, &r->frame, 0, INT64_MAX},
        {"--sheet", TOOL_FLAG, &r->sheet, 0, 0},
        {"--weights", TOOL_FLAG, &r->weights, 0, 0},
        {"--stretch", TOOL_TEXT, &r->stretch, 0, 0},
        {"--size", TOOL_NUMBER, &r->size, 1, MOST_SIZE},
        {"--reduce", TOOL_NUMBER, &r->reduce, 1, 3},
        {"--zoom", TOOL_NUMBER, &r->zoom, 1, 64},
        {"--map", TOOL_TEXT, &r->map, 0, 0},
        {"--tile", TOOL_NUMBER, &r->tile, 1, 1 << 20},
        {"--options", TOOL_TEXT, &r->options, 0, 0},
        {"--bare", TOOL_FLAG, &r->bare, 0, 0},
        {"--force", TOOL_FLAG, &r->force, 0, 0},
        {NULL, TOOL_FLAG, NULL, 0, 0},
    };
    const tool_arguments known = {help, options, r->files, 2, 0};
    *r = (request){.size = SIZE, .frame = -1, .axis = TOOL_AXIS_AUTO};
    return tool_arguments_read(&known, count, arguments, code);
}

/* Percent, or -1 for `none`. */
static bool read_stretch(double *percent, const char *text) {
    char *end;
    *percent = text ? strtod(text, &end) : 1;
    if (text && strcmp(text, "none") == 0)
        *percent = -1;
    else if (text && (end == text || *end || !(*percent >= 0 && *percent < 50)))
        return false;
    return true;
}

/* NULL, or what does not go together. */
static const char *misuse(const request *r) {
    double percent;
    const bool maps = r->map != NULL, picks = r->channels.count || r->pca || r->weights || r->sheet;
    if (!tool_has_ending(r->files[1], ".png"))
        return "what is written is a PNG: its name ends in .png";
    if (!read_stretch(&percent, r->stretch))
        return "--stretch: expected a percentage from 0 to below 50, or none";
    if (maps && strcmp(r->map, "residual") != 0 && strcmp(r->map, "bits") != 0)
        return "--map: expected residual or bits";
    if (maps && picks)
        return "--map goes without --channels, --pca, --weights and --sheet";
    if (!maps && (r->tile || r->options))
        return "--tile and --options go with --map";
    if (r->reduce && maps)
        return "--reduce goes without --map";
    if (r->tile && strcmp(r->map, "bits") != 0)
        return "--tile goes with --map bits";
    if (r->channels.count == 2 || r->channels.count > 3)
        return "--channels takes one channel or three";
    if (r->pca && r->channels.count)
        return "--pca goes without --channels";
    if (r->sheet && r->frame >= 0)
        return "--sheet goes without --frame";
    return NULL;
}

/* ---- What is drawn where ---- */

/* Not where it would take more than a third. */
static bool has_bar(const request *r) {
    return !r->bare && (r->map || r->weights) &&
           (size_t)r->size >= 3 * tool_bar_room((size_t)r->size);
}

/* Pixels of the longer side of what is beside the bar. */
static size_t room_of(const request *r) {
    return (size_t)r->size - (has_bar(r) ? tool_bar_room((size_t)r->size) : 0);
}

typedef struct sheet {
    size_t count, across, down;
    size_t *frames; /* [count]; owned */
    size_t step;
    size_t height, width;   /* of a frame, in pixels */
    tool_caption *captions; /* their numbers, where there is room; [count], owned, or NULL */
} sheet;

static size_t divide_up(size_t a, size_t b) {
    return (a + b - 1) / b;
}

static size_t side(size_t cells, size_t size) {
    return cells * (size + GAP) - GAP;
}

static size_t longer_side(const tool_view *v, const sheet *s, size_t across, size_t step) {
    const size_t width = side(across, divide_up(v->width, step));
    const size_t height = side(divide_up(s->count, across), divide_up(v->height, step));
    return width > height ? width : height;
}

/* As near to a square as it gets, and small enough. */
static bool lay_out(sheet *s, const tool_view *v, size_t size) {
    s->across = s->step = 1;
    for (size_t n = 2; n <= s->count; n++)
        if (longer_side(v, s, n, 1) < longer_side(v, s, s->across, 1))
            s->across = n;
    while (longer_side(v, s, s->across, s->step) > size &&
           (s->step < v->height || s->step < v->width))
        s->step++;
    s->down = divide_up(s->count, s->across);
    s->height = divide_up(v->height, s->step);
    s->width = divide_up(v->width, s->step);
    return longer_side(v, s, s->across, s->step) <= size ||
           tool_fail("%zu frames do not fit into %zu pixels", s->count, size);
}

static bool choose_frames(sheet *s, const request *r, const tool_view *v) {
    const size_t all = v->frames;
    s->count = !r->sheet ? 1 : all < SHEET_FRAMES ? (size_t)all : SHEET_FRAMES;
    s->frames = px_alloc(s->count, sizeof *s->frames);
    if (!s->frames)
        return tool_fail("out of memory for %zu frames", s->count);
    if (!r->sheet && r->frame >= 0 && (size_t)r->frame >= all)
        return tool_fail("--frame %lld: there are %zu", r->frame, all);
    for (size_t i = 0; i < s->count; i++)
        s->frames[i] = r->sheet ? i * all / s->count : r->frame < 0 ? 0 : (size_t)r->frame;
    const size_t zoom = r->zoom ? (size_t)r->zoom : 1, room = room_of(r);
    return lay_out(s, v, room > zoom ? room / zoom : 1);
}

/* ---- Drawing ---- */

typedef struct bands {
    size_t count;       /* 1 or 3 */
    size_t channels[3]; /* unless there are components */
    bool by_components;
    tool_components components;
} bands;

static bool choose_bands(bands *b, const request *r, const tool_view *v, const sheet *s) {
    const size_t given = r->channels.count;
    for (size_t i = 0; i < given; i++)
        if ((size_t)r->channels.items[i] >= v->channel_count)
            return tool_fail("--channels %lld: there are %zu", r->channels.items[i],
                             v->channel_count);
    b->by_components =
        !given && v->channel_count > 1 && (r->pca || v->channel_count == 2 || v->channel_count > 4);
    b->count = given ? given : v->channel_count > 1 ? 3 : 1;
    for (size_t i = 0; i < 3; i++)
        b->channels[i] = given ? (size_t)r->channels.items[i % given] : i;
    return !b->by_components || tool_components_fit(&b->components, v, s->frames, s->count);
}

/* Where a strip goes to. */
typedef struct place {
    const tool_picture *picture;
    size_t y, x;
} place;

static void draw_components(const place *p, const bands *b, const tool_window *w,
                            const tool_block *block) {
    for (size_t k = 0; k < b->count; k++)
        for (size_t y = 0; y < w->rows; y++)
            for (size_t x = 0; x < w->columns; x++)
                *tool_picture_at(p->picture, k, p->y + y, p->x + x) =
                    tool_component(&b->components, k,
                                   block->values + y * block->row_stride + x * block->column_stride,
                                   block->channel_stride);
}

static void draw_channel(const place *p, size_t plane, const tool_window *w,
                         const tool_block *block) {
    for (size_t y = 0; y < w->rows; y++)
        for (size_t x = 0; x < w->columns; x++)
            *tool_picture_at(p->picture, plane, p->y + y, p->x + x) =
                block->values[y * block->row_stride + x * block->column_stride];
}

static bool draw_strip(const place *p, const tool_view *v, const bands *b, tool_window *w) {
    const size_t loads = b->by_components ? 1 : b->count;
    bool done = true;
    w->channels = b->by_components ? b->components.channels : 1;
    w->channel_step = b->by_components ? b->components.channel_step : 1;
    for (size_t k = 0; k < loads && done; k++) {
        tool_block block;
        w->first_channel = b->by_components ? 0 : b->channels[k];
        done = tool_view_load(v, w, &block);
        if (done && b->by_components)
            draw_components(p, b, w, &block);
        else if (done)
            draw_channel(p, k, w, &block);
        free(block.values);
    }
    return done;
}

/* Rows of pixels that are read at once: of about one row of chunks, which are kept meanwhile. */
static size_t strip_rows(const tool_view *v, const sheet *s, const bands *b) {
    const size_t channels = b->by_components ? b->components.channels : 1;
    const size_t values = v->rows < 0 ? (size_t)(v->width * s->step) : s->width * channels;
    const size_t room = values < STRIP_VALUES ? STRIP_VALUES / values : 1;
    const size_t chunk = v->rows < 0 ? room : (size_t)(v->source->chunk[v->rows] / s->step);
    return chunk < 1 ? 1 : chunk < room ? chunk : room;
}

static bool draw_frame(const tool_picture *picture, const tool_view *v, const sheet *s,
                       const bands *b, size_t cell) {
    const size_t rows = strip_rows(v, s, b);
    bool done = true;
    for (size_t y = 0; y < s->height && done; y += rows) {
        const place p = {picture, cell / s->across * (s->height + GAP) + y,
                         cell % s->across * (s->width + GAP)};
        tool_window w = {.frame = s->frames[cell],
                         .first_row = y * s->step,
                         .rows = s->height - y < rows ? s->height - y : rows,
                         .columns = s->width,
                         .step = s->step};
        done = draw_strip(&p, v, b, &w);
        tool_progress("reading", cell * s->height + y + w.rows, s->count * s->height);
    }
    return done;
}

/* ---- What was drawn ---- */

enum { TEXT = 400 };

/* Adds to a text of TEXT bytes. */
PX_PRINTF(2, 3) static void say(char *text, const char *format, ...) {
    va_list values;
    const size_t length = strlen(text);
    va_start(values, format);
    vsnprintf(text + length, TEXT - length, format, values);
    va_end(values);
}

static void describe_bands(char *text, const bands *b, const tool_view *v, const sheet *s) {
    if (s->count > 1)
        say(text, "%zu of %zu frames, ", s->count, v->frames);
    else if (v->frames > 1)
        say(text, "frame %zu of %zu, ", s->frames[0], v->frames);
    if (b->by_components)
        say(text,
            "principal components of %zu channels with %.1f, %.1f, %.1f %% of "
            "the variance",
            v->channel_count, 100 * b->components.share[0], 100 * b->components.share[1],
            100 * b->components.share[2]);
    else if (v->channel_count > 1 && b->count == 3)
        say(text, "channels %zu, %zu, %zu of %zu", b->channels[0], b->channels[1], b->channels[2],
            v->channel_count);
    else if (v->channel_count > 1)
        say(text, "channel %zu of %zu", b->channels[0], v->channel_count);
    else
        say(text, "values");
}

static double mean_of(const tool_picture *p) {
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < p->height * p->width; i++)
        if (!isnan(p->values[i])) {
            sum += p->values[i];
            count++;
        }
    return count ? sum / (double)count : NAN;
}

/* ---- Contrast ---- */

/* Of integers of the file's type, or 0..1. */
static tool_contrast type_range(hid_t type) {
    if (H5Tget_class(type) == H5T_FLOAT)
        return (tool_contrast){0, 1};
    hid_t base = H5Tget_class(type) == H5T_ENUM ? H5Tget_super(type) : H5Tcopy(type);
    const double half = ldexp(0.5, (int)H5Tget_precision(base));
    const bool is_signed = H5Tget_sign(base) == H5T_SGN_2;
    H5Tclose(base);
    return is_signed ? (tool_contrast){-half, half - 1} : (tool_contrast){0, 2 * half - 1};
}

static bool find_contrast(tool_contrast *c, const request *r, const tool_picture *picture,
                          size_t plane, const bands *b, hid_t type) {
    double percent;
    read_stretch(&percent, r->stretch);
    if (percent < 0 && b && !b->by_components && !r->weights) {
        *c = type_range(type);
        return true;
    }
    if (!tool_contrast_find(c, picture, plane, percent < 0 ? 0 : percent))
        return false;
    if (r->weights) {
        const double most = fmax(fabs(c->low), fabs(c->high));
        *c = (tool_contrast){-most, most};
    }
    return true;
}

/* Small pictures become as large as fits into SMALL pixels, unless they are asked for. */
static size_t zoom_of(const request *r, const tool_picture *picture) {
    const size_t longer = picture->height > picture->width ? picture->height : picture->width;
    const size_t room = px_smaller(room_of(r), SMALL);
    return r->zoom ? (size_t)r->zoom : longer < room && !r->reduce ? room / longer : 1;
}

/* In a corner of each frame, unless they would hide more than a part of it. */
static bool number_frames(sheet *s, size_t zoom) {
    enum { PARTS = 4 };
    const size_t digits = (size_t)snprintf(NULL, 0, "%zu", s->frames[s->count - 1]);
    const size_t height = s->height * zoom, width = s->width * zoom;
    const size_t room = px_smaller(height / (PARTS * TOOL_GLYPH_HEIGHT),
                                   width / (PARTS * TOOL_GLYPH_WIDTH * digits));
    if (s->count < 2 || !room)
        return true;
    s->captions = calloc(s->count, sizeof *s->captions);
    if (!s->captions)
        return tool_fail("out of memory for %zu frames", s->count);
    for (size_t i = 0; i < s->count; i++) {
        tool_caption *c = &s->captions[i];
        *c = (tool_caption){.x = i % s->across * (s->width + GAP) * zoom,
                            .y = i / s->across * (s->height + GAP) * zoom,
                            .scale = room < 3 ? room : 3,
                            .boxed = true};
        snprintf(c->text, sizeof c->text, "%zu", s->frames[i]);
    }
    return true;
}

/* b: NULL for maps. */
static bool write_picture(const request *r, const tool_picture *picture, const bands *b,
                          const tool_view *v, sheet *s, char *text) {
    tool_rendering how = {.colours = !b           ? TOOL_HEAT
                                     : r->weights ? TOOL_SIGNED
                                                  : TOOL_PLAIN,
                          .zoom = zoom_of(r, picture),
                          .has_bar = has_bar(r)};
    size_t height, width;
    tool_output output;
    if (!r->bare && !number_frames(s, how.zoom))
        return false;
    how.captions = s->captions;
    how.caption_count = s->captions ? s->count : 0;
    for (size_t i = 0; i < picture->planes; i++)
        if (!find_contrast(&how.contrasts[i], r, picture, i, b, v->source->type))
            return false;
    if (picture->planes == 1)
        say(text, " from %.4g to %.4g", how.contrasts[0].low, how.contrasts[0].high);
    if (!b)
        say(text, ", mean %.4g", mean_of(picture));
    if (!tool_output_begin(&output, r->files[1], r->files[0], r->force))
        return false;
    if (!tool_output_end(&output, tool_picture_write(picture, &how, text, output.name)))
        return false;
    tool_picture_size(picture, &how, &height, &width);
    printf("%s: %zu x %zu pixels, %s\n", r->files[1], width, height, text);
    return true;
}

/* ---- Work ---- */

static bool draw_values(const request *r, const tool_view *v, sheet *s) {
    bands b = {.count = 0};
    tool_picture picture = {.values = NULL};
    char text[TEXT] = "";
    bool done = choose_bands(&b, r, v, s);
    if (done && r->weights && b.count > 1)
        done = tool_fail("--weights takes one plane: --channels N, --frame N or --sheet");
    done = done && tool_picture_make(&picture, b.count, side(s->down, s->height),
                                     side(s->across, s->width));
    for (size_t i = 0; i < s->count && done; i++)
        done = draw_frame(&picture, v, s, &b, i);
    describe_bands(text, &b, v, s);
    if (done && s->step > 1)
        say(text, " (every %zu positions)", s->step);
    done = done && write_picture(r, &picture, &b, v, s, text);
    tool_picture_free(&picture);
    tool_components_free(&b.components);
    return done;
}

static bool make_map(tool_picture *map, const request *r, const tool_view *v, const sheet *s,
                     char *text) {
    const size_t frame = s->frames[0];
    if (strcmp(r->map, "residual") == 0) {
        say(text, "mean absolute residuals");
        return tool_map_residuals(map, v, frame, s->step, &r->filter);
    }
    if (!r->tile) {
        say(text, "stored bits a value by chunk");
        return tool_map_chunks(map, v, frame, s->step);
    }
    say(text, "bits a value of tiles of %lld x %lld coded by themselves", r->tile, r->tile);
    return tool_map_tiles(map, v, frame, s->step, (size_t)r->tile, &r->filter);
}

static bool draw_map(const request *r, const tool_view *v, sheet *s) {
    tool_picture map = {.values = NULL};
    char text[TEXT] = "";
    const bool done = make_map(&map, r, v, s, text) && write_picture(r, &map, NULL, v, s, text);
    tool_picture_free(&map);
    return done;
}

static bool check_numbers(const tool_source *s) {
    const H5T_class_t class = H5Tget_class(s->type);
    return class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ENUM ||
           tool_fail("%s: its elements are not numbers", s->path);
}

static bool run(const request *r) {
    tool_source source;
    tool_view view;
    sheet s = {.frames = NULL};
    tool_reduced bytes = {0};
    bool done = tool_source_open(&source, r->files[0], r->dataset) && check_numbers(&source) &&
                (!r->reduce || tool_source_reduce(&source, (int)r->reduce, &bytes)) &&
                tool_view_make(&view, &source, (int)r->axis, r->frame >= 0 || r->sheet) &&
                choose_frames(&s, r, &view);
    done = done && (r->map ? draw_map : draw_values)(r, &view, &s);
    if (done && r->reduce)
        printf("from %llu of %llu stored bytes\n", (unsigned long long)bytes.read,
               (unsigned long long)bytes.stored);
    free(s.captions);
    free(s.frames);
    tool_source_close(&source);
    return done;
}

int tool_preview(int count, char **arguments) {
    request r;
    int code;
    if (!read_request(&r, count, arguments, &code))
        return code;
    const char *reason = misuse(&r);
    if (reason)
        return tool_misused("%s", reason);
    if (!tool_read_filter_options(&r.filter, r.options))
        return EXIT_USAGE;
    return run(&r) ? EXIT_DONE : EXIT_FAILED;
}
