#include "components.h"

#include <math.h>
#include <stdlib.h>

#include "base/sizes.h"
#include "command.h"
#include "linear/eigenvectors.h"

enum { POSITIONS = 1 << 14, MOST_CHANNELS = 512 };

/* Sums over positions without a NaN or an infinity. */
typedef struct moments {
    size_t channels, count;
    double *sums, *products; /* [channels], [channels][channels] lower triangle */
    double *shift;           /* [channels] the first position: small sums lose nothing */
} moments;

static void add_position(moments *m, const tool_components *c, const double *values, size_t stride,
                         double *centred) {
    for (size_t i = 0; i < m->channels; i++)
        if (c->used[i] && !isfinite(values[i * stride]))
            return;
    for (size_t i = 0; i < m->channels; i++) {
        const double value = c->used[i] ? values[i * stride] : 0;
        if (!m->count)
            m->shift[i] = value;
        centred[i] = value - m->shift[i];
        m->sums[i] += centred[i];
    }
    for (size_t i = 0; i < m->channels; i++)
        for (size_t j = 0; j <= i; j++)
            m->products[i * m->channels + j] += centred[i] * centred[j];
    m->count++;
}

/* The same number of positions of every frame. */
static tool_window window_of(const tool_view *v, const tool_components *c, size_t frame,
                             size_t frames) {
    const double share = (double)v->height * (double)v->width * (double)frames / POSITIONS;
    const size_t step = share > 1 ? (size_t)ceil(sqrt(share)) : 1;
    return (tool_window){.frame = frame,
                         .rows = (v->height + step - 1) / step,
                         .columns = (v->width + step - 1) / step,
                         .step = step,
                         .channels = c->channels,
                         .channel_step = c->channel_step};
}

static void find_used(tool_components *c, const tool_window *w, const tool_block *block) {
    for (size_t y = 0; y < w->rows; y++)
        for (size_t x = 0; x < w->columns; x++)
            for (size_t i = 0; i < c->channels; i++)
                c->used[i] |=
                    isfinite(block->values[y * block->row_stride + x * block->column_stride +
                                           i * block->channel_stride]) != 0;
}

static void add_block(moments *m, const tool_components *c, const tool_window *w,
                      const tool_block *block, double *centred) {
    for (size_t y = 0; y < w->rows; y++)
        for (size_t x = 0; x < w->columns; x++)
            add_position(m, c, block->values + y * block->row_stride + x * block->column_stride,
                         block->channel_stride, centred);
}

/* The products become the covariance. */
static void centre(moments *m, tool_components *c) {
    const double count = m->count ? (double)m->count : 1;
    for (size_t i = 0; i < m->channels; i++) {
        c->mean[i] = m->shift[i] + m->sums[i] / count;
        for (size_t j = 0; j <= i; j++) {
            double *product = &m->products[i * m->channels + j];
            *product = *product / count - m->sums[i] / count * (m->sums[j] / count);
        }
    }
}

/* An eigenvector's sign means nothing: the largest weight is positive. */
static void set_vector(tool_components *c, size_t k, const double *found) {
    double *vector = c->vectors + k * c->channels, largest = 0;
    for (size_t i = 0; i < c->channels; i++) {
        vector[i] = found[i];
        if (fabs(vector[i]) > fabs(largest))
            largest = vector[i];
    }
    for (size_t i = 0; i < c->channels && largest < 0; i++)
        vector[i] = -vector[i];
}

static bool solve(tool_components *c, moments *m) {
    const size_t n = c->channels;
    double *variances = m->sums, total = 0;
    centre(m, c);
    for (size_t i = 0; i < n; i++)
        total += m->products[i * n + i];
    if (!px_eigenvectors(m->products, n, variances))
        return tool_fail("the principal components cannot be computed");
    for (size_t k = 0; k < TOOL_COMPONENTS && k < n; k++) {
        set_vector(c, k, m->products + (n - 1 - k) * n);
        c->share[k] = total > 0 ? variances[n - 1 - k] / total : 0;
    }
    return true;
}

static bool fit(tool_components *c, moments *m, const tool_view *v, const size_t *frames,
                size_t count) {
    double *centred = px_alloc(c->channels, sizeof *centred);
    bool done = centred != NULL;
    for (size_t i = 0; i < count && done; i++) {
        const tool_window window = window_of(v, c, frames[i], count);
        tool_block block;
        done = tool_view_load(v, &window, &block);
        if (done && !i)
            find_used(c, &window, &block);
        if (done)
            add_block(m, c, &window, &block, centred);
        free(block.values);
    }
    free(centred);
    return done && solve(c, m);
}

bool tool_components_fit(tool_components *c, const tool_view *v, const size_t *frames,
                         size_t count) {
    const size_t step = (v->channel_count + MOST_CHANNELS - 1) / MOST_CHANNELS;
    const size_t n = (size_t)((v->channel_count + step - 1) / step);
    *c = (tool_components){.channels = n, .channel_step = step};
    c->used = calloc(n, sizeof *c->used);
    c->mean = calloc(n, sizeof *c->mean);
    c->vectors = px_alloc_zeroed(TOOL_COMPONENTS, n, sizeof *c->vectors);
    moments m = {.channels = n,
                 .sums = calloc(n, sizeof(double)),
                 .products = px_alloc_zeroed(n, n, sizeof(double)),
                 .shift = calloc(n, sizeof(double))};
    bool done = c->used && c->mean && c->vectors && m.sums && m.products && m.shift
                    ? fit(c, &m, v, frames, count)
                    : tool_fail("out of memory for %zu channels", n);
    free(m.sums);
    free(m.products);
    free(m.shift);
    return done;
}

void tool_components_free(tool_components *c) {
    free(c->used);
    free(c->mean);
    free(c->vectors);
}

double tool_component(const tool_components *c, size_t k, const double *values, size_t stride) {
    const double *vector = c->vectors + k * c->channels;
    double sum = 0;
    bool some = false;
    for (size_t i = 0; i < c->channels; i++) {
        some |= c->used[i];
        if (c->used[i])
            sum += vector[i] * (values[i * stride] - c->mean[i]);
    }
    return some && isfinite(sum) ? sum : NAN;
}
