/* The decoder: chunks of h5prism, in browsers and in Node, by WebAssembly. */

const TYPES = [
    null, "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16",
    "bfloat16", "float32", "float64",
];
const SIZES = [0, 1, 1, 2, 2, 4, 4, 8, 8, 2, 2, 4, 8];
const ARRAYS = [
    null, Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array,
    BigUint64Array, Uint16Array, Uint16Array, Float32Array, Float64Array,
];
const MAPPINGS = [
    "none", "table", "lattice", "fixed", "scaled", "uniform", "near", "spatial", "wavelet",
    "distance", "mask", "split", "colours", "repeats", "recent",
];
const TRANSFORMS = ["auto", "none", "channels", "stack"];
const PREDICTORS = ["auto", "none", "paeth", "lsq"];
const CODERS = ["auto", "deflate", "jxl", "ans", "raw", "zstd"];
const METHODS = [
    "none", "quick", "lsq", "adaptive", "frames", "palette", "mixed", "order0", "blocks",
];
const BOUNDS = ["none", "max_error", "rel_max_error", "rel_rmse", "distance"];
const STATUSES = [
    "OK", "ARGUMENT", "OPTION", "TYPE", "SHAPE", "MEMORY", "CAPACITY", "TRUNCATED", "CORRUPT",
    "CHECKSUM", "VERSION", "UNAVAILABLE", "VERIFY", "INTERNAL",
];
const FACTS = 17;
const MOST_AXES = 32;
const ERROR_BYTES = 244; // prism_error: a status, and 240 bytes of text

export class PrismError extends Error {
    constructor(status, message) {
        super(message);
        this.name = "PrismError";
        this.status = status;
    }
}

/** Turns the bytes of each element around. */
export function swapBytes(bytes, size) {
    for (let at = 0; at + size <= bytes.length; at += size)
        for (let low = at, high = at + size - 1; low < high; low++, high--)
            [bytes[low], bytes[high]] = [bytes[high], bytes[low]];
    return bytes;
}

async function readBytes(source) {
    if (source.protocol !== "file:") {
        const answer = await fetch(source);
        if (!answer.ok)
            throw new Error(`${source} cannot be loaded: ${answer.status} ${answer.statusText}`);
        return answer.arrayBuffer();
    }
    const { readFile } = await import("node:fs/promises");
    return readFile(source);
}

async function compile(source) {
    if (source instanceof WebAssembly.Module)
        return source;
    const isAddress = typeof source === "string" || source instanceof URL;
    const base = globalThis.document?.baseURI ?? globalThis.location?.href ?? import.meta.url;
    return WebAssembly.compile(isAddress ? await readBytes(new URL(source, base)) : source);
}

const BAD_FILE = 8; // of WASI: there are no files

/** What only encoding would call is not in the module; growth of memory is of no concern. */
function importsOf(module) {
    const imports = {};
    for (const { module: name, name: item } of WebAssembly.Module.imports(module))
        (imports[name] ??= {})[item] = () => {
            if (item === "emscripten_notify_memory_growth")
                return 0;
            if (name.startsWith("wasi") && item !== "proc_exit")
                return BAD_FILE;
            throw new Error(`the decoder has no ${item}`);
        };
    return imports;
}

/** One instance of the module. Not to be called from several threads: workers load their own. */
export class Decoder {
    #wasm;
    #error;

    constructor(exports) {
        this.#wasm = exports;
        this.#error = exports.malloc(ERROR_BYTES) >>> 0;
    }

    /** @param source the address, the bytes or the compiled module of h5prism.wasm */
    static async load(source = new URL("./h5prism.wasm", import.meta.url)) {
        const module = await compile(source);
        const { exports } = await WebAssembly.instantiate(module, importsOf(module));
        exports._initialize();
        return new Decoder(exports);
    }

    get version() {
        return this.#text(this.#wasm.prism_version() >>> 0);
    }

    /** What a chunk says of itself. As many bytes as bytesToOpen says are enough. */
    inspect(chunk) {
        return this.#with(chunk, (at) => this.#inspect(at, chunk.length));
    }

    /** The elements as bytes, in the chunk's own byte order. */
    decodeBytes(chunk) {
        return this.#with(chunk, (at) => this.#decode(at, chunk.length, this.#inspect(at, chunk.length)));
    }

