/*
 * The neighbourhoods that the probabilities of a decision are learned in, as masks over windows of
 * eight indices around the position. docs/format-palette.md, "Contexts". Internal.
 */
#ifndef PX_PALETTE_CONTEXTS_H
#define PX_PALETTE_CONTEXTS_H

#include <stdbool.h>
#include <stdint.h>

/* Windows of the plane itself (by row and first column, from the position), of its reference, and
 * of the reference of that. */
enum {
    PX_WEST,            /* 0, -8 */
    PX_FAR_WEST,        /* 0, -16 */
    PX_NORTH,           /* -1, -3 */
    PX_NORTH_LEFT,      /* -1, -11 */
    PX_NORTH_RIGHT,     /* -1, 5 */
    PX_NORTH_2,         /* -2, -3 */
    PX_NORTH_3,         /* -3, -3 */
    PX_REFERENCE,       /* 0, -3 */
    PX_REFERENCE_BELOW, /* 1, -3 */
    PX_REFERENCE_ABOVE, /* -1, -3 */
    PX_TILE_ABOVE,      /* -8, -3 */
    PX_TILE_LEFT,       /* 0, -11 */
    PX_BEFORE,          /* 0, -3 */
    PX_WINDOWS
};

/* Of a window that begins at column -3: columns first..last. Its lowest byte is the leftmost. */
#define PX_COLUMNS(first, last) (UINT64_MAX >> 8 * (7 - (last) + (first)) << 8 * ((first) + 3))

/* Of PX_WEST: the `count` nearest. */
#define PX_NEAREST(count) (UINT64_MAX << 8 * (8 - (count)))

typedef struct px_palette_context {
    uint64_t masks[PX_WINDOWS];
    bool is_shape; /* only of which neighbours have the value that is asked for */
} px_palette_context;

/* The first ones are enough to be fast, of many values fewer than of few; the very first one also
 * finds matches and corrects the final probability. */
static const px_palette_context px_palette_contexts[] = {
    {.masks = {[PX_WEST] = PX_NEAREST(2),
               [PX_NORTH] = PX_COLUMNS(-2, 2),
               [PX_NORTH_2] = PX_COLUMNS(-1, 1)}},
    {.masks = {[PX_WEST] = PX_NEAREST(1),
               [PX_NORTH] = PX_COLUMNS(-1, 1),
               [PX_REFERENCE] = PX_COLUMNS(-1, 1),
               [PX_REFERENCE_BELOW] = PX_COLUMNS(0, 0),
               [PX_REFERENCE_ABOVE] = PX_COLUMNS(0, 0)}},
    {.masks = {[PX_WEST] = UINT64_MAX,
               [PX_NORTH] = UINT64_MAX,
               [PX_NORTH_2] = UINT64_MAX,
               [PX_NORTH_3] = UINT64_MAX},
     .is_shape = true},
    {.masks = {[PX_WEST] = PX_NEAREST(6),
               [PX_NORTH] = UINT64_MAX,
               [PX_NORTH_2] = PX_COLUMNS(-3, 3),
               [PX_NORTH_3] = PX_COLUMNS(-1, 1)}},
    {.masks = {[PX_WEST] = UINT64_MAX,
               [PX_FAR_WEST] = UINT64_MAX,
               [PX_NORTH] = UINT64_MAX,
               [PX_NORTH_LEFT] = UINT64_MAX,
               [PX_NORTH_RIGHT] = UINT64_MAX >> 32,
               [PX_NORTH_2] = PX_COLUMNS(-3, 3)}},
    {.masks = {[PX_WEST] = PX_NEAREST(3),
               [PX_NORTH] = PX_COLUMNS(-2, 3),
               [PX_NORTH_2] = PX_COLUMNS(-2, 2),
               [PX_NORTH_3] = PX_COLUMNS(0, 0)}},
    {.masks = {[PX_WEST] = PX_NEAREST(1),
               [PX_NORTH] = PX_COLUMNS(-1, 1),
               [PX_REFERENCE] = PX_COLUMNS(0, 1),
               [PX_REFERENCE_BELOW] = PX_COLUMNS(0, 0),
               [PX_BEFORE] = PX_COLUMNS(0, 0)}},
    {.masks = {[PX_WEST] = PX_NEAREST(2),
               [PX_NORTH] = PX_COLUMNS(-1, 1),
               [PX_REFERENCE] = UINT64_MAX,
               [PX_REFERENCE_BELOW] = PX_COLUMNS(-2, 2),
               [PX_REFERENCE_ABOVE] = PX_COLUMNS(-2, 2)}},
    {.masks = {[PX_WEST] = PX_NEAREST(1),
               [PX_NORTH] = PX_COLUMNS(0, 0),
               [PX_TILE_ABOVE] = PX_COLUMNS(-1, 1)}},
    {.masks = {[PX_WEST] = UINT64_MAX, [PX_NORTH] = PX_COLUMNS(0, 0)}},
    {.masks = {[PX_WEST] = PX_NEAREST(1),
               [PX_NORTH] = PX_COLUMNS(0, 0),
               [PX_NORTH_2] = PX_COLUMNS(0, 0),
               [PX_NORTH_3] = PX_COLUMNS(0, 0)}},
    {.masks = {[PX_WEST] = PX_NEAREST(1),
               [PX_NORTH] = PX_COLUMNS(-1, 1),
               [PX_REFERENCE] = PX_COLUMNS(0, 0),
               [PX_BEFORE] = PX_COLUMNS(0, 0)}},
    {.masks = {[PX_REFERENCE] = UINT64_MAX,
               [PX_REFERENCE_BELOW] = UINT64_MAX,
               [PX_REFERENCE_ABOVE] = UINT64_MAX}},
    {.masks = {[PX_WEST] = UINT64_MAX,
               [PX_NORTH] = UINT64_MAX,
               [PX_NORTH_2] = UINT64_MAX,
               [PX_NORTH_3] = UINT64_MAX}},
    {.masks =
         {[PX_WEST] = PX_NEAREST(4), [PX_NORTH] = UINT64_MAX, [PX_NORTH_2] = PX_COLUMNS(-2, 2)},
     .is_shape = true},
    {.masks = {[PX_WEST] = PX_NEAREST(2),
               [PX_NORTH] = PX_COLUMNS(-1, 1),
               [PX_NORTH_2] = PX_COLUMNS(0, 0),
               [PX_REFERENCE] = PX_COLUMNS(-1, 1),
               [PX_REFERENCE_BELOW] = PX_COLUMNS(-1, 1),
               [PX_REFERENCE_ABOVE] = PX_COLUMNS(-1, 1)},
     .is_shape = true},
    {.masks = {[PX_WEST] = PX_NEAREST(2),
               [PX_NORTH] = PX_COLUMNS(-1, 1),
               [PX_TILE_ABOVE] = PX_COLUMNS(-1, 1),
               [PX_TILE_LEFT] = PX_COLUMNS(-1, 1)},
     .is_shape = true},
    {.masks = {[PX_WEST] = UINT64_MAX,
               [PX_FAR_WEST] = UINT64_MAX,
               [PX_NORTH] = UINT64_MAX,
               [PX_NORTH_LEFT] = UINT64_MAX,
               [PX_NORTH_RIGHT] = UINT64_MAX >> 32,
               [PX_NORTH_2] = UINT64_MAX,
               [PX_NORTH_3] = UINT64_MAX},
     .is_shape = true}};

#endif
