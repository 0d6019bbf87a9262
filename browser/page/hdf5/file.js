/* An HDF5 file: its groups, datasets and attributes, and the chunks of datasets as elements. */
import { openIndex } from "./chunks.js";
import { Cursor, textOf } from "./cursor.js";
import { filterName, refusal, undo } from "./filters.js";
import { readAttribute, readFill, readFilters, readLayout, readMessages, readSpace } from "./header.js";
import { FractalHeap, Tree2, readGlobalHeap, readSymbols } from "./heaps.js";
import { FileError, PagedSource, guarded } from "./source.js";
import { isNumeric, numbersOf, readType } from "./types.js";

const SIGNATURE = "\x89HDF\r\n\x1a\n";
const MESSAGE = {
    space: 1, linkInfo: 2, type: 3, oldFill: 4, fill: 5, link: 6, layout: 8, filters: 11, attribute: 12,
    symbols: 17, attributeInfo: 21,
};
const MOST_LINKS = 64; // that lead to links
const PART = 1 << 22; // bytes of a dataset without chunks that are read at a time

export class Hdf5File {
    static open(source) {
        const file = new Hdf5File();
        file.source = new PagedSource(source);
        file.sizes = { address: 8, length: 8, base: 0 };
        return guarded(async () => {
            await file.#readSuperblock(await file.#findSuperblock());
            return file;
        });
    }

