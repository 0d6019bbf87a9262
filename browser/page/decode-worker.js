/* Decodes one chunk, or a part of one, after the other. */
import { decodeBytes, loadDecoder } from "./package/index.js";
import { MOST_OPEN } from "./pool.js";

const open = new Map();

onmessage = async ({ data }) => {
    try {
        const bytes = data.key === undefined ? await decodeBytes(data.bytes) : await readPart(data);
        postMessage({ bytes }, [bytes.buffer]);
    } catch (error) {
        postMessage({ error: error.message });
    }
};

async function readPart({ key, head, size, parts, start, count }) {
    const reader = open.get(key) ?? (await loadDecoder()).open(head, size);
    open.delete(key);
    open.set(key, reader);
    if (open.size > MOST_OPEN) {
        const [[oldest, closing]] = open;
        closing.close();
        open.delete(oldest);
    }
    for (const { offset, bytes } of parts)
        reader.put(offset, bytes);
    return reader.readBytes(start, count);
}
