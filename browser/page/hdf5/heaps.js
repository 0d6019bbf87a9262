/* Heaps and trees: where HDF5 keeps names, links, attributes and texts. */
import { Cursor, bytesFor } from "./cursor.js";
import { FileError } from "./source.js";

const MOST_LEVELS = 48;

/** The bytes of a local heap, in which names are. */
export async function readLocalHeap(file, address) {
    const cursor = await file.cursor(address, 8 + 2 * file.sizes.length + file.sizes.address);
    cursor.expect("HEAP").skip(4);
    const size = cursor.length();
    cursor.length();
    return (await file.cursor(cursor.address(), size)).bytes;
}

/** An object of the global heap: a text of variable length, for example. */
export async function readGlobalHeap(file, address, wanted) {
    const head = await file.cursor(address, 8 + file.sizes.length);
    const size = head.expect("GCOL").skip(4).length();
    const cursor = await file.cursor(address, size);
    cursor.skip(8 + file.sizes.length);
    while (cursor.at + 8 + file.sizes.length <= size) {
        const index = cursor.number(2), length = cursor.skip(6).length();
        if (index === wanted)
            return cursor.take(length);
        if (index === 0)
            break;
        cursor.skip(length).align(8);
    }
    throw new FileError("A text is not where the file says it is: the file is damaged.");
}

/** Trees that lead in circles are damaged. */
export function checkLevel(level) {
    if (level > MOST_LEVELS)
        throw new FileError("A list of names or chunks is deeper than can be: the file is damaged.");
}

/** Symbols of an old group: [{name, address}]; `soft` ones have a path instead of an address. */
export async function readSymbols(file, tree, heapAddress) {
    const heap = await readLocalHeap(file, heapAddress), found = [];
    const nameAt = (at) => new Cursor(heap.subarray(at), file.sizes).name();
    const visit = async (address, level) => {
        checkLevel(level);
        const start = await file.cursor(address, 8);
        if (start.text(4) === "TREE") {
            const count = start.skip(2).number(2), { sizes } = file;
            const size = 8 + 2 * sizes.address + count * (sizes.length + sizes.address) + sizes.length;
            const cursor = await file.cursor(address, size);
            cursor.skip(8 + 2 * sizes.address + sizes.length);
            for (let i = 0; i < count; i++) {
                await visit(cursor.address(), level + 1);
                cursor.skip(sizes.length);
            }
            return;
        }
        start.at = 0;
        const count = start.expect("SNOD").skip(2).number(2), entry = 2 * file.sizes.address + 24;
        const cursor = await file.cursor(address + 8, count * entry);
        for (let i = 0; i < count; i++) {
            const name = nameAt(cursor.number(file.sizes.address)), object = cursor.address();
            const kind = cursor.number(4), scratch = cursor.skip(4).take(16);
            const soft = kind === 2 ? nameAt(new Cursor(scratch, file.sizes).number(4)) : null;
            found.push(soft === null ? { name, address: object } : { name, soft });
        }
    };
    await visit(tree, 0);
    return found;
}

/** Objects of a fractal heap, by their identifiers. */
export class FractalHeap {
    static async open(file, address) {
        const { sizes } = file;
        const cursor = await file.cursor(address, 22 + 12 * sizes.length + 3 * sizes.address + 4);
        const heap = new FractalHeap();
        cursor.expect("FRHP").skip(1);
        heap.file = file;
        heap.idSize = cursor.number(2);
        heap.isFiltered = cursor.number(2) > 0;
        cursor.skip(1);
        const mostManaged = cursor.number(4);
        cursor.skip(10 * sizes.length + 2 * sizes.address);
        heap.width = cursor.number(2);
        heap.start = cursor.length();
        heap.largest = cursor.length();
        const bits = cursor.number(2);
        heap.offsetSize = Math.ceil(bits / 8);
        cursor.skip(2);
        heap.root = cursor.address();
        heap.rows = cursor.number(2);
        heap.lengthSize = Math.min(bytesFor(heap.largest), bytesFor(mostManaged));
        return heap;
    }