    async #findSuperblock() {
        for (let at = 0; at + 8 <= this.source.size; at = at ? 2 * at : 512)
            if (String.fromCharCode(...await this.source.read(at, 8)) === SIGNATURE)
                return at;
        throw new FileError("This is not an HDF5 file: it does not begin as one.");
    }

    async #readSuperblock(at) {
        const cursor = await this.cursor(at, Math.min(128, this.source.size - at));
        const version = cursor.skip(8).number(1);
        if (version > 3)
            throw new FileError(`The file is of a newer version of HDF5 (superblock ${version}).`);
        if (version < 2)
            cursor.skip(4);
        this.sizes = cursor.sizes = { address: cursor.number(1), length: cursor.number(1), base: 0 };
        cursor.skip(version < 2 ? { 0: 9, 1: 13 }[version] : 1);
        const base = cursor.address();
        cursor.skip((version < 2 ? 3 : 2) * this.sizes.address);
        if (version < 2)
            cursor.skip(this.sizes.address); // a name, which the root has not
        this.sizes.base = base;
        this.root = { path: "/", name: "", address: cursor.address() };
    }

    async cursor(address, size) {
        if (address === null)
            throw new FileError("The file's structure leads nowhere: it is damaged.");
        return new Cursor(await this.source.read(address, size), this.sizes);
    }

    cursorOf(bytes) {
        return new Cursor(bytes, this.sizes);
    }

    /** What is in a group, by name. */
    children(group) {
        return guarded(() => this.#children(group));
    }

    async #children(group) {
        const links = await this.#links(await readMessages(this, group.address));
        const found = [];
        for (const link of links.sort((a, b) => (a.name < b.name ? -1 : 1)))
            found.push(await this.#child(group, link));
        return found;
    }

    async #child(group, link) {
        const path = `${group.path === "/" ? "" : group.path}/${link.name}`, name = link.name;
        try {
            const address = link.address ?? (await this.#resolve(group, link, 0));
            const messages = await guarded(() => readMessages(this, address));
            const has = (type) => messages.some((message) => message.type === type);
            const kind = has(MESSAGE.layout) ? "dataset" : has(MESSAGE.type) ? "type" : "group";
            return { path, name, address, kind };
        } catch (error) {
            return { path, name, kind: "broken", reason: error.message };
        }
    }

    async #links(messages) {
        const links = [];
        for (const { type, cursor } of messages) {
            if (type === MESSAGE.link)
                links.push(readLink(cursor));
            if (type === MESSAGE.symbols)
                links.push(...await readSymbols(this, cursor.address(), cursor.address()));
            if (type === MESSAGE.linkInfo)
                links.push(...await this.#denseLinks(cursor));
        }
        return links;
    }

    async #denseLinks(cursor) {
        const flags = cursor.skip(1).number(1);
        cursor.skip(flags & 1 ? 8 : 0);
        return (await this.#dense(cursor.address(), cursor.address(), 4)).map((bytes) =>
            readLink(this.cursorOf(bytes)));
    }

    /** Objects of a heap, by a tree whose records have their identifiers after `skipped` bytes. */
    async #dense(heapAddress, treeAddress, skipped) {
        if (heapAddress === null || treeAddress === null)
            return [];
        const heap = await FractalHeap.open(this, heapAddress), tree = await Tree2.open(this, treeAddress);
        const found = [];
        for await (const record of tree.records())
            found.push(await heap.read(record.subarray(skipped, skipped + heap.idSize)));
        return found;
    }

    async #resolve(group, link, depth) {
        if (link.external)
            throw new FileError(`It is a link to another file, ${link.external}.`);
        let at = link.soft.startsWith("/") ? this.root.address : group.address;
        for (const part of link.soft.split("/").filter((name) => name && name !== ".")) {
            const next = (await this.#links(await readMessages(this, at))).find(({ name }) => name === part);
            if (!next || depth > MOST_LINKS)
                throw new FileError(`It is a link to ${link.soft}, which is not there.`);
            at = next.address ?? (await this.#resolve({ address: at }, next, depth + 1));
        }
        return at;
    }

    attributes(object) {
        return guarded(() => this.#attributes(object));
    }

    async #attributes(object) {
        const found = [];
        for (const { type, cursor } of await readMessages(this, object.address)) {
            if (type === MESSAGE.attribute)
                found.push(await readAttribute(this, cursor));
            if (type === MESSAGE.attributeInfo) {
                const flags = cursor.skip(1).number(1);
                const all = await this.#dense(cursor.skip(flags & 1 ? 2 : 0).address(), cursor.address(), 0);
                for (const bytes of all)
                    found.push(await readAttribute(this, this.cursorOf(bytes)));
            }
        }
        return Promise.all(found.map(async (a) => ({ name: a.name, text: await this.#textOf(a) })));
    }

    async #textOf({ type, shape, bytes }) {
        const count = (shape ?? [0]).reduce((product, size) => product * size, 1), shown = Math.min(count, 8);
        const more = count > shown ? ", …" : "";
        const each = (read) => Promise.all(Array.from({ length: shown }, (_, i) =>
            read(bytes.subarray(i * type.size, (i + 1) * type.size))));
        if (isNumeric(type))
            return Array.from(numbersOf(bytes.slice(0, shown * type.size), type)).join(", ") + more;
        if (type.kind === "text")
            return (await each(textOf)).join(", ") + more;
        if (type.isText)
            return (await each((part) => this.#variableText(part))).join(", ") + more;
        return `(${type.name})`;
    }

    async #variableText(bytes) {
        const cursor = this.cursorOf(bytes), length = cursor.number(4), address = cursor.address();
        return length ? textOf((await readGlobalHeap(this, address, cursor.number(4))).subarray(0, length)) : "";
    }

    dataset(object) {
        return guarded(() => this.#dataset(object));
    }

    async #dataset(object) {
        const messages = await readMessages(this, object.address);
        const find = (type) => messages.find((message) => message.type === type);
        const { shape, most } = readSpace(find(MESSAGE.space).cursor), type = readType(find(MESSAGE.type).cursor);
        const filters = find(MESSAGE.filters), fill = find(MESSAGE.fill) ?? find(MESSAGE.oldFill);
        return new Dataset(this, { path: object.path, shape: shape ?? [], most, type,
            isNull: shape === null,
            layout: readLayout(find(MESSAGE.layout).cursor),
            filters: filters ? readFilters(filters.cursor) : [],
            fill: fill ? readFill(fill) : null });
    }
}

function readLink(cursor) {
    const flags = cursor.skip(1).number(1), kind = flags & 8 ? cursor.number(1) : 0;
    cursor.skip((flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0));
    const name = cursor.text(cursor.number(1 << (flags & 3)));
    if (kind === 0)
        return { name, address: cursor.address() };
    const length = cursor.number(2);
    return kind === 1 ? { name, soft: cursor.text(length) } : { name, external: cursor.skip(1).name() };
}

const product = (sizes) => sizes.reduce((result, size) => result * size, 1);

export class Dataset {
    constructor(file, facts) {
        Object.assign(this, facts);
        this.file = file;
        this.chunk = this.layout.chunk ?? partOf(this.shape, this.type.size);
        this.chunkBytes = product(this.chunk) * this.type.size;
        this.bytes = product(this.shape) * this.type.size;
        if (this.layout.kind === "chunked")
            this.index = openIndex(file, this.layout, this);
    }

    get filterNames() {
        return this.filters.map(filterName);
    }

    /** Why its elements cannot be shown, or null. */
    get refusal() {
        if (this.isNull || this.bytes === 0)
            return "It has no elements.";
        if (!isNumeric(this.type))
            return `Its elements are no plain numbers (${this.type.name}): this page shows integers and floats.`;
        if (this.layout.kind === "virtual")
            return "It is a virtual dataset, which shows parts of others: open the dataset that has the elements.";
        if (!["chunked", "contiguous", "compact"].includes(this.layout.kind))
            return "Its elements are stored in a way that this page does not know.";
        return refusal(this.filters);
    }

    /** Bytes of the chunk as they are stored, or null where none was written. */
    async stored(place) {
        const found = await this.index.find(place);
        return found && { mask: found.mask, bytes: await this.read(found, 0, found.size) };
    }

    /** Bytes of a chunk that the index has found. */
    read({ address, size }, offset, length) {
        if (!(offset >= 0 && offset + length <= size))
            throw new FileError("it says that it is longer than what is stored");
        return this.file.source.read(address + offset, length);
    }

    /** Elements of the chunk at a place of the grid, in C order, and how many bytes were read for it. */
    elements(place, decode) {
        return guarded(() => this.#elements(place, decode));
    }

    async #elements(place, decode) {
        if (!this.index)
            return this.#plain(place);
        const stored = await this.stored(place);
        if (!stored)
            return { numbers: numbersOf(this.#filled(), this.type), read: 0 };
        const mask = this.#isUnfiltered(place) ? -1 : stored.mask;
        const bytes = await undo(stored.bytes, this.filters, mask, decode);
        if (bytes.length !== this.chunkBytes)
            throw new FileError(`it has ${bytes.length} bytes of elements where ${this.chunkBytes} belong`);
        const own = bytes.buffer === stored.bytes.buffer ? bytes.slice() : bytes;
        return { numbers: numbersOf(own, this.type), read: stored.bytes.length };
    }

    /** An option of HDF5 leaves chunks that reach over the edge as they are. */
    #isUnfiltered(place) {
        return this.layout.filterEdges === false &&
            place.some((at, i) => (at + 1) * this.chunk[i] > this.shape[i]);
    }

    #filled() {
        const bytes = new Uint8Array(this.chunkBytes);
        if (this.fill?.length === this.type.size)
            for (let at = 0; at < bytes.length; at += this.fill.length)
                bytes.set(this.fill, at);
        return bytes;
    }

    /** Without chunks: a part of the rows along one axis, at a place as if there were. */
    async #plain(place) {
        const bytes = this.#filled(), { size } = this.type, strides = this.shape.map((_, i) => product(this.shape.slice(i + 1)));
        const start = place.reduce((sum, at, i) => sum + at * this.chunk[i] * strides[i], 0) * size;
        const length = Math.min(this.chunkBytes, this.bytes - start);
        if (this.layout.kind === "compact")
            bytes.set(this.layout.data.subarray(start, start + length));
        else if (this.layout.address !== null)
            bytes.set(await this.file.source.read(this.layout.address + start, length));
        return { numbers: numbersOf(bytes, this.type), read: length };
    }
}

/** Whole trailing axes, and as much of the axis before them as is read at a time. */
function partOf(shape, size) {
    const part = shape.map(() => 1);
    let bytes = size;
    for (let i = shape.length - 1; i >= 0; i--) {
        part[i] = Math.max(1, Math.min(shape[i], Math.floor(PART / bytes)));
        if (part[i] < shape[i])
            break;
        bytes *= shape[i];
    }
    return part;
}
