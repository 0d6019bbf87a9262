/* Object headers, and their messages. */
import { FileError } from "./source.js";
import { readType } from "./types.js";

const SHARED = 2, CONTINUATION = 0x10;
const FIRST_BYTES = 512;
const MOST_MESSAGES = 1 << 16;

/** All messages of the object at an address: [{type, cursor}], shared ones by what they point to. */
export async function readMessages(file, address) {
    const start = await file.cursor(address, Math.min(FIRST_BYTES, file.source.size - address));
    const found = start.text(4) === "OHDR" ? await readNew(file, address, start) : await readOld(file, address);
    for (let i = 0; i < found.length; i++)
        if (found[i].flags & SHARED)
            found[i] = await follow(file, found[i]);
    return found;
}

async function readOld(file, address) {
    const prefix = await file.cursor(address, 16);
    const version = prefix.number(1);
    if (version !== 1)
        throw new FileError(`There is no object where the file says one is (byte ${address}): it is damaged.`);
    const count = prefix.skip(1).number(2);
    const size = prefix.skip(4).number(4), found = [], blocks = [[address + 16, size]];
    for (let next = 0; next < blocks.length; next++) {
        const cursor = await file.cursor(...blocks[next]);
        while (cursor.at + 8 <= cursor.bytes.length && found.length < count) {
            const type = cursor.number(2), length = cursor.number(2), flags = cursor.number(1);
            addMessage(file, found, blocks, type, flags, cursor.skip(3).take(length));
        }
    }
    return found;
}

async function readNew(file, address, start) {
    const flags = start.skip(1).number(1);
    start.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
    const size = start.number(1 << (flags & 3)), found = [];
    const blocks = [[address + start.at, size]];
    for (let next = 0; next < blocks.length; next++) {
        const cursor = await file.cursor(...blocks[next]);
        const end = next ? cursor.bytes.length - 4 : cursor.bytes.length; // a checksum
        if (next)
            cursor.expect("OCHK");
        while (cursor.at + 4 + (flags & 4 ? 2 : 0) <= end) {
            const type = cursor.number(1), length = cursor.number(2), kind = cursor.number(1);
            addMessage(file, found, blocks, type, kind, cursor.skip(flags & 4 ? 2 : 0).take(length));
        }
    }
    return found;
}

function addMessage(file, found, blocks, type, flags, bytes) {
    const cursor = file.cursorOf(bytes);
    if (found.length === MOST_MESSAGES)
        throw new FileError("An object has more messages than can be: the file is damaged.");
    if (type === CONTINUATION)
        blocks.push([cursor.address(), cursor.length()]);
    found.push({ type, flags, cursor });
}

async function follow(file, message) {
    const { cursor, type } = message, version = cursor.number(1), kind = cursor.number(1);
    if (version === 1)
        cursor.skip(6);
    if (version === 3 && kind === 1)
        throw new FileError("The file keeps shared messages in a heap of their own, which this page cannot read.");
    const there = await readMessages(file, cursor.address());
    const found = there.find((other) => other.type === type);
    if (!found)
        throw new FileError("A shared message leads nowhere: the file is damaged.");
    return found;
}

export function readSpace(cursor) {
    const version = cursor.number(1), rank = cursor.number(1), flags = cursor.number(1);
    if (version === 1)
        cursor.skip(5);
    const kind = version === 1 ? 1 : cursor.number(1);
    const shape = Array.from({ length: rank }, () => cursor.length());
    const most = flags & 1 ? Array.from({ length: rank }, () => limitOf(cursor)) : shape;
    return { shape: kind === 2 ? null : shape, most };
}

function limitOf(cursor) {
    const bytes = cursor.take(cursor.sizes.length);
    if (bytes.every((byte) => byte === 255))
        return Infinity;
    cursor.at -= bytes.length;
    return cursor.length();
}

export function readFilters(cursor) {
    const version = cursor.number(1), count = cursor.number(1);
    if (version === 1)
        cursor.skip(6);
    return Array.from({ length: count }, () => readFilter(cursor, version));
}

