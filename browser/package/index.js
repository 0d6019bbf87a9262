/* Chunks of h5prism: one decoder for the whole page or program, loaded when it is first asked for. */
import { Decoder, PrismError } from "./decoder.js";

export { Decoder, PrismError, swapBytes } from "./decoder.js";

const loaded = new Map();

/** The decoder of this thread, loaded once. */
export function loadDecoder(source) {
    const key = source ?? "";
    if (!loaded.has(key)) {
        const loading = Decoder.load(source);
        loaded.set(key, loading);
        loading.catch(() => loaded.delete(key));
    }
    return loaded.get(key);
}

async function withDecoder(chunk, use) {
    try {
        return use(await loadDecoder());
    } catch (error) {
        throw error instanceof PrismError ? await explained(error) : error;
    }
}

async function explained(error) {
    return error.status === "UNAVAILABLE"
        ? new PrismError(error.status, `JPEG XL is not in this decoder: ${error.message}`)
        : error;
}

/** The elements of a chunk, with shape and type. */
export const decode = (chunk) => withDecoder(chunk, (decoder) => decoder.decode(chunk));

/** The elements as bytes, in the chunk's own byte order. */
export const decodeBytes = (chunk) => withDecoder(chunk, (decoder) => decoder.decodeBytes(chunk));

/** What a chunk says of itself. */
export const inspect = (chunk) => withDecoder(chunk, (decoder) => decoder.inspect(chunk));
