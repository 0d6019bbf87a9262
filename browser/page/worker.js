/* The file, and all that takes time: the page asks, this worker reads, decodes and draws. */
import { Blocks, headOf } from "./blocks.js";
import { Colouring } from "./colours.js";
import { PRISM } from "./hdf5/filters.js";
import { Hdf5File } from "./hdf5/file.js";
import { BlobSource, openAddress } from "./hdf5/source.js";
import { inspect } from "./package/index.js";
import { Picture, guessRoles } from "./picture.js";
import { Pool } from "./pool.js";

const NEIGHBOURS = 12;

const pool = new Pool();
const decode = (bytes) => pool.decode(bytes);
let file, dataset, isInBlocks, picture, colouring, token = 0, styles = 0;

const tell = (event, facts, moved = []) => postMessage({ event, ...facts }, moved);

async function open({ blob, address }) {
    const source = blob
        ? new BlobSource(blob)
        : await openAddress(address, (done, total) => tell("progress", { text: "Downloading", done, total }));
    file = await Hdf5File.open(source);
    return { bytes: source.size };
}

async function list({ object }) {
    const children = await file.children(object ?? file.root);
    return Promise.all(children.map(async (child) => {
        try {
            return child.kind === "dataset" ? { ...child, ...factsOf(await file.dataset(child)) } : child;
        } catch (error) {
            return { ...child, refusal: error.message };
        }
    }));
}

const factsOf = ({ shape, type, bytes, refusal, filterNames }) =>
    ({ shape, type: type.name, bytes, refusal, filters: filterNames });

/** All that the page shows of a dataset, and how it would be drawn. */
async function choose({ object }) {
    token++;
    dataset = await file.dataset(object);
    const attributes = await file.attributes(object).catch((error) => [{ name: "attributes", text: error.message }]);
    const stored = dataset.refusal ? null : await firstChunk();
    isInBlocks = stored?.info?.method === "blocks";
    const roles = guessRoles(dataset.shape, dataset.chunk, stored?.info?.axis ?? null);
    return { ...factsOf(dataset), chunk: dataset.layout.kind === "chunked" ? dataset.chunk : null, attributes,
        roles, info: stored?.info ?? null, ratio: stored?.ratio ?? null, isStack: stored?.info?.transform === "stack" };
}

/** What the first chunk says of itself, if h5prism made it. */
async function firstChunk() {
    const stored = await dataset.index?.find(dataset.shape.map(() => 0));
    if (!stored)
        return null;
    const ratio = dataset.chunkBytes / stored.size;
    if (dataset.filters.length !== 1 || dataset.filters[0].id !== PRISM)
        return { ratio };
    try {
        return { ratio, info: await inspect(await headOf(dataset, stored)) };
    } catch {
        return { ratio }; // what is wrong is said where the chunk is drawn
    }
}

function setRoles({ roles, frame }) {
    token++;
    const isSame = picture?.source === dataset && JSON.stringify(picture.roles) === JSON.stringify(roles);
    const parts = isInBlocks ? new Blocks(dataset, roles, pool) : dataset;
    picture = isSame && !isInBlocks ? picture.withFrame(frame) : new Picture(parts, roles, frame, decode);
    picture.source = dataset;
    colouring = null;
    const { height, width, channels, tileHeight, tileWidth, tileBytes } = picture;
    return { height, width, channels, tileHeight, tileWidth, tileBytes };
}

/** Several at a time; ends early where another view is asked for. */
async function forEachTile(tiles, own, use) {
    let next = 0;
    const run = async () => {
        while (next < tiles.length && own === token)
            await use(tiles[next++]);
    };
    await Promise.all(Array.from({ length: pool.size + 1 }, run));
}

/**
 * Draws the tiles of a view, and says so tile by tile.
 * @param look {mode, bands, stretch, vector} @param have numbers of tiles that need not be drawn again
 */
