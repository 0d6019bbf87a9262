/*
 * Small least squares that follow the samples: recent samples count, surprising ones count less.
 * docs/format-adaptive.md, "Fits".
 *
 * The moments are scaled by powers of two to a diagonal of 1..4 and factored as L D L', so that no
 * roots and only one division a row are needed; the ridge bounds the condition, and with it L.
 */
#ifndef PX_ADAPTIVE_FIT_LANES_H
#define PX_ADAPTIVE_FIT_LANES_H

#include "coders/ans/adaptive/model.h"
#include "simd/lanes_wide.h"

/* Row `row` of moments: 8 entries up to row 7, then 16. */
PX_INLINE int fit_row(int row) {
    return row < 8 ? 8 * row : 64 + 16 * (row - 8);
}

enum {
    FIT_BITS = 28,   /* of scaled moments */
    FIT_L_BITS = 20, /* of L and of scaled weights */
    FIT_MEMORY = 9,  /* moments usually decay by 2^-9 a sample */
    FIT_INPUT_LIMIT = 1 << 18
};

/* 1 / (2 + (residual / usual residual)^2), 10 bits. */
PX_INLINE int32_t fit_trust(const px_fit *fit, int32_t residual) {
    int64_t usual = (int64_t)fit->error * fit->error + 6554;
    return (int32_t)((usual << 10) / ((int64_t)residual * residual + 2 * usual));
}

/* values: `taps` inputs, then the target; zeros up to 16. Moments decay by 2^-memory. */
static inline void fit_update(px_fit *fit, int taps, const int32_t *values, int32_t residual,
                              int memory) {
    int32_t size = residual < 0 ? -residual : residual;
    fit->error += ((size - fit->error) * 5) >> 8;
    const int32_t trust = fit_trust(fit, size);
    const px_wide low = wide_of(eight_load(values)), high = wide_of(eight_load(values + 8));
    for (int row = 0; row <= taps; row++) {
        int64_t *moments = fit->moments + fit_row(row);
        px_wide weighted = wide_all((int64_t)values[row] * trust), sum = wide_load(moments);
        wide_store(moments, sum - (sum >> memory) + wide_multiply(low, weighted));
        if (row < 8)
            continue;
        sum = wide_load(moments + 8);
        wide_store(moments + 8, sum - (sum >> memory) + wide_multiply(high, weighted));
    }
}

/* value * 2^-shift. */
PX_INLINE int64_t scaled_down(int64_t value, int shift) {
    return shift >= 0 ? value >> (shift > 63 ? 63 : shift)
                      : (int64_t)((uint64_t)value << (-shift > 63 ? 63 : -shift));
}

/* Weights from the moments; `ridge` is added to the diagonal, in the unit of moments. */
static void fit_solve(px_fit *fit, int taps, int64_t ridge) {
    int64_t l[PX_FIT_ROWS][PX_FIT_ROWS], inverse[PX_FIT_ROWS], weights[PX_FIT_ROWS];
    int exponent[PX_FIT_ROWS];
    for (int i = 0; i <= taps; i++) {
        const int64_t *moments = fit->moments + fit_row(i);
        int64_t diagonal = moments[i] + (i < taps ? ridge + (moments[i] >> 11) : 0);
        int64_t product[PX_FIT_ROWS]; /* L D */
        exponent[i] = (63 - __builtin_clzll((uint64_t)(diagonal < 1 ? 1 : diagonal))) / 2;
        for (int j = 0; j <= i && j < taps; j++) {
            int64_t value =
                scaled_down(i == j ? diagonal : moments[j], exponent[i] + exponent[j] - FIT_BITS);
            value = clamp64(value, -(1 << 30), 1 << 30) << FIT_L_BITS;
            for (int k = 0; k < j; k++)
                value -= product[k] * l[j][k];
            value = clamp64(value >> FIT_L_BITS, -(1 << 30), 1 << 30);
            if (i == j) {
                inverse[i] = (1ll << 46) / (value < 1 << 14 ? 1 << 14 : value);
            } else {
                product[j] = value;
                l[i][j] = clamp64(value * inverse[j] >> 26, -(1 << 28), 1 << 28);
            }
        }
    }
    for (int i = taps - 1; i >= 0; i--) {
        int64_t value = l[taps][i] << FIT_L_BITS;
        for (int k = i + 1; k < taps; k++)
            value -= l[k][i] * weights[k];
        weights[i] = clamp64(value >> FIT_L_BITS, -(1 << 29), 1 << 29);
        fit->weights[i] = (int32_t)clamp64(
            scaled_down(weights[i], FIT_L_BITS - 16 - (exponent[taps] - exponent[i])), -(1 << 22),
            1 << 22);
    }
}

/* The sum of inputs times weights, 16 bits. */
PX_INLINE int64_t fit_predict(const px_fit *fit, const int32_t *values) {
    px_wide sum = {0};
    return wide_sum(wide_add_products(sum, lanes_load(fit->weights), lanes_load(values)));
}

/* ---- In the model's units ---- */

PX_INLINE int32_t fit_input(const px_decisions *m, int32_t difference) {
    return clamp32(difference >> (m->wide ? 6 : 2), -FIT_INPUT_LIMIT, FIT_INPUT_LIMIT);
}

PX_INLINE int32_t fit_mean(const px_decisions *m, const px_fit *fit, const int32_t *values) {
    int64_t sum = clamp64(fit_predict(fit, values), -(1ll << 40), 1ll << 40);
    return (int32_t)(sum >> (m->wide ? 10 : 14));
}

PX_INLINE int32_t mean_within(const px_decisions *m, int64_t mean) {
    return clamp32(mean, m->low * 256 - 100, m->high * 256 + 100);
}

#endif