function readFilter(cursor, version) {
    const id = cursor.number(2), length = version === 1 || id >= 256 ? cursor.number(2) : 0;
    cursor.skip(2); // optional or not
    const count = cursor.number(2), name = length ? cursor.text(length) : "";
    const values = Array.from({ length: count }, () => cursor.number(4));
    if (version === 1 && count % 2)
        cursor.skip(4);
    return { id, name, values };
}

/** Bytes of one element, or null. */
export function readFill(message) {
    const { cursor } = message;
    if (message.type === 4)
        return filled(cursor, cursor.number(4));
    const version = cursor.number(1);
    if (version === 3)
        return cursor.number(1) & 0x20 ? filled(cursor, cursor.number(4)) : null;
    const isDefined = cursor.skip(2).number(1);
    return version === 1 || isDefined ? filled(cursor, cursor.number(4)) : null;
}

const filled = (cursor, size) => (size ? cursor.take(size) : null);

const LAYOUTS = ["compact", "contiguous", "chunked", "virtual"];

export function readLayout(cursor) {
    const version = cursor.number(1);
    if (version < 3)
        return readOldLayout(cursor);
    const kind = LAYOUTS[cursor.number(1)];
    if (kind === "compact")
        return { kind, data: cursor.take(cursor.number(2)) };
    if (kind === "contiguous")
        return { kind, address: cursor.address(), size: cursor.length() };
    if (kind === "chunked")
        return version === 3 ? readTreeLayout(cursor) : readChunkLayout(cursor);
    return { kind: kind ?? "unknown" };
}

function readOldLayout(cursor) {
    const rank = cursor.number(1), kind = LAYOUTS[cursor.number(1)];
    cursor.skip(5);
    const address = kind === "compact" ? null : cursor.address();
    const sizes = Array.from({ length: rank }, () => cursor.number(4));
    if (kind === "compact")
        return { kind, data: cursor.take(cursor.number(4)) };
    return kind === "chunked" ? { kind, index: "tree", address, chunk: sizes.slice(0, -1) } : { kind, address };
}

function readTreeLayout(cursor) {
    const rank = cursor.number(1), address = cursor.address();
    const chunk = Array.from({ length: rank }, () => cursor.number(4));
    return { kind: "chunked", index: "tree", address, chunk: chunk.slice(0, -1) };
}

function readChunkLayout(cursor) {
    const flags = cursor.number(1), rank = cursor.number(1), bytes = cursor.number(1);
    const chunk = Array.from({ length: rank }, () => cursor.number(bytes)).slice(0, -1);
    const layout = { kind: "chunked", chunk, index: null, filterEdges: !(flags & 1) };
    switch (cursor.number(1)) {
    case 1:
        layout.index = "single";
        if (flags & 2)
            [layout.size, layout.mask] = [cursor.length(), cursor.number(4)];
        break;
    case 2:
        layout.index = "implicit";
        break;
    case 3:
        layout.index = "fixed";
        cursor.skip(1);
        break;
    case 4:
        layout.index = "extensible";
        cursor.skip(5);
        break;
    case 5:
        layout.index = "tree2";
        cursor.skip(6);
        break;
    default:
        throw new FileError("The file finds its chunks in a way that this page does not know.");
    }
    layout.address = cursor.address();
    return layout;
}

/** A name, a type, a shape and bytes. */
export async function readAttribute(file, cursor) {
    const version = cursor.number(1), flags = cursor.number(1);
    const [name, type, space] = [cursor.number(2), cursor.number(2), cursor.number(2)];
    if (version === 3)
        cursor.skip(1);
    const part = (size) => {
        const bytes = cursor.take(size);
        if (version === 1)
            cursor.skip((8 - (size % 8)) % 8);
        return file.cursorOf(bytes);
    };
    const title = part(name).name();
    let typed = { cursor: part(type), type: 3 };
    const { shape } = readSpace(part(space));
    if (flags & 1)
        typed = await follow(file, typed);
    return { name: title, type: readType(typed.cursor), shape, bytes: cursor.bytes.subarray(cursor.at) };
}
