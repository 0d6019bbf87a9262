/* Where the chunk at a place of the grid lies: {address, size, mask}, or null where none was written. */
import { Cursor } from "./cursor.js";
import { Tree2, checkLevel } from "./heaps.js";

/** @param layout of a dataset @param dataset its shape, limits and bytes of a chunk */
export function openIndex(file, layout, dataset) {
    if (layout.address === null)
        return { find: async () => null };
    const make = { tree: treeIndex, single: singleIndex, implicit: implicitIndex, fixed: fixedIndex,
        extensible: extensibleIndex, tree2: tree2Index };
    return make[layout.index](file, layout, dataset);
}

const chunksAlong = (sizes, chunk) => sizes.map((size, i) => Math.ceil(size / chunk[i]));

/** The number of a chunk among all, the last axis fastest. */
const numberOf = (place, counts) => place.reduce((number, at, i) => number * counts[i] + at);

function compare(a, b) {
    for (let i = 0; i < a.length; i++)
        if (a[i] !== b[i])
            return a[i] - b[i];
    return 0;
}

function singleIndex(file, layout, { chunkBytes }) {
    return { find: async () => ({ address: layout.address, size: layout.size ?? chunkBytes, mask: layout.mask ?? 0 }) };
}

function implicitIndex(file, layout, { most, chunk, chunkBytes }) {
    const counts = chunksAlong(most, chunk);
    return { find: async (place) => ({
        address: layout.address + numberOf(place, counts) * chunkBytes, size: chunkBytes, mask: 0 }) };
}

/** Version 1: keys are the size, the mask and the offset of the first chunk of each child. */
function treeIndex(file, layout, { chunk }) {
    const { sizes } = file, rank = chunk.length, keySize = 8 + 8 * (rank + 1);
    const nodes = new Map();
    const read = async (address) => {
        const head = await file.cursor(address, 8);
        const level = head.expect("TREE").skip(1).number(1), count = head.number(2);
        const start = 8 + 2 * sizes.address, step = keySize + sizes.address;
        const cursor = await file.cursor(address, start + count * step);
        cursor.skip(start);
        const entries = Array.from({ length: count }, () => {
            const size = cursor.number(4), mask = cursor.number(4);
            const place = Array.from({ length: rank }, (_, i) => cursor.number(8) / chunk[i]);
            return { size, mask, place, address: cursor.skip(8).address() };
        });
        return { level, entries };
    };
    const node = (address) => {
        if (!nodes.has(address))
            nodes.set(address, read(address));
        return nodes.get(address);
    };
    return { find: async (place) => {
        for (let address = layout.address, depth = 0; ; depth++) {
            checkLevel(depth);
            const { level, entries } = await node(address);
            const found = entries.findLast((entry) => compare(entry.place, place) <= 0);
            if (!found || level === 0)
                return found && compare(found.place, place) === 0 ? found : null;
            address = found.address;
        }
    } };
}

function tree2Index(file, layout, { chunk, chunkBytes }) {
    const rank = chunk.length, opening = Tree2.open(file, layout.address);
    const nodes = new Map();
    const parse = (tree, bytes) => {
        const cursor = new Cursor(bytes, file.sizes), address = cursor.address();
        const more = tree.recordSize - file.sizes.address - 8 * rank; // with filters only
        const size = more ? cursor.number(more - 4) : chunkBytes, mask = more ? cursor.number(4) : 0;
        return { address, size, mask, place: Array.from({ length: rank }, () => cursor.number(8)) };
    };
    const read = async (tree, there) => {
        const { records, children } = await tree.node(there);
        return { children, entries: records.map((bytes) => parse(tree, bytes)) };
    };
    return { find: async (place) => {
        const tree = await opening;
        for (let there = tree.root; there?.address;) {
            if (!nodes.has(there.address))
                nodes.set(there.address, read(tree, there));
            const { entries, children } = await nodes.get(there.address);
            const next = entries.findIndex((entry) => compare(entry.place, place) >= 0);
            if (next >= 0 && compare(entries[next].place, place) === 0)
                return entries[next];
            there = children[next < 0 ? entries.length : next];
        }
        return null;
    } };
}

/** Entries of arrays: an address, and with filters a size and a mask. */
function readEntry(cursor, isFiltered, entrySize, chunkBytes) {
    const address = cursor.address();
    const size = isFiltered ? cursor.number(entrySize - cursor.sizes.address - 4) : chunkBytes;
    const mask = isFiltered ? cursor.number(4) : 0;
    return address === null ? null : { address, size, mask };
}

