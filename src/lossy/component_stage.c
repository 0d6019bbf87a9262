#include "lossy/component_stage.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/effort.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "lossy/component_kernels.h"
#include "lossy/error.h"
#include "mapping/exceptions.h"

/* ---- Encoding ---- */

/* Squares of errors in the unit of the elements. */
static double energy_of(const px_component_encoder *e) {
    const double bound = (double)e->request->bound.value;
    return bound * bound * e->reference / e->scale;
}

static double mean_square_scale(const px_numbers *values) {
    double sum = 0;
    if (!values->scales.scales)
        return 1;
    for (size_t i = 0; i < values->words.count; i++) {
        const double scale = px_value_scale(values, i);
        sum += scale * scale;
    }
    return sum > 0 ? sum / (double)values->words.count : 1;
}

/* What errors are a share of, for planes along an axis. */
static void set_reference(px_component_encoder *e, int axis) {
    e->axis = axis;
    e->reference = px_error_reference(e->request->bound.of, e->request->values, axis);
    e->scale = mean_square_scale(e->request->values);
}

double px_most_coefficients(const px_lossy_request *request) {
    static const double FEW = 1 << 16;
    const px_word_view *words = &request->values->words;
    const double bytes = (double)words->count * (double)words->size;
    return fmax(FEW, bytes * px_efforts.coefficients[request->mapping->options->effort]);
}

/* Trials of large arrays take long. */
static px_axis_trust axis_trust(const px_lossy_request *request) {
    const int effort = request->mapping->options->effort;
    if (request->values->words.count > px_efforts.axes[effort])
        return PX_AXES_CLOSE;
    return px_efforts.axes[effort] == SIZE_MAX ? PX_AXES_ALL : PX_AXES_LIKELY;
}

prism_status px_component_find_axes(px_axis_list *list, const px_lossy_request *request,
                                    prism_error *error) {
    const int effort = request->mapping->options->effort;
    px_component_encoder e = {.request = request};
    *list = (px_axis_list){.axes = {request->mapping->options->axis}, .count = 1, .near = 1};
    if (list->axes[0] >= 0)
        return PRISM_OK;
    set_reference(&e, PRISM_AXIS_AUTO);
    /* Deviations from the means of other planes are other bounds, which sizes do not compare. */
    const px_axis_request axes = {.energy = energy_of(&e),
                                  .trust = axis_trust(request),
                                  .comparable = px_efforts.axes[effort] &&
                                                request->bound.of == PRISM_BOUND_OF_RMS,
                                  .coefficients = px_most_coefficients(request)};
    return px_component_axes(list, request->values, &axes, error);
}

void px_component_cache_free(px_component_cache *cache) {
    px_component_fit_free(&cache->fit);
    cache->filled = false;
}

static prism_status find_fit(px_component_encoder *e, prism_error *error) {
    px_component_cache *cache = e->request->cache;
    if (cache->filled && cache->axis == e->axis) {
        e->fit = cache->fit;
        e->suits = cache->suits;
        cache->fit = (px_component_fit){.rank = 0};
        cache->filled = false;
        return PRISM_OK;
    }
    px_component_cache_free(cache);
    return px_component_fit_make(&e->fit, e->request->values, e->axis, e->effort, &e->suits, error);
}

static void leave_fit(px_component_encoder *e) {
    px_component_fit *fit = &e->fit;
    px_components_free(&fit->components);
    free(fit->scores);
    fit->scores = NULL;
    *e->request->cache =
        (px_component_cache){.filled = true, .suits = e->suits, .axis = e->axis, .fit = *fit};
    *fit = (px_component_fit){.rank = 0};
}

prism_status px_component_encoder_make(px_component_encoder *e, const px_lossy_request *request,
                                       bool *suits, prism_error *error) {
    size_t size;
    *e = (px_component_encoder){.request = request, .effort = request->mapping->options->effort};
    prism_status status = prism_array_size(request->mapping->array, &size, error);
    if (status != PRISM_OK)
        return status;
    set_reference(e, request->mapping->options->axis);
    e->decoded = malloc(size);
    if (!e->decoded)
        return px_out_of_memory(error, size);
    status = find_fit(e, error);
    e->made = status == PRISM_OK;
    *suits = e->suits && e->reference > 0 && isfinite(e->reference);
    return status;
}

void px_component_encoder_free(px_component_encoder *e) {
    if (e->made)
        leave_fit(e);
    px_component_fit_free(&e->fit);
    free(e->scores);
    free(e->decoded);
    free(e->is_exception);
    *e = (px_component_encoder){.request = NULL};
}

/* Rounding to integers takes its share of the error. */
double px_component_encoder_step(const px_component_encoder *e) {
    const px_numbers *values = e->request->values;
    const double energy = energy_of(e);
    const double rounding = values->words.number->fraction ? 0 : (double)values->words.count / 12;
    return px_component_fit_step(&e->fit, fmax(energy - rounding, energy / 4));
}

prism_status px_component_encoder_fit(px_component_encoder *e, double step, double share,
                                      prism_error *error) {
    prism_status status = px_component_fit_at(&e->fit, e->request->values, step, share, error);
    if (status != PRISM_OK)
        return status;
    const px_components *c = &e->fit.components;
    free(e->scores);
    e->scores = px_alloc_zeroed(c->count, c->positions, sizeof *e->scores);
    return e->scores ? PRISM_OK : px_out_of_memory(error, px_product(c->count, c->positions, 4));
}

