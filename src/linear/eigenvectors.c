/*
 * Eigenvectors by Householder's reduction to a tridiagonal matrix and the implicit QL iteration
 * (G. H. Golub and C. F. Van Loan, "Matrix Computations", 8.3; A. Dubrulle, R. S. Martin and J. H.
 * Wilkinson, "The implicit QL algorithm", 1968). Vectors are rows, so that everything that takes
 * time goes along rows. Sums are made of LANES sums, in one order, and there is no function of the
 * C library but sqrt, which rounds correctly.
 *
 * Rotations of rows are kept and done later, WINDOW columns at a time, which stay in the cache.
 */
#include "linear/eigenvectors.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"

enum { LANES = 8, WINDOW = 64, MOST_SWEEPS = 60 };

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef double lanes_in_memory
    __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

static double dot(const double *a, const double *b, size_t n) {
    lanes sums = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        sums += *(const lanes_in_memory *)(a + i) * *(const lanes_in_memory *)(b + i);
    double sum = 0;
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (size_t k = 0; k < LANES; k++)
        sum += sums[k];
    return sum;
}

/* sums += factor * row */
static void add_row(double *sums, const double *row, double factor, size_t n) {
    for (size_t i = 0; i < n; i++)
        sums[i] += factor * row[i];
}

/* ---- To a tridiagonal matrix ---- */

typedef struct tridiagonal {
    size_t n;
    double *diagonal, *beside; /* beside[i] ties i and i + 1 */
    double *factors;           /* of reflections: x -> x - factor * (v . x) * v, v in row k */
    double *product;
} tridiagonal;

/* Row k, of which all but the last of k elements become 0 by a reflection, becomes its vector. */
static bool make_reflection(tridiagonal *t, double *row, size_t k) {
    const double last = row[k - 1], others = dot(row, row, k - 1);
    t->beside[k - 1] = last;
    t->factors[k] = 0;
    if (!(others > 0))
        return false;
    const double length = sqrt(others + last * last);
    t->beside[k - 1] = last > 0 ? -length : length;
    row[k - 1] -= t->beside[k - 1];
    t->factors[k] = 1 / (length * length - t->beside[k - 1] * last);
    return true;
}

/* The leading k x k matrix between two reflections. */
static void reflect_both_sides(tridiagonal *t, double *matrix, const double *v, size_t k) {
    const size_t n = t->n;
    double *product = t->product;
    memset(product, 0, k * sizeof *product);
    for (size_t i = 0; i < k; i++) {
        const double *row = matrix + i * n;
        product[i] += dot(row, v, i + 1);
        add_row(product, row, v[i], i);
    }
    for (size_t i = 0; i < k; i++)
        product[i] *= t->factors[k];
    add_row(product, v, -t->factors[k] / 2 * dot(product, v, k), k);
    for (size_t i = 0; i < k; i++) {
        double *row = matrix + i * n;
        const double x = v[i], y = product[i];
        for (size_t j = 0; j <= i; j++)
            row[j] -= x * product[j] + y * v[j];
    }
}

static void make_tridiagonal(tridiagonal *t, double *matrix) {
    for (size_t k = t->n; k-- > 1;) {
        double *row = matrix + k * t->n;
        t->diagonal[k] = row[k];
        if (make_reflection(t, row, k))
            reflect_both_sides(t, matrix, row, k);
    }
    t->diagonal[0] = matrix[0];
    t->beside[t->n - 1] = 0;
}

/* All reflections one after the other, in place of their vectors. */
static void multiply_reflections(const tridiagonal *t, double *matrix) {
    const size_t n = t->n;
    for (size_t k = 0; k < n; k++) {
        double *v = matrix + k * n;
        for (size_t j = 0; j < k; j++) {
            double *row = matrix + j * n;
            if (t->factors[k] > 0)
                add_row(row, v, -t->factors[k] * dot(v, row, k), k);
            row[k] = 0;
        }
        memset(v, 0, k * sizeof *v);
        v[k] = 1;
    }
}

/* ---- To a diagonal matrix ---- */

typedef struct rotation {
    size_t row; /* and the one after it */
    double cosine, sine;
} rotation;

typedef struct rotations {
    rotation *list;
    size_t count, room;
} rotations;

