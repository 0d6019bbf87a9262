#include "lossy/wavelet_fit.h"

#include "lossy/component_kernels.h"

enum { BITS = 24, SCALED_BITS = 26 };

static int64_t limited(int64_t value, int64_t limit) {
    return value < -limit ? -limit : value > limit ? limit : value;
}

void px_wavelet_fit_carry(px_wavelet_fit *fit) {
    enum { SHIFT = 5, FIRST_DUE = 8 };
    int64_t *sums = &fit->sums[0][0];
    for (size_t i = 0; i < sizeof fit->sums / sizeof *sums; i++)
        sums[i] >>= SHIFT;
    fit->count >>= SHIFT;
    fit->seen = 0;
    fit->due = FIRST_DUE;
}

int64_t px_wavelet_fit_sum(const px_wavelet_fit *fit, const int32_t *inputs, int count) {
    int64_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += (int64_t)fit->weights[i] * inputs[i];
    return sum;
}

int32_t px_wavelet_fit_rounded(int64_t sum) {
    return (int32_t)limited((sum + (1 << (BITS - 1))) >> BITS, 1 << 26);
}

/* ---- Solving ---- */

/* The sums with numbers of about one size, and a ridge; and their factors. */
typedef struct solution {
    int64_t a[PX_FIT_INPUTS + 1][PX_FIT_INPUTS + 1]; /* on and below the diagonal */
    int64_t l[PX_FIT_INPUTS + 1][PX_FIT_INPUTS];     /* in 2^BITS */
    int exponents[PX_FIT_INPUTS + 1];
} solution;

static int64_t shifted(int64_t value, int by) {
    return by < 0 ? value >> -by : value * ((int64_t)1 << by);
}

static void load_sums(solution *s, const px_wavelet_fit *fit, int n) {
    enum { RIDGE = 10, LEAST = 1 << 16 };
    int64_t diagonal[PX_FIT_INPUTS + 1];
    for (int i = 0; i <= n; i++) {
        const int64_t sum = fit->sums[i][i], ridge = i < n ? sum / (fit->count + 1) * RIDGE : 0;
        diagonal[i] = sum + ridge + LEAST;
        s->exponents[i] = (63 - __builtin_clzll((uint64_t)diagonal[i])) / 2;
    }
    for (int i = 0; i <= n; i++)
        for (int j = 0; j <= i; j++)
            s->a[i][j] = limited(shifted(i == j ? diagonal[i] : fit->sums[i][j],
                                         SCALED_BITS - s->exponents[i] - s->exponents[j]),
                                 1 << 28);
}

static void factorise(solution *s, int n) {
    enum { LEAST_PIVOT = 1 << 14 };
    for (int j = 0; j < n; j++) {
        const int64_t pivot = s->a[j][j] < LEAST_PIVOT ? LEAST_PIVOT : s->a[j][j];
        for (int k = j + 1; k <= n; k++)
            s->l[k][j] = limited(s->a[k][j] * (1 << BITS) / pivot, 1 << 29);
        for (int k = j + 1; k <= n; k++)
            for (int i = j + 1; i <= k && i < n; i++)
                s->a[k][i] = limited(s->a[k][i] - ((s->l[i][j] * s->a[k][j]) >> BITS), 1 << 30);
    }
}

static void solve(px_wavelet_fit *fit, int n) {
    solution s;
    int64_t g[PX_FIT_INPUTS];
    load_sums(&s, fit, n);
    factorise(&s, n);
    for (int j = n - 1; j >= 0; j--) {
        int64_t sum = s.l[n][j] * (1 << BITS);
        for (int k = j + 1; k < n; k++)
            sum -= s.l[k][j] * g[k];
        g[j] = limited(sum >> BITS, 1 << 28);
        fit->weights[j] = (int32_t)limited(shifted(g[j], s.exponents[n] - s.exponents[j]), 1 << 30);
    }
}

/* ---- Learning ---- */

/* What is expected to be large counts for less. */
static bool weigh(int32_t *trusted, const int32_t *numbers, int count, int32_t expected) {
    enum { TRUST_BITS = 16 };
    const int64_t trust = (1 << (TRUST_BITS + 3)) / (8 + expected);
    int32_t any = 0;
    for (int i = 0; i < count; i++) {
        trusted[i] = (int32_t)((numbers[i] * trust + (1 << (TRUST_BITS - 1))) >> TRUST_BITS);
        any |= trusted[i];
    }
    return any != 0;
}

/* Beyond, sums might leave 64 bits. */
static void halve(px_wavelet_fit *fit) {
    enum { MOST = 1 << 18 };
    if (fit->count < MOST)
        return;
    for (size_t i = 0; i < sizeof fit->sums / sizeof fit->sums[0][0]; i++)
        (&fit->sums[0][0])[i] >>= 1;
    fit->count >>= 1;
}

bool px_wavelet_fit_learn(px_wavelet_fit *fit, const int32_t *numbers, int count,
                          int32_t expected) {
    int32_t trusted[PX_FIT_INPUTS + 1];
    if (weigh(trusted, numbers, count + 1, expected))
        px_component_kernels_best()->moments(fit->sums[0], PX_FIT_INPUTS + 1, trusted, numbers,
                                             (size_t)count + 1);
    fit->count++;
    halve(fit);
    if (++fit->seen < fit->due)
        return false;
    solve(fit, count);
    fit->due = fit->seen + (fit->seen < 64 ? 16 : fit->seen / 4);
    return true;
}