    /** The elements in this machine's byte order, with their shape. */
    decode(chunk) {
        return this.#with(chunk, (at) => {
            const info = this.#inspect(at, chunk.length);
            return this.#array(this.#decode(at, chunk.length, info), info.shape, info);
        });
    }

    /** How many bytes of a chunk, of which `start` has the first ones, it takes to open it. */
    bytesToOpen(start) {
        const place = this.#allocate(4);
        try {
            this.#check(this.#with(start, (at) =>
                this.#wasm.prism_planes_size(at, start.length, 0n, place, this.#error)));
            return this.#number(place);
        } finally {
            this.#wasm.free(place);
        }
    }

    /**
     * Opens a chunk to read parts of it; to be closed. Chunks in blocks decode no more than that.
     * @param chunk all of it, or as many bytes as bytesToOpen says @param size of the whole chunk
     */
    open(chunk, size = chunk.length) {
        const at = this.#copy(chunk, size), place = this.#allocate(4);
        try {
            const info = this.#inspect(at, size);
            this.#check(this.#wasm.prism_open(at, size, 0, place, this.#error));
            const reader = this.#number(place);
            return {
                info,
                readBytes: (start, count) => this.#region(reader, info, start, count),
                read: (start, count) => this.#array(this.#region(reader, info, start, count), count, info),
                ranges: (start, count) => this.#ranges(reader, info, start, count),
                put: (offset, bytes) => this.#put(at, size, offset, bytes),
                close: () => {
                    this.#wasm.prism_close(reader);
                    this.#wasm.free(at);
                },
            };
        } catch (error) {
            this.#wasm.free(at);
            throw error;
        } finally {
            this.#wasm.free(place);
        }
    }

    #inspect(at, size) {
        const place = this.#allocate((FACTS + MOST_AXES) * 8);
        try {
            this.#check(this.#wasm.decoder_inspect(at, size, place, this.#error));
            const facts = new Float64Array(this.#wasm.memory.buffer, place, FACTS + MOST_AXES);
            const rank = facts[16];
            return {
                type: TYPES[facts[0]],
                order: facts[1] === 1 ? "big" : "little",
                shape: Array.from(facts.subarray(FACTS, FACTS + rank)),
                mapping: MAPPINGS[facts[2]] ?? "unknown",
                transform: TRANSFORMS[facts[3]],
                predictor: PREDICTORS[facts[4]],
                coder: CODERS[facts[5]],
                method: METHODS[facts[6]],
                effort: facts[7],
                bound: BOUNDS[facts[8]],
                boundValue: facts[9],
                reached: facts[10],
                headerBytes: facts[11],
                parameterBytes: facts[12],
                payloadBytes: facts[13],
                decodeBytes: facts[14],
                axis: facts[15] < 0 ? null : facts[15],
            };
        } finally {
            this.#wasm.free(place);
        }
    }

    #decode(at, size, info) {
        return this.#taken(bytesOf(info.shape, info), (place, bytes) =>
            this.#wasm.prism_decode(at, size, place, bytes, 0, this.#error));
    }

    #region(reader, info, start, count) {
        return this.#withBox(start, count, (first, size) => this.#taken(bytesOf(count, info), (place, bytes) =>
            this.#wasm.prism_read_region(reader, first, size, place, bytes, this.#error)));
    }

    #ranges(reader, info, start, count) {
        return this.#withBox(start, count, (first, size) => {
            const found = this.#allocate(4);
            const ask = (ranges, capacity) => this.#check(this.#wasm.prism_region_ranges(
                reader, first, 1, size, ranges, capacity, found, this.#error));
            try {
                ask(0, 0);
                const some = this.#number(found);
                const numbers = new BigUint64Array(this.#taken(16 * some, (place) => (ask(place, some), 0)).buffer);
                return Array.from({ length: some }, (_, i) =>
                    ({ offset: Number(numbers[2 * i]), size: Number(numbers[2 * i + 1]) }));
            } finally {
                this.#wasm.free(found);
            }
        });
    }

    #put(at, size, offset, bytes) {
        if (!(offset >= 0 && offset + bytes.length <= size))
            throw new PrismError("ARGUMENT", `bytes ${offset} to ${offset + bytes.length} of a chunk of ${size}`);
        new Uint8Array(this.#wasm.memory.buffer).set(bytes, at + offset);
    }

    /** What `use` makes of the first positions and the lengths along all axes, in the module's memory. */
    #withBox(start, count, use) {
        const place = this.#allocate(16 * start.length), view = new DataView(this.#wasm.memory.buffer);
        [...start, ...count].forEach((value, i) => view.setBigUint64(place + 8 * i, BigInt(value), true));
        try {
            return use(place, place + 8 * start.length);
        } finally {
            this.#wasm.free(place);
        }
    }

    /** What `fill` writes into so many bytes of the module's memory. */
    #taken(bytes, fill) {
        const place = this.#allocate(bytes);
        try {
            this.#check(fill(place, bytes));
            return new Uint8Array(this.#wasm.memory.buffer, place, bytes).slice();
        } finally {
            this.#wasm.free(place);
        }
    }

    #array(bytes, shape, info) {
        const type = TYPES.indexOf(info.type);
        if (info.order === "big")
            swapBytes(bytes, SIZES[type]);
        return { data: new ARRAYS[type](bytes.buffer), shape: [...shape], info };
    }

    #with(chunk, use) {
        const at = this.#copy(chunk);
        try {
            return use(at);
        } finally {
            this.#wasm.free(at);
        }
    }

    #number(place) {
        return new DataView(this.#wasm.memory.buffer).getUint32(place, true);
    }

    #copy(chunk, size = chunk.length) {
        const at = this.#allocate(Math.max(size, chunk.length));
        new Uint8Array(this.#wasm.memory.buffer).set(chunk, at);
        return at;
    }

    #allocate(bytes) {
        const at = bytes < 2 ** 32 ? this.#wasm.malloc(Math.max(bytes, 1)) >>> 0 : 0;
        if (at === 0)
            throw new PrismError("MEMORY", `out of memory: ${bytes} bytes are not to be had`);
        return at;
    }

    #check(status) {
        if (status !== 0)
            throw new PrismError(STATUSES[status] ?? "INTERNAL", this.#text(this.#error + 4));
    }

    #text(at) {
        const bytes = new Uint8Array(this.#wasm.memory.buffer);
        return new TextDecoder().decode(bytes.slice(at, bytes.indexOf(0, at)));
    }
}

function bytesOf(shape, info) {
    return shape.reduce((product, size) => product * size, SIZES[TYPES.indexOf(info.type)]);
}
