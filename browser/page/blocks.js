/*
 * A dataset whose chunks are in blocks (option `block`), as one of smaller chunks: parts of chunks are
 * decoded where they are looked at, and no more blocks than these meet.
 */
import { FileError, guarded } from "./hdf5/source.js";
import { numbersOf } from "./hdf5/types.js";

const SIDE = 256; // positions along rows and columns of a part, at most
const MOST_PARTS = 64; // along an axis of a chunk
const MOST_KEPT = 4; // chunks whose bytes are kept

let datasets = 0;

/** The largest part up to SIDE of which a chunk has a whole number, or the chunk. */
function partOf(size) {
    for (let count = Math.ceil(size / SIDE); count <= MOST_PARTS; count++)
        if (size % count === 0)
            return size / count;
    return size;
}

export class Blocks {
    #stored = new Map();

    /** @param roles of axes: of frames, a part has one */
    constructor(dataset, roles, pool) {
        const { path, shape, type } = dataset;
        const chunk = dataset.chunk.map((size, axis) => axis === roles.rows || axis === roles.columns ? partOf(size) :
            axis === roles.channels ? size : 1);
        const chunkBytes = chunk.reduce((product, size) => product * size, type.size);
        dataset.number ??= ++datasets;
        Object.assign(this, { dataset, pool, path, shape, type, chunk, chunkBytes });
    }

    /** The place of the chunk that has a part. */
    chunkOf(place) {
        return place.map((at, axis) => Math.floor((at * this.chunk[axis]) / this.dataset.chunk[axis]));
    }

    /** As of a dataset: the elements of a part, and how many bytes were read for it. */
    elements(place, decode) {
        return guarded(() => this.#elements(place, decode));
    }

    async #elements(place, decode) {
        const chunk = this.chunkOf(place), key = `${this.dataset.number} ${chunk}`;
        const start = place.map((at, axis) => (at * this.chunk[axis]) % this.dataset.chunk[axis]);
        const { stored, isNew } = await this.#bytes(chunk, key);
        if (!stored || stored.mask !== 0)
            return this.#cut(await this.dataset.elements(chunk, decode), start);
        const bytes = await this.pool.read(key, stored.bytes, start, this.chunk);
        if (bytes.length !== this.chunkBytes)
            throw new FileError("it has another shape than the dataset's chunks");
        return { numbers: numbersOf(bytes, this.type), read: isNew ? stored.bytes.length : 0 };
    }

    async #bytes(chunk, key) {
        const before = this.#stored.get(key), loading = before ?? this.dataset.stored(chunk);
        this.#stored.delete(key);
        this.#stored.set(key, loading);
        if (this.#stored.size > MOST_KEPT)
            this.#stored.delete(this.#stored.keys().next().value);
        return { stored: await loading, isNew: !before };
    }

    /** Of a chunk that is not compressed, or not there. */
    #cut({ numbers, read }, start) {
        const cut = new numbers.constructor(this.chunkBytes / this.type.size);
        for (let i = 0; i < cut.length; i++) {
            let from = 0, stride = 1, rest = i;
            for (let axis = start.length - 1; axis >= 0; axis--) {
                from += (start[axis] + (rest % this.chunk[axis])) * stride;
                rest = Math.floor(rest / this.chunk[axis]);
                stride *= this.dataset.chunk[axis];
            }
            cut[i] = numbers[from];
        }
        return { numbers: cut, read };
    }
}
