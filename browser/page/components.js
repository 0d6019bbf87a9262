/* Principal components of channels, from positions that are added one after the other. */

export const POSITIONS = 1 << 14;
const MOST_CHANNELS = 512, COMPONENTS = 3, EXTRA = 5, MOST_ROUNDS = 1000;

export class Moments {
    constructor(channels) {
        const step = Math.ceil(channels / MOST_CHANNELS);
        this.channels = channels;
        this.used = Array.from({ length: Math.ceil(channels / step) }, (_, i) => i * step);
        const n = this.used.length;
        this.sums = new Float64Array(n);
        this.products = new Float64Array(n * n);
        this.shift = null;
        this.count = 0;
        this.positions = Math.min(POSITIONS, Math.ceil(6e8 / (n * n)));
        this.kept = [];
    }

    /** Adds about so many positions of a tile. Those with a NaN or an infinity in a used channel are left out. */
    add(tile, positions) {
        const step = Math.max(1, Math.floor(Math.sqrt((tile.height * tile.width) / positions)));
        const values = new Float64Array(this.channels);
        if (!this.shift)
            this.#leaveOutEmpty(tile, step);
        for (let y = step >> 1; y < tile.height; y += step)
            for (let x = step >> 1; x < tile.width; x += step) {
                tile.gather(y, x, values);
                this.#addPosition(values);
            }
    }

    #leaveOutEmpty(tile, step) {
        const values = new Float64Array(this.channels), some = new Set();
        for (let y = 0; y < tile.height; y += step)
            for (let x = 0; x < tile.width; x += step) {
                tile.gather(y, x, values);
                this.used.forEach((channel) => Number.isFinite(values[channel]) && some.add(channel));
            }
        if (some.size)
            this.used = this.used.filter((channel) => some.has(channel));
    }

    #addPosition(values) {
        const { used, sums, products } = this, n = used.length, centred = new Float64Array(n);
        this.shift ??= this.#finite(values);
        if (!this.shift)
            return;
        for (let i = 0; i < n; i++) {
            centred[i] = values[used[i]] - this.shift[i];
            if (!Number.isFinite(centred[i]))
                return;
        }
        for (let i = 0; i < n; i++) {
            const value = centred[i];
            sums[i] += value;
            for (let j = 0, at = i * n; j <= i; j++)
                products[at + j] += value * centred[j];
        }
        this.kept.push(centred);
        this.count++;
    }

    /** The used channels of the first position that has numbers in all of them. */
    #finite(values) {
        const found = Float64Array.from(this.used, (channel) => values[channel]);
        return found.every(Number.isFinite) ? found : null;
    }

    /** {vectors, means, shares, values}: `values` are the components of the positions. */
    solve() {
        const { used, count } = this, n = used.length;
        if (!count)
            return null;
        const covariance = new Float64Array(n * n);
        let total = 0;
        for (let i = 0; i < n; i++)
            for (let j = 0; j <= i; j++) {
                const value = this.products[i * n + j] / count - (this.sums[i] / count) * (this.sums[j] / count);
                covariance[i * n + j] = covariance[j * n + i] = value;
                total += i === j ? value : 0;
            }
        const { vectors, variances } = largestVectors(covariance, n, COMPONENTS);
        const means = new Float64Array(this.channels);
        used.forEach((channel, i) => { means[channel] = this.shift[i] + this.sums[i] / count; });
        return {
            means, shares: variances.map((variance) => (total > 0 ? Math.max(variance, 0) / total : 0)),
            vectors: vectors.map((vector) => spread(vector, used, this.channels)),
            values: vectors.map((vector) => this.kept.map((centred) => {
                let sum = 0;
                for (let i = 0; i < n; i++)
                    sum += vector[i] * (centred[i] - this.sums[i] / count);
                return sum;
            })),
        };
    }
}

function spread(vector, used, channels) {
    const all = new Float64Array(channels);
    used.forEach((channel, i) => { all[channel] = vector[i]; });
    return all;
}