prism_status px_component_encoder_reached(px_component_encoder *e, double *reached,
                                          prism_error *error) {
    prism_status status = px_components_restore(&e->fit.components, e->scores,
                                                e->request->mapping->array, e->decoded, error);
    if (status == PRISM_OK)
        *reached = sqrt(px_error_squares(e->request->values, e->decoded, true) / e->reference);
    return status;
}

size_t px_component_encoder_used(const px_component_encoder *e, const void *integers, size_t size) {
    const uint8_t *bytes = integers;
    const size_t plane = e->fit.positions * size;
    size_t count = e->fit.components.count;
    for (; count; count--)
        for (size_t i = (count - 1) * plane; i < count * plane; i++)
            if (bytes[i])
                return count;
    return 0;
}

enum { EXCEPTIONS = 0x80 };

/* What must come back exactly, and what would come back as missing. */
static void find_exceptions(px_component_encoder *e, px_buffer *out) {
    const px_numbers *values = e->request->values;
    const px_word_view back = px_word_view_of(values->array, e->decoded);
    bool any = false;
    if (!values->is_exact && !values->has_missing)
        return;
    e->is_exception = px_alloc(back.count, sizeof *e->is_exception);
    out->failed |= !e->is_exception;
    for (size_t i = 0; e->is_exception && i < back.count; i++) {
        e->is_exception[i] =
            px_is_exact(values, i) || px_is_missing(values, px_view_word(&back, i));
        any |= e->is_exception[i];
    }
    if (!any) {
        free(e->is_exception);
        e->is_exception = NULL;
    }
}

void px_component_encoder_write(px_component_encoder *e, px_buffer *out, px_component_more more,
                                void *context) {
    find_exceptions(e, out);
    px_put_u8(out, (uint8_t)((e->axis + 1) | (e->is_exception ? EXCEPTIONS : 0)));
    px_put_varint(out, e->fit.components.count);
    px_put_float(out, e->fit.components.step);
    px_range_encoder coder = px_range_encoder_make(out);
    px_field_coder side = {.out = &coder};
    px_components_code(&e->fit.components, &side);
    if (more)
        more(context, &side);
    px_range_encoder_finish(&coder);
    if (e->is_exception)
        px_exceptions_write(out, &e->request->values->words, e->is_exception);
    px_component_fit_shed(&e->fit);
    free(e->is_exception);
    free(e->scores);
    free(e->decoded);
    e->is_exception = NULL;
    e->scores = NULL;
    e->decoded = NULL;
}

/* ---- Decoding ---- */

bool px_component_header_read(px_component_header *h, const prism_array *array, px_reader *in) {
    const uint8_t first = px_get_u8(in);
    h->has_exceptions = first & EXCEPTIONS;
    h->axis = (first & (EXCEPTIONS - 1)) - 1;
    h->count = px_get_size(in);
    h->step = px_get_float(in);
    if (in->failed || h->axis >= (int)array->rank || !(h->step >= 0) || !(h->step <= FLT_MAX))
        return false;
    h->layout = px_layout_make(array, h->axis);
    return h->count <= h->layout.count && h->count <= h->layout.height * h->layout.width;
}

uint64_t px_component_memory(const px_component_header *h) {
    enum { MODELS = 1 << 16 };
    const uint64_t planes = h->layout.count, positions = h->layout.height * h->layout.width;
    const uint64_t rounded = (planes + PX_SUM_PLANES - 1) / PX_SUM_PLANES * PX_SUM_PLANES;
    const uint64_t room = h->count ? h->count : 1;
    return room * planes * sizeof(int32_t) + planes * sizeof(int64_t) + room * sizeof(int) +
           rounded * (room + 1) * sizeof(double) + room * PX_SUM_TILE * sizeof(double) +
           room * positions * sizeof(int32_t) + MODELS;
}

bool px_component_header_of(px_component_header *h, const px_chunk *chunk) {
    const px_squeezed squeezed = px_squeeze(&chunk->array);
    px_reader in = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_bound bound;
    px_get_u8(&in);
    return px_bound_read(&bound, &in) && px_component_header_read(h, &squeezed.array, &in);
}

prism_status px_component_read(px_component_header *h, px_components *components,
                               px_mapping_source *source, px_component_more more, void *context,
                               prism_error *error) {
    px_bound bound;
    if (!px_bound_read(&bound, &source->parameters) ||
        !px_component_header_read(h, &source->chunk->array, &source->parameters))
        return px_fail(error, PRISM_E_CORRUPT, "the header of the components is damaged");
    prism_status status = px_components_alloc(components, &h->layout, h->count, error);
    components->step = h->step;
    if (status != PRISM_OK)
        return status;
    px_range_decoder coder = px_range_decoder_make(&source->parameters);
    px_field_coder side = {.in = &coder};
    px_components_code(components, &side);
    if (more)
        more(context, &side);
    return side.bad || source->parameters.failed
               ? px_fail(error, PRISM_E_CORRUPT, "the components are damaged")
               : PRISM_OK;
}

prism_status px_component_exceptions(const px_component_header *h, px_mapping_source *source,
                                     void *elements, prism_error *error) {
    return h->has_exceptions
               ? px_exceptions_restore(&source->parameters, &source->chunk->array, elements, error)
               : PRISM_OK;
}
