/* Chunks of h5prism: one decoder for the whole page or program, loaded when it is first asked for. */
import { Decoder, PrismError } from "./decoder.js";

export { Decoder, PrismError, swapBytes } from "./decoder.js";

const jxlModule = new URL("./h5prism-jxl.wasm", import.meta.url);
const loaded = new Map();

/** The decoder of this thread, loaded once. */
export function loadDecoder(source) {
    const key = source instanceof URL ? source.href : source ?? "";
    if (!loaded.has(key)) {
        const loading = Decoder.load(source);
        loaded.set(key, loading);
        loading.catch(() => loaded.delete(key));
    }
    return loaded.get(key);
}

/** Chunks of JPEG XL take another module, with libjxl, which is loaded when one is met. */
async function withDecoder(chunk, use) {
    const decoder = await loadDecoder();
    try {
        return use(decoder);
    } catch (error) {
        if (!(error instanceof PrismError) || error.status !== "UNAVAILABLE")
            throw error;
        return use(await loadWithJxl(error));
    }
}

async function loadWithJxl(reason) {
    try {
        return await loadDecoder(jxlModule);
    } catch (error) {
        throw new PrismError(reason.status,
            `JPEG XL needs the module h5prism-jxl.wasm, which cannot be loaded: ${error.message}`);
    }
}

/** The elements of a chunk, with shape and type. */
export const decode = (chunk) => withDecoder(chunk, (decoder) => decoder.decode(chunk));

/** The elements as bytes, in the chunk's own byte order. */
export const decodeBytes = (chunk) => withDecoder(chunk, (decoder) => decoder.decodeBytes(chunk));

/** What a chunk says of itself. */
export const inspect = (chunk) => withDecoder(chunk, (decoder) => decoder.inspect(chunk));
