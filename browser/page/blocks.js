/*
 * A dataset whose chunks are in blocks (option `block`), as one of smaller chunks: parts of chunks are
 * read and decoded where they are looked at, and no more blocks than these meet.
 */
import { FileError, guarded } from "./hdf5/source.js";
import { numbersOf } from "./hdf5/types.js";
import { loadDecoder } from "./package/index.js";

const SIDE = 256; // positions along rows and columns of a part, at most
const MOST_PARTS = 64; // along an axis of a chunk
const MOST_KEPT = 4; // chunks that are kept open
const START = 512; // bytes that say how many it takes to open a chunk
const GAP = 1 << 14; // bytes that are read rather than asked around

let datasets = 0;

/** The largest part up to SIDE of which a chunk has a whole number, or the chunk. */
function partOf(size) {
    for (let count = Math.ceil(size / SIDE); count <= MOST_PARTS; count++)
        if (size % count === 0)
            return size / count;
    return size;
}

/** Ranges as they are asked for: those that are near each other as one. */
export function joined(ranges) {
    const all = [];
    for (const { offset, size } of ranges) {
        const last = all.at(-1);
        if (last && offset - (last.offset + last.size) <= GAP)
            last.size = offset + size - last.offset;
        else
            all.push({ offset, size });
    }
    return all;
}

/** The bytes of a chunk that it takes to open it: of one that is not in blocks, all. */
export async function headOf(dataset, found) {
    const start = await dataset.read(found, 0, Math.min(START, found.size));
    return dataset.read(found, 0, (await loadDecoder()).bytesToOpen(start));
}

/** A reader that nobody uses, and nobody will. */
function close(entry) {
    if (entry.isForgotten && entry.users === 0)
        entry.opening.then((opened) => opened?.reader.close(), () => {});
}

export class Blocks {
    #opened = new Map();

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
        const { opened, wanted, isNew } = await this.#withOpened(chunk, key, (reader) => reader.ranges(start, this.chunk));
        if (!opened)
            return this.#cut(await this.dataset.elements(chunk, decode), start);
        const { found, head } = opened, parts = await this.#parts(found, wanted);
        const bytes = await this.pool.read(key, { head, size: found.size, parts, start, count: this.chunk });
        if (bytes.length !== this.chunkBytes)
            throw new FileError("it has another shape than the dataset's chunks");
        const read = parts.reduce((sum, part) => sum + part.bytes.length, isNew ? head.length : 0);
        return { numbers: numbersOf(bytes, this.type), read };
    }

    /** What `use` makes of the reader of a chunk, which stays open for the next ones. */
    async #withOpened(chunk, key, use) {
        const before = this.#opened.get(key), entry = before ?? { opening: this.#open(chunk), users: 0 };
        this.#opened.delete(key);
        this.#opened.set(key, entry);
        entry.users++;
        if (this.#opened.size > MOST_KEPT)
            this.#forget(this.#opened.keys().next().value);
        try {
            const opened = await entry.opening;
            return { opened, wanted: opened && use(opened.reader), isNew: !before };
        } catch (error) {
            this.#forget(key);
            throw error;
        } finally {
            entry.users--;
            close(entry);
        }
    }

    #forget(key) {
        const entry = this.#opened.get(key);
        this.#opened.delete(key);
        if (entry) {
            entry.isForgotten = true;
            close(entry);
        }
    }

    /** Where the chunk is, the bytes that open it, and a reader that knows where its blocks are; null where it
     * is not there, or not compressed. */
    async #open(chunk) {
        const found = await this.dataset.index.find(chunk);
        if (!found || found.mask !== 0)
            return null;
        const head = await headOf(this.dataset, found), decoder = await loadDecoder();
        return { found, head, reader: decoder.open(head, found.size) };
    }

    /** Bytes of the blocks that a part meets, which are not kept: the elements are. */
    #parts(found, wanted) {
        return Promise.all(joined(wanted).map(async ({ offset, size }) =>
            ({ offset, bytes: await this.dataset.read(found, offset, size) })));
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
