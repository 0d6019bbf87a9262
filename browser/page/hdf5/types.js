/* Types of elements, and elements as numbers. */

const CLASSES = [
    "integer", "float", "time", "text", "bits", "opaque", "compound", "reference", "enumeration",
    "variable", "array",
];

/** {kind, size, ...}: of integers and floats also `array`, what holds elements in this machine. */
export function readType(cursor) {
    const first = cursor.number(1), bits = cursor.number(3), size = cursor.number(4);
    const kind = CLASSES[first & 15] ?? "unknown", version = first >> 4;
    if (kind === "integer")
        return readInteger(cursor, bits, size);
    if (kind === "float")
        return readFloat(cursor, bits, size);
    if (kind === "enumeration")
        return { ...readType(cursor), isEnumeration: true };
    if (kind === "variable")
        return { kind, size, isText: (bits & 15) === 1, base: readType(cursor), name: "variable length" };
    if (kind === "array")
        return readArray(cursor, size, version);
    return { kind, size, name: kind === "text" ? `text of ${size} bytes` : kind };
}

function readInteger(cursor, bits, size) {
    const offset = cursor.number(2), precision = cursor.number(2);
    const isSigned = (bits & 8) !== 0, name = `${isSigned ? "" : "u"}int${8 * size}`;
    const isPlain = offset === 0 && precision === 8 * size;
    return { kind: "integer", size, isBig: (bits & 1) !== 0, name, format: isPlain ? name : null };
}

function readFloat(cursor, bits, size) {
    const [offset, precision] = [cursor.number(2), cursor.number(2)];
    const exponent = cursor.skip(1).number(1);
    const isPlain = offset === 0 && precision === 8 * size && (bits & 0x40) === 0;
    const name = size === 2 && exponent === 8 ? "bfloat16" : `float${8 * size}`;
    return { kind: "float", size, isBig: (bits & 1) !== 0, name, format: isPlain ? name : null };
}

function readArray(cursor, size, version) {
    const rank = cursor.number(1);
    if (version < 3)
        cursor.skip(3);
    const shape = Array.from({ length: rank }, () => cursor.number(4));
    if (version < 3)
        cursor.skip(4 * rank);
    const base = readType(cursor);
    return { kind: "array", size, shape, base, name: `${base.name} (${shape.join(" x ")})` };
}

const FORMATS = {
    int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array,
    uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array, float16: Uint16Array,
    bfloat16: Uint16Array, float32: Float32Array, float64: Float64Array,
};

/** Whether elements are numbers that this page can show. */
export const isNumeric = (type) => type.format in FORMATS;

/** Bytes as an array of numbers; those of 64 bits as the nearest float64. May turn bytes around. */
export function numbersOf(bytes, type) {
    if (type.isBig && type.size > 1)
        turn(bytes, type.size);
    const aligned = bytes.byteOffset % type.size ? bytes.slice() : bytes;
    const numbers = new FORMATS[type.format](aligned.buffer, aligned.byteOffset, Math.floor(bytes.length / type.size));
    if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array)
        return Float64Array.from(numbers, Number);
    if (type.format === "bfloat16")
        return new Float32Array(Uint32Array.from(numbers, (half) => half << 16).buffer);
    return type.format === "float16" ? Float32Array.from(numbers, floatOfHalf) : numbers;
}

function turn(bytes, size) {
    for (let at = 0; at + size <= bytes.length; at += size)
        bytes.subarray(at, at + size).reverse();
}

function floatOfHalf(half) {
    const sign = half & 0x8000 ? -1 : 1, exponent = (half >> 10) & 31, fraction = half & 1023;
    if (exponent === 31)
        return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
}