    async read(id) {
        const cursor = new Cursor(id, this.file.sizes), kind = (cursor.number(1) >> 4) & 3;
        if (kind === 2)
            return id.subarray(1, 2 + (id[0] & 15));
        if (kind === 1 || this.isFiltered)
            throw new FileError("The file keeps very long names or attributes apart, which this page cannot read.");
        const offset = cursor.number(this.offsetSize), length = cursor.number(this.lengthSize);
        const at = this.rows
            ? await this.#find(this.root, this.rows, 0, offset)
            : this.root + offset;
        return (await this.file.cursor(at, length)).bytes;
    }

    #rowSize(row) {
        return this.start * 2 ** Math.max(row - 1, 0);
    }

    /** The place of a heap's offset, from an indirect block that begins at `first`. */
    async #find(address, rows, first, offset, level = 0) {
        checkLevel(level);
        const direct = Math.log2(this.largest / this.start) + 2, { sizes } = this.file;
        let row = 0, start = first;
        while (row < rows && offset >= start + this.width * this.#rowSize(row))
            start += this.width * this.#rowSize(row++);
        const column = Math.floor((offset - start) / this.#rowSize(row));
        const cursor = await this.file.cursor(address, 5 + sizes.address + this.offsetSize +
            rows * this.width * sizes.address);
        cursor.expect("FHIB").skip(1 + sizes.address + this.offsetSize);
        const child = cursor.skip((row * this.width + column) * sizes.address).address();
        start += column * this.#rowSize(row);
        if (child === null || row >= rows)
            throw new FileError("A name is not where the file says it is: the file is damaged.");
        if (row < direct)
            return child + offset - start;
        const inner = Math.log2(this.#rowSize(row) / (this.start * this.width)) + 1;
        return this.#find(child, inner, start, offset, level + 1);
    }
}

/** A B-tree of version 2: nodes with records, which are kept as bytes. */
export class Tree2 {
    static async open(file, address) {
        const { sizes } = file;
        const cursor = await file.cursor(address, 16 + sizes.address + 2 + sizes.length + 4);
        const tree = new Tree2();
        cursor.expect("BTHD").skip(2);
        Object.assign(tree, {
            file, nodeSize: cursor.number(4), recordSize: cursor.number(2), depth: cursor.number(2),
        });
        checkLevel(tree.depth);
        cursor.skip(2);
        tree.root = { address: cursor.address(), count: cursor.number(2), depth: tree.depth };
        tree.#limits();
        return tree;
    }

    #limits() {
        const leaf = Math.floor((this.nodeSize - 10) / this.recordSize);
        this.countSize = bytesFor(leaf);
        this.totalSizes = [0];
        for (let depth = 1, total = leaf; depth <= this.depth; depth++) {
            const pointer = this.file.sizes.address + this.countSize + this.totalSizes[depth - 1];
            const most = Math.floor((this.nodeSize - 10 - pointer) / (this.recordSize + pointer));
            total = (most + 1) * total + most;
            this.totalSizes[depth] = bytesFor(total);
        }
    }

    /** {records, children}. */
    async node({ address, count, depth }) {
        const cursor = await this.file.cursor(address, this.nodeSize);
        cursor.expect(depth ? "BTIN" : "BTLF").skip(2);
        const records = Array.from({ length: count }, () => cursor.take(this.recordSize));
        const children = Array.from({ length: depth ? count + 1 : 0 }, () => {
            const child = { address: cursor.address(), count: cursor.number(this.countSize), depth: depth - 1 };
            cursor.skip(this.totalSizes[depth - 1]);
            return child;
        });
        return { records, children };
    }

    async *records(node = this.root) {
        if (node.address === null || !node.count)
            return;
        const { records, children } = await this.node(node);
        for (let i = 0; i < records.length || i < children.length; i++) {
            if (children[i])
                yield* this.records(children[i]);
            if (records[i])
                yield records[i];
        }
    }
}
