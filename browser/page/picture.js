/* A dataset as pictures: which axes are rows, columns and channels, and the tiles that chunks make of it. */

/** Bytes of decoded chunks that are kept. */
const KEPT = 384e6;

/**
 * Which axes are rows, columns and channels; -1: there is none. All others count frames.
 * @param planeAxis along which a chunk says that its planes lie, or null: believed where chunks have all of it
 */
export function guessRoles(shape, chunk, planeAxis) {
    const long = shape.map((size, axis) => axis).filter((axis) => shape[axis] > 1);
    if (long.length < 2)
        return { rows: -1, columns: long[0] ?? shape.length - 1, channels: -1 };
    if (long.length === 2)
        return { rows: long[0], columns: long[1], channels: -1 };
    const three = long.slice(-3);
    const isLikely = (planeAxis === three[0] || planeAxis === three[2]) && chunk[planeAxis] >= shape[planeAxis];
    const channels = isLikely ? planeAxis : guessChannels(shape, three);
    const [rows, columns] = three.filter((axis) => axis !== channels);
    return { rows, columns, channels };
}

/** The last one, or the first one if the others are nearer to a square. */
function guessChannels(shape, [first, middle, last]) {
    const shapeOf = (a, b) => Math.abs(Math.log(shape[a] / shape[b]));
    return shape[last] > 4 && shapeOf(middle, last) < shapeOf(first, middle) ? first : last;
}

export class Picture {
    #kept = { chunks: new Map(), bytes: 0 }; // promises of elements, the one used last at the end

    /** @param decode of a chunk of h5prism @param frame an index for each axis that counts frames */
    constructor(dataset, roles, frame, decode) {
        Object.assign(this, { dataset, roles, frame, decode });
        const sizeOf = (axis) => (axis < 0 ? 1 : dataset.shape[axis]);
        const chunkOf = (axis) => (axis < 0 ? 1 : dataset.chunk[axis]);
        [this.height, this.width, this.channels] = [roles.rows, roles.columns, roles.channels].map(sizeOf);
        [this.tileHeight, this.tileWidth, this.tileChannels] =
            [roles.rows, roles.columns, roles.channels].map(chunkOf);
        this.strides = dataset.chunk.map((_, axis) =>
            dataset.chunk.slice(axis + 1).reduce((product, size) => product * size, 1));
        this.tileBytes = dataset.chunkBytes * Math.ceil(this.channels / this.tileChannels);
    }

    /** Keeps decoded chunks: another frame may be in the same ones. */
    withFrame(frame) {
        const other = new Picture(this.dataset, this.roles, frame, this.decode);
        other.#kept = this.#kept;
        return other;
    }

    /** Tiles that a part of the picture meets, those in its middle first. */
    tilesIn({ top, bottom, left, right }) {
        const tiles = [], { tileHeight, tileWidth } = this;
        const lastRow = Math.ceil(Math.min(bottom, this.height) / tileHeight);
        const lastColumn = Math.ceil(Math.min(right, this.width) / tileWidth);
        for (let row = Math.max(Math.floor(top / tileHeight), 0); row < lastRow; row++)
            for (let column = Math.max(Math.floor(left / tileWidth), 0); column < lastColumn; column++)
                tiles.push({ row, column });
        const distance = ({ row, column }) => Math.hypot((row + 0.5) * tileHeight - (top + bottom) / 2,
            (column + 0.5) * tileWidth - (left + right) / 2);
        return tiles.sort((a, b) => distance(a) - distance(b));
    }

    /** Where a tile lies in the picture. */
    boxOf({ row, column }) {
        const top = row * this.tileHeight, left = column * this.tileWidth;
        return { top, left, height: Math.min(this.tileHeight, this.height - top),
            width: Math.min(this.tileWidth, this.width - left) };
    }

    #placeOf({ row, column }, group) {
        const { rows, columns, channels } = this.roles;
        return this.dataset.chunk.map((size, axis) => axis === rows ? row : axis === columns ? column :
            axis === channels ? group : Math.floor((this.frame[axis] ?? 0) / size));
    }

    /** The parts of a tile that have the channels from a list, or all. */
    async load(tile, wanted) {
        const groups = wanted
            ? [...new Set(wanted.map((channel) => Math.floor(channel / this.tileChannels)))]
            : Array.from({ length: Math.ceil(this.channels / this.tileChannels) }, (_, group) => group);
        const box = this.boxOf(tile);
        const parts = await Promise.all(groups.map((group) => this.#part(tile, group)));
        return new Tile(this, box, parts);
    }

    async #part(tile, group) {
        const place = this.#placeOf(tile, group), { numbers, read, isNew } = await this.#chunk(place);
        const first = group * this.tileChannels;
        const base = place.reduce((sum, at, axis) => {
            const isFrame = ![this.roles.rows, this.roles.columns, this.roles.channels].includes(axis);
            const index = isFrame ? (this.frame[axis] ?? 0) % this.dataset.chunk[axis] : 0;
            return sum + index * this.strides[axis];
        }, 0);
        return { numbers, read, isNew, base, first, count: Math.min(this.tileChannels, this.channels - first) };
    }

    async #chunk(place) {
        const key = place.join(), { chunks } = this.#kept, before = chunks.get(key);
        chunks.delete(key);
        const loading = before ?? this.#decode(place);
        chunks.set(key, loading);
        if (!before) {
            this.#kept.bytes += this.dataset.chunkBytes;
            loading.catch(() => this.#giveUp(key, loading));
            this.#makeRoom(key);
        }
        return { ...await loading, isNew: !before };
    }

    #makeRoom(newest) {
        for (const [key, loading] of this.#kept.chunks) {
            if (this.#kept.bytes <= KEPT || key === newest)
                return;
            this.#giveUp(key, loading);
        }
    }

    #giveUp(key, loading) {
        if (this.#kept.chunks.get(key) === loading) {
            this.#kept.chunks.delete(key);
            this.#kept.bytes -= this.dataset.chunkBytes;
        }
    }

    async #decode(place) {
        try {
            return await this.dataset.elements(place, this.decode);
        } catch (error) {
            throw new ChunkError(this, place, error);
        }
    }

    stride(axis) {
        return axis < 0 ? 0 : this.strides[axis];
    }
}

