/* The elements of an array as places on a grid, with those that must stay exact. Internal. */
#ifndef PX_LOSSY_GRID_H
#define PX_LOSSY_GRID_H

#include "lossy/quantiser.h"
#include "lossy/stage.h"

enum { PX_LAST_NARROW_PLACE = UINT16_MAX };

typedef struct px_grid {
    px_quantiser quantiser;
    bool wide; /* places pass 16 bits */
    uint16_t *places;
    int64_t *wide_places;
    bool *is_exception; /* NULL where there is none */
    bool has_exceptions;
} px_grid;

/* A few pictures one behind the other, along the first axis. */
bool px_are_frames(const prism_array *array);

/* The largest error of an element that keeps the bound. */
double px_lossy_error(const px_lossy_request *request);

/* Places of all elements, given the quantiser; exceptions are those that must be exact and those
 * that their place does not say within `error`. px_grid_free also after a failure. */
prism_status px_grid_fill(px_grid *grid, const px_numbers *values, double error,
                          prism_error *message);
void px_grid_free(px_grid *grid);

/* Quantiser and exceptions; and back, the exceptions into elements that are decoded already. */
void px_grid_write(px_buffer *out, const px_grid *grid, const px_numbers *values);
bool px_grid_read(px_grid *grid, prism_type type, px_reader *in);
prism_status px_grid_restore_exceptions(void *elements, const prism_array *array,
                                        const px_grid *grid, px_reader *in, prism_error *error);

#endif