/** An entry of a block of entries, which has pages with checksums of their own where it is large. */
async function entryAt(file, block, number, { prefix, count, pageSize, entrySize, isFiltered, chunkBytes }) {
    const page = count > pageSize ? Math.floor(number / pageSize) : 0;
    const bitmap = count > pageSize && prefix.bitmap ? Math.ceil(Math.ceil(count / pageSize) / 8) : 0;
    const checksums = count > pageSize ? 4 + 4 * page : 0;
    const at = block + prefix.size + bitmap + checksums + number * entrySize;
    return readEntry(await file.cursor(at, entrySize), isFiltered, entrySize, chunkBytes);
}

function fixedIndex(file, layout, { most, chunk, chunkBytes }) {
    const counts = chunksAlong(most, chunk), { sizes } = file;
    const opening = (async () => {
        const cursor = await file.cursor(layout.address, 8 + sizes.length + sizes.address);
        const isFiltered = cursor.expect("FAHD").skip(1).number(1) === 1;
        const entrySize = cursor.number(1), pageSize = 2 ** cursor.number(1);
        return { isFiltered, entrySize, pageSize, chunkBytes, count: cursor.length(), block: cursor.address(),
            prefix: { size: 6 + sizes.address, bitmap: true } };
    })();
    return { find: async (place) => {
        const array = await opening;
        return array.block === null ? null : entryAt(file, array.block, numberOf(place, counts), array);
    } };
}

/** Blocks of growing size; the axis that may grow counts slowest. */
function extensibleIndex(file, layout, { most, chunk, chunkBytes }) {
    const { sizes } = file, growing = most.indexOf(Infinity);
    const turn = (values) => [values[growing], ...values.filter((_, i) => i !== growing)];
    const counts = turn(chunksAlong(most, chunk));
    const opening = (async () => {
        const cursor = await file.cursor(layout.address, 12 + 6 * sizes.length + sizes.address);
        const isFiltered = cursor.expect("EAHD").skip(1).number(1) === 1;
        const array = { isFiltered, chunkBytes, entrySize: cursor.number(1), bits: cursor.number(1),
            first: cursor.number(1), least: cursor.number(1), pointers: cursor.number(1),
            pageSize: 2 ** cursor.number(1) };
        array.index = cursor.skip(6 * sizes.length).address();
        array.offsetSize = Math.ceil(array.bits / 8);
        return array;
    })();
    return { find: async (place) => {
        const array = await opening;
        return array.index === null ? null : findInExtensible(file, array, numberOf(turn(place), counts));
    } };
}

async function findInExtensible(file, array, number) {
    const { sizes } = file, start = array.index + 6 + sizes.address;
    if (number < array.first)
        return readEntry(await file.cursor(start + number * array.entrySize, array.entrySize),
            array.isFiltered, array.entrySize, array.chunkBytes);
    const within = number - array.first, pointers = start + array.first * array.entrySize;
    const level = Math.floor(Math.log2(Math.floor(within / array.least) + 1));
    const blockEntries = array.least * 2 ** Math.ceil(level / 2);
    const rest = within - array.least * (2 ** level - 1), block = Math.floor(rest / blockEntries);
    const address = await dataBlock(file, array, { pointers, level, block, blockEntries });
    return address === null ? null : entryAt(file, address, rest % blockEntries, { ...array,
        count: blockEntries, prefix: { size: 6 + sizes.address + array.offsetSize, bitmap: false } });
}

async function dataBlock(file, array, { pointers, level, block, blockEntries }) {
    const { sizes } = file, direct = 2 * Math.log2(array.pointers), directBlocks = 2 * (array.pointers - 1);
    const pointerAt = async (at) => (await file.cursor(at, sizes.address)).address();
    if (level < direct) {
        let before = 0;
        for (let i = 0; i < level; i++)
            before += 2 ** Math.floor(i / 2);
        return pointerAt(pointers + (before + block) * sizes.address);
    }
    const upper = await pointerAt(pointers + (directBlocks + level - direct) * sizes.address);
    if (upper === null)
        return null;
    const blocks = 2 ** Math.floor(level / 2), isPaged = blockEntries > array.pageSize;
    const bitmaps = isPaged ? blocks * Math.ceil(blockEntries / array.pageSize / 8) : 0;
    return pointerAt(upper + 6 + sizes.address + array.offsetSize + bitmaps + block * sizes.address);
}