static void rotate_now(rotations *r, double *matrix, size_t n) {
    for (size_t first = 0; first < n; first += WINDOW) {
        const size_t width = px_smaller(WINDOW, n - first);
        for (size_t k = 0; k < r->count; k++) {
            double *a = matrix + r->list[k].row * n + first, *b = a + n;
            const double c = r->list[k].cosine, s = r->list[k].sine;
            for (size_t j = 0; j < width; j++) {
                const double x = a[j], y = b[j];
                a[j] = c * x - s * y;
                b[j] = s * x + c * y;
            }
        }
    }
    r->count = 0;
}

/* One sweep over the block from `low` to `high` that no zero beside the diagonal divides. */
static void sweep(tridiagonal *t, size_t low, size_t high, rotations *r) {
    double *d = t->diagonal, *e = t->beside;
    const double half = (d[low + 1] - d[low]) / (2 * e[low]), root = sqrt(half * half + 1);
    double bulge = d[high] - d[low] + e[low] / (half + (half < 0 ? -root : root));
    double sine = 1, cosine = 1, shift = 0;
    for (size_t i = high; i-- > low;) {
        const double f = sine * e[i], b = cosine * e[i], length = sqrt(f * f + bulge * bulge);
        e[i + 1] = length;
        if (!(length > 0)) { /* it falls apart here */
            d[i + 1] -= shift;
            e[high] = 0;
            return;
        }
        sine = f / length;
        cosine = bulge / length;
        const double rest = d[i + 1] - shift, twist = (d[i] - rest) * sine + 2 * cosine * b;
        shift = sine * twist;
        d[i + 1] = rest + shift;
        bulge = cosine * twist - b;
        r->list[r->count++] = (rotation){i, cosine, sine};
    }
    d[low] -= shift;
    e[low] = bulge;
    e[high] = 0;
}

/* What rounding leaves beside the diagonal of a matrix whose largest number is about 1. Where the
 * numbers of the diagonal are as small, it does not become small beside these. */
static const double NOTHING = 0x1p-80;

static size_t end_of_block(const tridiagonal *t, size_t low) {
    size_t i = low;
    while (i + 1 < t->n &&
           fabs(t->beside[i]) >
               NOTHING + DBL_EPSILON / 2 * (fabs(t->diagonal[i]) + fabs(t->diagonal[i + 1])))
        i++;
    return i;
}

static bool make_diagonal(tridiagonal *t, double *matrix, rotations *r) {
    for (size_t low = 0; low < t->n; low++) {
        size_t high, sweeps = 0;
        while ((high = end_of_block(t, low)) > low) {
            if (sweeps++ == MOST_SWEEPS)
                return false;
            if (r->room - r->count < high - low)
                rotate_now(r, matrix, t->n);
            sweep(t, low, high, r);
        }
    }
    rotate_now(r, matrix, t->n);
    return true;
}

/* ---- Both ---- */

/* Squares of numbers near 1 neither overflow nor vanish; powers of two round nothing. Returns the
 * exponent that was taken out. */
static int normalise(double *matrix, size_t n) {
    double largest = 0;
    int exponent;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            largest = fmax(largest, fabs(matrix[i * n + j]));
    frexp(largest, &exponent);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            matrix[i * n + j] = ldexp(matrix[i * n + j], -exponent);
    return exponent;
}

static void swap_rows(double *a, double *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static void sort(double *values, double *matrix, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t least = i;
        for (size_t j = i + 1; j < n; j++)
            least = values[j] < values[least] ? j : least;
        if (least != i) {
            swap_rows(values + i, values + least, 1);
            swap_rows(matrix + i * n, matrix + least * n, n);
        }
    }
}

static bool find(tridiagonal *t, rotations *r, double *matrix) {
    const int exponent = normalise(matrix, t->n);
    make_tridiagonal(t, matrix);
    multiply_reflections(t, matrix);
    const bool found = make_diagonal(t, matrix, r);
    for (size_t i = 0; i < t->n; i++)
        t->diagonal[i] = ldexp(t->diagonal[i], exponent);
    sort(t->diagonal, matrix, t->n);
    return found;
}

bool px_eigenvectors(double *matrix, size_t n, double *values) {
    enum { SWEEPS = 16 }; /* of which the rotations are kept */
    double *numbers = px_alloc(n, 3 * sizeof *numbers);
    rotations r = {px_alloc(n, SWEEPS * sizeof *r.list), 0, SWEEPS * n};
    tridiagonal t = {n, values, numbers, numbers + n, numbers + 2 * n};
    const bool found = numbers && r.list && (n == 0 || find(&t, &r, matrix));
    free(numbers);
    free(r.list);
    return found;
}
