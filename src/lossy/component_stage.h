/*
 * What the stages that code components share: the parameters that come first, elements that must
 * come back exactly, the search for the step, and the planes. docs/format-components.md. Internal.
 */
#ifndef PX_LOSSY_COMPONENT_STAGE_H
#define PX_LOSSY_COMPONENT_STAGE_H

#include "lossy/component_axis.h"
#include "lossy/component_fit.h"
#include "lossy/stage.h"

/* ---- Encoding ---- */

/* A fit along an axis, for the stage that comes next. */
typedef struct px_component_cache {
    bool filled, suits;
    int axis;
    px_component_fit fit; /* its scores are gone */
} px_component_cache;

void px_component_cache_free(px_component_cache *cache);

/* Axes that are worth a try, the best one first: several are near only if the effort allows it. */
prism_status px_component_find_axes(px_axis_list *list, const px_lossy_request *request,
                                    prism_error *error);

/* Coefficients of wavelets are coded one by one: more of them take longer than the effort allows.
 */
double px_most_coefficients(const px_lossy_request *request);

typedef struct px_component_encoder {
    const px_lossy_request *request;
    int axis;
    int effort;
    bool made, suits; /* whether there is a fit, and components can hold the elements */
    double reference; /* what squares of errors are a share of */
    double scale;     /* mean square of the scales of elements */
    px_component_fit fit;
    int32_t *scores;    /* [components][positions], as they are decoded; owned */
    void *decoded;      /* as large as the array; owned */
    bool *is_exception; /* [elements]: found at the end, NULL where there is none; owned */
} px_component_encoder;

/* *suits: whether components can hold the elements at all. Free also on failure. */
prism_status px_component_encoder_make(px_component_encoder *e, const px_lossy_request *request,
                                       bool *suits, prism_error *error);
void px_component_encoder_free(px_component_encoder *e);

/* The step that reverse water-filling suggests for the bound. */
double px_component_encoder_step(const px_component_encoder *e);

/* Components, scores and memory for the decoded ones; see px_component_fit_at. */
prism_status px_component_encoder_fit(px_component_encoder *e, double step, double share,
                                      prism_error *error);

/* The relative RMSE with e->scores and the step of the components. */
prism_status px_component_encoder_reached(px_component_encoder *e, double *reached,
                                          prism_error *error);

/* Components up to the last one that is not 0 everywhere, of integers[components][positions] of
 * `size` bytes each: those behind it need no coding. */
size_t px_component_encoder_used(const px_component_encoder *e, const void *integers, size_t size);

/* What a stage codes behind the components, in both directions; NULL: nothing. */
typedef void (*px_component_more)(void *context, px_field_coder *side);

/* Axis, count, step, components and more; then exceptions, after which scores, numbers and decoded
 * elements are gone. */
void px_component_encoder_write(px_component_encoder *e, px_buffer *out, px_component_more more,
                                void *context);

/* ---- Decoding ---- */

typedef struct px_component_header {
    bool has_exceptions;
    int axis;
    size_t count;
    float step;
    px_layout layout;
} px_component_header;

/* After px_bound_read. False where it is damaged. */
bool px_component_header_read(px_component_header *h, const prism_array *array, px_reader *in);

/* Bytes for the components and their scores. */
uint64_t px_component_memory(const px_component_header *h);

/* The header of a chunk, for what decoding it takes. */
bool px_component_header_of(px_component_header *h, const px_chunk *chunk);

/* The bound, the header, the components and more. Free components with px_components_free, also
 * after a failure. */
prism_status px_component_read(px_component_header *h, px_components *components,
                               px_mapping_source *source, px_component_more more, void *context,
                               prism_error *error);

/* Puts exceptions where they belong. */
prism_status px_component_exceptions(const px_component_header *h, px_mapping_source *source,
                                     void *elements, prism_error *error);

#endif
