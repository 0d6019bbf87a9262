/* What undoes the filters of a chunk. */
import { FileError } from "./source.js";

const DEFLATE = 1, SHUFFLE = 2, FLETCHER32 = 3;
export const PRISM = 33128;
const NAMES = {
    4: "szip", 5: "nbit", 6: "scaleoffset", 307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4",
    32008: "bitshuffle", 32013: "zfp", 32015: "zstd", 32026: "blosc2",
};

export const filterName = ({ id, name }) => ({ 1: "gzip", 2: "shuffle", 3: "fletcher32",
    [PRISM]: "h5prism" })[id] ?? NAMES[id] ?? (name || `filter ${id}`);

/** Why a pipeline cannot be undone here, or null. */
export function refusal(filters) {
    const unknown = filters.find(({ id }) => ![DEFLATE, SHUFFLE, FLETCHER32, PRISM].includes(id));
    return unknown
        ? `It is compressed by ${filterName(unknown)} (filter ${unknown.id}), which this page does not have. ` +
          "It has h5prism, gzip, shuffle and fletcher32."
        : null;
}

/** @param decode what decodes a chunk of h5prism @param mask of filters that were left out */
export async function undo(bytes, filters, mask, decode) {
    for (let i = filters.length - 1; i >= 0; i--)
        if (!(mask & (1 << i)))
            bytes = await undoOne(bytes, filters[i], decode);
    return bytes;
}

function undoOne(bytes, { id, values }, decode) {
    switch (id) {
    case PRISM:
        return decode(bytes);
    case DEFLATE:
        return inflate(bytes);
    case SHUFFLE:
        return unshuffle(bytes, values[0]);
    case FLETCHER32:
        return checked(bytes);
    default:
        throw new FileError(refusal([{ id, values }]));
    }
}

async function inflate(bytes) {
    try {
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
        return new Uint8Array(await new Response(stream).arrayBuffer());
    } catch {
        throw new FileError("its bytes are not what gzip wrote");
    }
}

function unshuffle(bytes, size) {
    const count = Math.floor(bytes.length / size), result = new Uint8Array(bytes.length);
    for (let part = 0; part < size; part++)
        for (let i = 0; i < count; i++)
            result[i * size + part] = bytes[part * count + i];
    result.set(bytes.subarray(count * size), count * size);
    return result;
}

/** HDF5 sums big-endian words of 16 bits, modulo 65535. */
function checked(bytes) {
    const data = bytes.subarray(0, bytes.length - 4), stored = bytes.subarray(bytes.length - 4);
    let low = 0, high = 0;
    for (let at = 0; at < data.length; at += 2) {
        low = (low + (data[at] << 8) + (data[at + 1] ?? 0)) % 65535;
        high = (high + low) % 65535;
    }
    const sum = ((high << 16) | low) >>> 0;
    const found = new DataView(stored.buffer, stored.byteOffset, 4).getUint32(0, true);
    const isSame = (a, b) => a % 65535 === b % 65535; // 0 and 65535 are the same sum
    if (!isSame(sum >>> 16, found >>> 16) || !isSame(sum & 65535, found & 65535))
        throw new FileError("the checksum of fletcher32 is another one");
    return data;
}
