/** Elements of chunks; floats of 16 bits come as their bits. */
export type Elements =
    | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array
    | BigInt64Array | BigUint64Array | Float32Array | Float64Array;

export type ElementType =
    | "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32" | "int64" | "uint64"
    | "float16" | "bfloat16" | "float32" | "float64";

/** What a chunk says of itself. docs/FORMAT.md explains the words. */
export interface ChunkInfo {
    type: ElementType;
    order: "little" | "big";
    shape: number[];
    mapping: string;
    transform: string;
    predictor: string;
    coder: "deflate" | "jxl" | "ans" | "raw" | "zstd";
    method: string;
    effort: number;
    bound: "none" | "max_error" | "rel_max_error" | "rel_rmse" | "distance";
    boundValue: number;
    /** The error in the end, in the unit of `boundValue`. */
    reached: number;
    headerBytes: number;
    parameterBytes: number;
    payloadBytes: number;
    /** Bytes that decoding takes at most, beside the elements. */
    decodeBytes: number;
    /** Along which the planes lie; null: there is a single plane, or several axes count them. */
    axis: number | null;
}

/** Elements in C order, in this machine's byte order. */
export interface DecodedArray {
    data: Elements;
    shape: number[];
    info: ChunkInfo;
}

export type Status =
    | "ARGUMENT" | "OPTION" | "TYPE" | "SHAPE" | "MEMORY" | "CAPACITY" | "TRUNCATED" | "CORRUPT"
    | "CHECKSUM" | "VERSION" | "UNAVAILABLE" | "VERIFY" | "INTERNAL";

export class PrismError extends Error {
    constructor(status: Status, message: string);
    readonly status: Status;
}

/** Bytes of a chunk, from its first one. */
export interface ByteRange {
    offset: number;
    size: number;
}

/** A chunk that is read in parts. Of chunks in blocks, a part decodes no more than its blocks. */
export interface ChunkReader {
    readonly info: ChunkInfo;
    /** Elements start[i] ... start[i] + count[i] - 1 along every axis. */
    read(start: readonly number[], count: readonly number[]): DecodedArray;
    /** The same as bytes, in the chunk's own byte order. */
    readBytes(start: readonly number[], count: readonly number[]): Uint8Array;
    /** What `read` looks at, where the chunk was opened without all of its bytes: in order; none unless
     * it is in blocks. */
    ranges(start: readonly number[], count: readonly number[]): ByteRange[];
    /** Bytes of the chunk that were not there when it was opened. */
    put(offset: number, bytes: Uint8Array): void;
    close(): void;
}

/** The address, the bytes or the compiled module of a .wasm file. */
export type ModuleSource = string | URL | BufferSource | WebAssembly.Module;

/** One instance of the module, for one thread. */
export class Decoder {
    private constructor();
    static load(source?: ModuleSource): Promise<Decoder>;
    readonly version: string;
    inspect(chunk: Uint8Array): ChunkInfo;
    decode(chunk: Uint8Array): DecodedArray;
    decodeBytes(chunk: Uint8Array): Uint8Array;
    /** How many bytes of a chunk it takes to open it. `start` are its first 512, or all if it is
     * shorter. */
    bytesToOpen(start: Uint8Array): number;
    /** Of a chunk in blocks, as many bytes as bytesToOpen says are enough, with the size of all. */
    open(chunk: Uint8Array, size?: number): ChunkReader;
}

/** The decoder of this thread, loaded once. */
export function loadDecoder(source?: ModuleSource): Promise<Decoder>;

/** What a chunk says of itself, of which as many bytes as it takes to open it are enough. Rejects with PrismError
 * what is not a chunk. */
export function inspect(chunk: Uint8Array): Promise<ChunkInfo>;

/** The elements of a chunk. Rejects with PrismError where the chunk is damaged. */
export function decode(chunk: Uint8Array): Promise<DecodedArray>;

/** The elements as bytes, in the chunk's own byte order. */
export function decodeBytes(chunk: Uint8Array): Promise<Uint8Array>;

/** Turns the bytes of each element around, where they are. */
export function swapBytes(bytes: Uint8Array, size: number): Uint8Array;
