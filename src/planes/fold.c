#include "planes/fold.h"

#include "base/sizes.h"
#include "base/status.h"

enum {
    MIN_LINE = 1024, /* shorter ones stay as they are */
    MIN_HEIGHT = 32,
    NARROW = 16,      /* rows or columns at most */
    MOST_LINES = 512, /* of narrow planes: one group of the native coder */
    LINE_SHARE = 16,  /* samples of a line for each line: the model of each is worth its bytes */
    BLOCK = 32        /* columns that are moved together, for the cache's sake */
};

/* The lines that a plane consists of: steps lead to the next sample of a line, and to the next
 * line. */
typedef struct lines {
    size_t count, length, step, line_step;
} lines;

static lines lines_of(const px_planes *planes) {
    const size_t height = planes->height, width = planes->width;
    return height < width ? (lines){height, width, 1, width} : (lines){width, height, width, 1};
}

static bool are_folded(const lines *l, const px_planes *planes, bool mixed) {
    const size_t all = px_product(l->count, planes->count);
    const bool narrow = mixed && planes->count > 1 && l->count <= NARROW && all <= MOST_LINES &&
                        l->length >= LINE_SHARE * all;
    return l->length >= MIN_LINE && (l->count == 1 || narrow);
}

/* Place (y, x) of the fold is sample x * height + y of the line; those after its end repeat the
 * last. */
static void fold_line(int16_t *folded, const px_planes *shape, const int16_t *from,
                      const lines *l) {
    const size_t height = shape->height, width = shape->width;
    for (size_t first = 0; first < width; first += BLOCK)
        for (size_t y = 0; y < height; y++)
            for (size_t x = first; x < px_smaller(first + BLOCK, width); x++)
                folded[y * width + x] = from[px_smaller(x * height + y, l->length - 1) * l->step];
}

static void unfold_line(int16_t *to, const lines *l, const int16_t *folded,
                        const px_planes *shape) {
    const size_t height = shape->height, width = shape->width;
    for (size_t first = 0; first < height; first += BLOCK)
        for (size_t x = 0; x < width; x++)
            for (size_t y = first; y < px_smaller(first + BLOCK, height); y++)
                if (x * height + y < l->length)
                    to[(x * height + y) * l->step] = folded[y * width + x];
}

px_planes px_fold_shape(const px_planes *planes, bool mixed) {
    px_planes folded = *planes;
    const lines l = lines_of(planes);
    if (!are_folded(&l, planes, mixed))
        return folded;
    folded.samples = NULL;
    folded.holes = NULL;
    folded.count *= l.count;
    folded.height = MIN_HEIGHT;
    while (px_product(folded.height, folded.height) < l.length)
        folded.height *= 2;
    folded.width = (l.length + folded.height - 1) / folded.height;
    folded.stride = px_plane_stride(px_plane_size(&folded));
    return folded;
}

bool px_is_folded(const px_planes *planes, bool mixed) {
    const lines l = lines_of(planes);
    return are_folded(&l, planes, mixed);
}

bool px_is_folded_by_lift(const px_planes *planes) {
    return px_is_folded(planes, true) && !px_is_folded(planes, false);
}

static void fold_map(uint8_t *folded, const px_planes *shape, const uint8_t *from, const lines *l) {
    const size_t height = shape->height, width = shape->width;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            folded[y * width + x] = from[px_smaller(x * height + y, l->length - 1) * l->step];
}

prism_status px_fold_holes(px_planes *folded, const px_planes *planes, bool mixed,
                           prism_error *error) {
    const px_holes *from = planes->holes;
    const lines l = lines_of(planes);
    if (!from || !are_folded(&l, planes, mixed))
        return PRISM_OK;
    const size_t maps = from->count > 1 || l.count > 1 ? folded->count : 1;
    folded->holes = px_holes_alloc(folded->height, folded->width, maps);
    if (!folded->holes)
        return px_out_of_memory(error, px_product(folded->height, folded->width, maps));
    for (size_t k = 0; k < maps; k++)
        fold_map(folded->holes->first + k * folded->holes->stride, folded,
                 px_holes_of(from, k / l.count) + k % l.count * l.line_step, &l);
    return px_holes_link(folded->holes, error);
}

uint64_t px_fold_holes_bytes(const px_planes *planes, bool mixed) {
    const px_planes folded = px_fold_shape(planes, mixed);
    return px_holes_maps_bytes(folded.height, folded.width, folded.count) +
           px_holes_link_bytes(folded.height, folded.width);
}

prism_status px_fold(px_planes *folded, const px_planes *planes, bool mixed, px_pool *pool,
                     prism_error *error) {
    const lines l = lines_of(planes);
    *folded = px_fold_shape(planes, mixed);
    if (!px_is_folded(planes, mixed))
        return PRISM_OK;
    folded->samples = px_pool_take(pool, px_planes_bytes(folded));
    for (size_t k = 0; folded->samples && k < folded->count; k++)
        fold_line(px_plane(folded, k), folded,
                  px_plane(planes, k / l.count) + k % l.count * l.line_step, &l);
    return px_pool_status(pool, error);
}

void px_unfold(px_planes *planes, const px_planes *folded) {
    const lines l = lines_of(planes);
    for (size_t k = 0; k < folded->count; k++)
        unfold_line(px_plane(planes, k / l.count) + k % l.count * l.line_step, &l,
                    px_plane(folded, k), folded);
}
