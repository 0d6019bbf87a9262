/*
 * Cholesky factors without LAPACK. A BLAS for one machine rounds the sum of a product once (fused
 * multiply-add) where that for another machine rounds twice, or sums in another order. The least
 * difference becomes another weight where a weight lies between two steps, and so other bytes of a
 * chunk. Here every element is what products, subtracted one after the other, leave of it: tiles
 * and vectors say only which elements are computed side by side.
 *
 * The tiles are those of any right-looking factorisation: a tile's columns are finished, then taken
 * from all columns after them (J. Dongarra et al., "A set of level 3 basic linear algebra
 * subprograms", 1990).
 */
#include "linear/cholesky.h"

#include <math.h>
#include <string.h>

#include "base/sizes.h"

enum {
    TILE = 32, /* columns of which products are made at once: two tiles fit the first cache */
    ROWS = 4,
    LANES = 2,
    COLUMNS = 2 * LANES /* ROWS x COLUMNS sums fit the registers */
};

typedef double tile[TILE * TILE]; /* by rows */
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef double lanes_in_memory
    __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

/* sums[r][c] -= left[r][k] * right[k][c], k growing; rows of TILE. */
static inline void subtract_block(double *sums, const double *left, const double *right,
                                  size_t depth) {
    lanes s[ROWS][COLUMNS / LANES];
    for (size_t r = 0; r < ROWS; r++)
        for (size_t c = 0; c < COLUMNS / LANES; c++)
            s[r][c] = *(const lanes_in_memory *)(sums + r * TILE + c * LANES);
    for (size_t k = 0; k < depth; k++)
        for (size_t c = 0; c < COLUMNS / LANES; c++) {
            const lanes x = *(const lanes_in_memory *)(right + k * TILE + c * LANES);
            for (size_t r = 0; r < ROWS; r++)
                s[r][c] -= left[r * TILE + k] * x;
        }
    for (size_t r = 0; r < ROWS; r++)
        for (size_t c = 0; c < COLUMNS / LANES; c++)
            *(lanes_in_memory *)(sums + r * TILE + c * LANES) = s[r][c];
}

/*
 * Columns k to k + depth of rows from `first` on, times `right`, are subtracted from columns j to
 * j + TILE, as far as these lie below the diagonal. Where j is k, what was there counts as 0.
 */
static void subtract_products(double *matrix, size_t n, size_t first, size_t j, size_t k,
                              size_t depth, const double *right) {
    for (size_t i = first; i < n; i += ROWS) {
        const size_t rows = px_smaller(ROWS, n - i);
        double left[ROWS * TILE] = {0}, sums[ROWS * TILE] = {0};
        size_t width[ROWS] = {0};
        for (size_t r = 0; r < rows; r++) {
            const double *row = matrix + (i + r) * n;
            width[r] = j == k ? depth : px_smaller(TILE, i + r + 1 - j);
            memcpy(left + r * TILE, row + k, depth * sizeof *row);
            if (j != k)
                memcpy(sums + r * TILE, row + j, width[r] * sizeof *row);
        }
        for (size_t c = 0; c < width[rows - 1]; c += COLUMNS)
            subtract_block(sums + c, left, right + c, depth);
        for (size_t r = 0; r < rows; r++)
            memcpy(matrix + (i + r) * n + j, sums + r * TILE, width[r] * sizeof *matrix);
    }
}

/* Columns k to k + depth of the factor, from the rows' rests. False where no rest is left. */
static bool finish_columns(double *matrix, size_t n, size_t k, size_t depth) {
    tile columns; /* of the factor's rows from k on, transposed */
    for (size_t i = k; i < n; i++) {
        double *row = matrix + i * n + k;
        const size_t known = px_smaller(i - k, depth);
        for (size_t c = 0; c < known; c++) {
            row[c] /= columns[c * TILE + c];
            for (size_t d = c + 1; d < known; d++)
                row[d] -= row[c] * columns[c * TILE + d];
        }
        if (known == depth)
            continue;
        for (size_t c = 0; c < known; c++)
            row[known] -= row[c] * row[c];
        if (!(row[known] > 0))
            return false;
        row[known] = sqrt(row[known]);
        for (size_t c = 0; c <= known; c++)
            columns[c * TILE + known] = row[c];
    }
    return true;
}

bool px_cholesky(double *matrix, size_t n) {
    tile transposed = {0};
    for (size_t k = 0; k < n; k += TILE) {
        const size_t depth = px_smaller(TILE, n - k);
        if (!finish_columns(matrix, n, k, depth))
            return false;
        for (size_t j = k + depth; j < n; j += TILE) {
            for (size_t i = j; i < j + TILE && i < n; i++)
                for (size_t c = 0; c < depth; c++)
                    transposed[c * TILE + i - j] = matrix[i * n + k + c];
            subtract_products(matrix, n, j, j, k, depth, transposed);
        }
    }
    return true;
}

/* Rows k to k + depth of the inverse, from what the rows before leave of them. */
static void finish_rows(double *matrix, size_t n, size_t k, size_t depth) {
    for (size_t i = k; i < k + depth; i++) {
        double *row = matrix + i * n, factor[TILE];
        memcpy(factor, row + k, (i - k + 1) * sizeof *row);
        memset(row + k, 0, (i - k) * sizeof *row);
        for (size_t m = k; m < i; m++)
            for (size_t j = 0; j <= m; j++)
                row[j] -= factor[m - k] * matrix[m * n + j];
        for (size_t j = 0; j < i; j++)
            row[j] /= factor[i - k];
        row[i] = 1 / factor[i - k];
    }
}

void px_invert_factor(double *factor, size_t n) {
    for (size_t k = 0; k < n; k += TILE) {
        const size_t depth = px_smaller(TILE, n - k);
        finish_rows(factor, n, k, depth);
        if (k + depth == n)
            continue;
        /* The last columns are the tile's own, which all others are multiplied by. */
        for (size_t j = 0; j <= k; j += TILE) {
            tile rows = {0};
            for (size_t i = k; i < k + depth; i++)
                memcpy(rows + (i - k) * TILE, factor + i * n + j,
                       px_smaller(TILE, i + 1 - j) * sizeof *factor);
            subtract_products(factor, n, k + depth, j, k, depth, rows);
        }
    }
}

bool px_solve_definite(double *matrix, size_t n, double *sides) {
    if (!px_cholesky(matrix, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            sides[i] -= matrix[i * n + j] * sides[j];
        sides[i] /= matrix[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++)
            sides[i] -= matrix[j * n + i] * sides[j];
        sides[i] /= matrix[i * n + i];
        if (!isfinite(sides[i]))
            return false;
    }
    return true;
}