/** Which chunk cannot be read, and why. */
export class ChunkError extends Error {
    constructor({ dataset }, place, reason) {
        const ranges = place.map((at, axis) => {
            const start = at * dataset.chunk[axis];
            return `${start}–${Math.min(start + dataset.chunk[axis], dataset.shape[axis]) - 1}`;
        });
        place = dataset.chunkOf?.(place) ?? place;
        super(`Chunk (${place.join(", ")}) of ${dataset.path}, elements [${ranges.join(", ")}], ` +
              `cannot be read: ${reason.message.replace(/\.$/, "")}.`);
        this.place = place;
    }
}

/** Decoded elements of a tile: value (y, x, channel) is numbers[base + ...] of the channel's part. */
class Tile {
    constructor(picture, box, parts) {
        const { rows, columns, channels } = picture.roles;
        Object.assign(this, { ...box, parts, rowStride: picture.stride(rows),
            columnStride: picture.stride(columns), channelStride: picture.stride(channels) });
    }

    partOf(channel) {
        return this.parts.find(({ first, count }) => channel >= first && channel < first + count);
    }

    /** All channels of a position of the tile, into `values`. */
    gather(y, x, values) {
        for (const { numbers, base, first, count } of this.parts) {
            let at = base + y * this.rowStride + x * this.columnStride;
            for (let c = 0; c < count; c++, at += this.channelStride)
                values[first + c] = numbers[at];
        }
    }

    /** One channel of every step-th position. */
    channel(channel, step) {
        const { numbers, base, first } = this.partOf(channel), values = new Float64Array(this.sizeBy(step));
        const start = base + (channel - first) * this.channelStride;
        let next = 0;
        for (let y = 0; y < this.height; y += step)
            for (let x = 0; x < this.width; x += step)
                values[next++] = numbers[start + y * this.rowStride + x * this.columnStride];
        return values;
    }

    /** Of every step-th position: the sum over channels of weights * (value - means). */
    project(weights, means, step) {
        const sums = new Float64Array(this.sizeBy(step)), columns = Math.ceil(this.width / step);
        for (const { numbers, base, first, count } of this.parts)
            for (let y = 0, row = 0; y < this.height; y += step, row += columns)
                this.#projectRow(sums, row, { numbers, first, count, weights, means, step,
                    start: base + y * this.rowStride });
        return sums;
    }

    /** Along the shorter stride, which is where the next element in memory is. */
    #projectRow(sums, row, { numbers, first, count, weights, means, step, start }) {
        const { width, columnStride, channelStride } = this;
        if (channelStride < columnStride) {
            for (let x = 0, to = row; x < width; x += step, to++) {
                let at = start + x * columnStride, sum = 0;
                for (let c = first; c < first + count; c++, at += channelStride)
                    if (weights[c] !== 0)
                        sum += weights[c] * (numbers[at] - means[c]);
                sums[to] += sum;
            }
            return;
        }
        for (let c = first; c < first + count; c++, start += channelStride) {
            const weight = weights[c], mean = means[c];
            if (weight !== 0)
                for (let x = 0, to = row; x < width; x += step, to++)
                    sums[to] += weight * (numbers[start + x * columnStride] - mean);
        }
    }

    /** Of every step-th position: the distance of its channels from those of a vector. */
    distances(vector, step) {
        const squares = new Float64Array(this.sizeBy(step)), columns = Math.ceil(this.width / step);
        for (const { numbers, base, first, count } of this.parts)
            for (let c = 0; c < count; c++) {
                const value = vector[first + c];
                if (Number.isNaN(value))
                    continue;
                for (let y = 0, row = 0; y < this.height; y += step, row += columns) {
                    const start = base + c * this.channelStride + y * this.rowStride;
                    for (let x = 0, to = row; x < this.width; x += step, to++)
                        squares[to] += (numbers[start + x * this.columnStride] - value) ** 2;
                }
            }
        return squares.map(Math.sqrt);
    }

    sizeBy(step) {
        return Math.ceil(this.height / step) * Math.ceil(this.width / step);
    }
}