async function draw({ view, look, step, have, style, refit }) {
    const own = ++token, tiles = picture.tilesIn(view);
    const isKnown = colouring && !refit && colouring.style === style;
    const missing = isKnown ? tiles.filter((tile) => !have.includes(keyOf(tile))) : tiles;
    const progress = { done: 0, total: missing.length, read: 0, decoded: 0, start: performance.now() };
    if (!isKnown)
        colouring = new Colouring(look, picture, ++styles);
    const wanted = look.mode === "components" || look.mode === "near" ? null : look.bands;
    const loaded = [];
    let current = colouring;
    await forEachTile(missing, own, async (place) => {
        const tile = await load(place, wanted, own, progress);
        if (!tile || own !== token)
            return;
        if (!isKnown) {
            if (!loaded.length)
                current = settleFirst(tile, look);
            colouring.learn(tile, missing.length);
            loaded.push(place);
        }
        await show(place, tile, current, step, own);
    });
    if (own !== token)
        return { isDone: false };
    if (!isKnown)
        await finish(loaded, own, wanted, step);
    return { isDone: own === token, style: colouring.style, limits: colouring.limits, shares: colouring.shares ?? null,
        ...progressOf(progress) };
}

/** Colours until all tiles are known, from a part of the positions. */
function settleFirst(tile, look) {
    const first = new Colouring(look, picture, 0);
    first.learn(tile, 8);
    first.settle();
    return first;
}

async function finish(loaded, own, wanted, step) {
    colouring.settle();
    await forEachTile(loaded, own, async (place) => {
        const tile = await load(place, wanted, own, null);
        if (tile && own === token)
            await show(place, tile, colouring, step, own);
    });
}

const keyOf = ({ row, column }) => `${row},${column}`;

const progressOf = ({ done, total, read, decoded, start }) =>
    ({ done, total, read, decoded, seconds: (performance.now() - start) / 1000 });

async function load(place, wanted, own, progress) {
    try {
        const tile = await picture.load(place, wanted);
        for (const { numbers, read, isNew } of tile.parts)
            if (isNew && progress) {
                progress.read += read;
                progress.decoded += numbers.byteLength;
            }
        return tile;
    } catch (error) {
        if (own === token)
            tell("damage", { key: keyOf(place), box: picture.boxOf(place), text: error.message });
        return null;
    } finally {
        if (progress && own === token) {
            progress.done++;
            tell("progress", { text: "Decoding", ...progressOf(progress) });
        }
    }
}

async function show(place, tile, by, step, own) {
    const bitmap = await by.draw(tile, step);
    if (own !== token)
        return bitmap.close();
    tell("tile", { key: keyOf(place), box: picture.boxOf(place), bitmap, step, style: by.style }, [bitmap]);
}

const placeOf = ({ y, x }) => ({ row: Math.floor(y / picture.tileHeight), column: Math.floor(x / picture.tileWidth) });

/** All channels of a position. */
async function pixel({ y, x }) {
    const tile = await picture.load(placeOf({ y, x }), null), values = new Float64Array(picture.channels);
    tile.gather(y - tile.top, x - tile.left, values);
    return { y, x, values };
}

/** The positions in the view whose channels are nearest to those of a vector. */
async function neighbours({ view, vector, y, x }) {
    const own = token, found = [];
    await forEachTile(picture.tilesIn(view), own, async (place) => {
        const tile = await picture.load(place, null).catch(() => null);
        if (tile)
            keepNearest(found, tile, tile.distances(vector, 1), { view, y, x });
    });
    return found;
}

function keepNearest(found, tile, distances, { view, y, x }) {
    for (let i = 0; i < distances.length; i++) {
        const distance = distances[i];
        if (!(distance < (found.length < NEIGHBOURS ? Infinity : found.at(-1).distance)))
            continue;
        const at = { y: tile.top + Math.floor(i / tile.width), x: tile.left + (i % tile.width), distance };
        const isInside = at.y >= view.top && at.y < view.bottom && at.x >= view.left && at.x < view.right;
        if (!isInside || (at.y === y && at.x === x))
            continue;
        found.splice(found.findLastIndex((other) => other.distance <= distance) + 1, 0, at);
        found.length = Math.min(found.length, NEIGHBOURS);
    }
}

const methods = { open, list, choose, setRoles, draw, pixel, neighbours };

onmessage = async ({ data: { call, method, facts } }) => {
    try {
        postMessage({ call, value: await methods[method](facts) });
    } catch (error) {
        postMessage({ call, error: error.message });
    }
};
