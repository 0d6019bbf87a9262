/* h5prism as a codec of zarrita: reading Zarr arrays of formats 2 and 3. */
import { loadDecoder, decodeBytes, inspect, swapBytes } from "./index.js";

const refuse = async () => {
    throw new Error("h5prism does not encode in JavaScript: this codec reads only");
};

/** The serializer "h5prism" of format 3: a chunk knows the type of its elements. */
class ElementsCodec {
    kind = "array_to_bytes";
    encode = refuse;

    constructor(bytesCodec, shape) {
        this.bytesCodec = bytesCodec;
        this.count = shape.reduce((product, size) => product * size, 1);
    }

    async decode(bytes) {
        const { shape, order } = await inspect(bytes), elements = await decodeBytes(bytes);
        const count = shape.reduce((product, size) => product * size, 1);
        if (count !== this.count)
            throw new Error(`a chunk holds ${count} elements where the array's chunks have ${this.count}`);
        const little = order === "big" ? swapBytes(elements, elements.length / count) : elements;
        return this.bytesCodec.decode(little);
    }
}

/** The codec of format 2, and "numcodecs.h5prism" of format 3: bytes in, bytes out. */
class BytesCodec {
    kind = "bytes_to_bytes";
    encode = refuse;
    decode = decodeBytes;

    static fromConfig() {
        return new BytesCodec();
    }
}

/**
 * Makes h5prism known to zarrita: registerH5prism(zarr.registry).
 * @param registry zarrita's own; its codec "bytes" makes arrays of elements
 */
export function registerH5prism(registry) {
    registry.set("h5prism", async () => {
        await loadDecoder();
        const plain = await registry.get("bytes")();
        return { kind: "array_to_bytes", fromConfig: (_, meta) =>
            new ElementsCodec(plain.fromConfig({ endian: "little" }, meta), meta.shape) };
    });
    registry.set("numcodecs.h5prism", async () => BytesCodec);
}
