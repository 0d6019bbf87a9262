/* Decodes one chunk after the other. */
import { decodeBytes } from "./package/index.js";

onmessage = async ({ data }) => {
    try {
        const bytes = await decodeBytes(data);
        postMessage({ bytes }, [bytes.buffer]);
    } catch (error) {
        postMessage({ error: error.message });
    }
};