/** By orthogonal iteration of a few more vectors than are asked for, rotated at the end. */
function largestVectors(matrix, n, count) {
    const size = Math.min(n, count + EXTRA);
    let basis = Array.from({ length: size }, (_, k) =>
        Float64Array.from({ length: n }, (_, i) => Math.sin((i + 1) * (k + 1) * 1.7) + (i === k)));
    let before = new Float64Array(count);
    orthonormalise(basis);
    for (let round = 0; round < MOST_ROUNDS; round++) {
        const images = basis.map((vector) => multiply(matrix, vector, n));
        const small = images.map((image) => Float64Array.from(basis, (vector) => dot(vector, image)));
        const { values, vectors } = jacobi(small);
        basis = vectors.map((weights) => combine(images, weights, n));
        orthonormalise(basis);
        const isDone = values.slice(0, count).every((value, k) =>
            Math.abs(value - before[k]) <= 1e-13 * Math.abs(values[0]));
        before = values;
        if (isDone && round > 10)
            break;
    }
    const vectors = basis.slice(0, count).map(withPositivePeak);
    while (vectors.length < count)
        vectors.push(new Float64Array(n));
    return { vectors, variances: Array.from({ length: count }, (_, k) => before[k] ?? 0) };
}

/** A vector's sign means nothing: the largest weight is positive. */
function withPositivePeak(vector) {
    const peak = vector.reduce((largest, value) => (Math.abs(value) > Math.abs(largest) ? value : largest), 0);
    return peak < 0 ? vector.map((value) => -value) : vector;
}

function dot(a, b) {
    let sum = 0;
    for (let i = 0; i < a.length; i++)
        sum += a[i] * b[i];
    return sum;
}

function multiply(matrix, vector, n) {
    const result = new Float64Array(n);
    for (let i = 0; i < n; i++)
        result[i] = dot(matrix.subarray(i * n, i * n + n), vector);
    return result;
}

function combine(vectors, weights, n) {
    const sum = new Float64Array(n);
    vectors.forEach((vector, k) => {
        for (let i = 0; i < n; i++)
            sum[i] += weights[k] * vector[i];
    });
    return sum;
}

/** Gram-Schmidt, twice; what is nothing but others becomes zero. */
function orthonormalise(vectors) {
    vectors.forEach((vector, k) => {
        const before = Math.sqrt(dot(vector, vector));
        for (let pass = 0; pass < 2; pass++)
            for (const other of vectors.slice(0, k)) {
                const share = dot(vector, other);
                vector.forEach((_, i) => { vector[i] -= share * other[i]; });
            }
        const length = Math.sqrt(dot(vector, vector));
        const scale = length > 1e-12 * before && length > 0 ? 1 / length : 0;
        vector.forEach((_, i) => { vector[i] *= scale; });
    });
}

/** Eigenvalues and vectors of a small symmetric matrix, the largest first. */
function jacobi(rows) {
    const n = rows.length, a = rows.map((row) => Float64Array.from(row));
    const vectors = a.map((_, i) => Float64Array.from({ length: n }, (_, j) => Number(i === j)));
    for (let sweep = 0; sweep < 60; sweep++)
        for (let p = 0; p < n; p++)
            for (let q = p + 1; q < n; q++)
                rotate(a, vectors, p, q);
    const order = a.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i]);
    return { values: Float64Array.from(order, (i) => a[i][i]),
        vectors: order.map((i) => Float64Array.from(vectors, (row) => row[i])) };
}

function rotate(a, vectors, p, q) {
    if (Math.abs(a[p][q]) <= 1e-18 * Math.sqrt(Math.abs(a[p][p] * a[q][q])))
        return;
    const angle = 0.5 * Math.atan2(2 * a[p][q], a[q][q] - a[p][p]);
    const c = Math.cos(angle), s = Math.sin(angle);
    const turn = (row) => { [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]]; };
    a.forEach(turn);
    const [up, low] = [a[p], a[q]];
    for (let i = 0; i < a.length; i++)
        [up[i], low[i]] = [c * up[i] - s * low[i], s * up[i] + c * low[i]];
    vectors.forEach(turn);
}
