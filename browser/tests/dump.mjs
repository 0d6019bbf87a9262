/* Prints what the page's reader finds in an HDF5 file, as JSON: dump.mjs FILE. For h5tests. */
import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";

const { PACKAGE, PAGE } = process.env;
const { decodeBytes } = await import(`${PACKAGE}/index.js`);
const { Hdf5File } = await import(`${PAGE}/hdf5/file.js`);
const { BlobSource } = await import(`${PAGE}/hdf5/source.js`);

/** All elements as float64 in C order. */
async function elementsOf(dataset) {
    const { shape, chunk } = dataset, all = new Float64Array(shape.reduce((a, b) => a * b, 1));
    const grid = shape.map((size, i) => Math.ceil(size / chunk[i]));
    for (let number = 0; number < grid.reduce((a, b) => a * b, 1); number++) {
        const place = [];
        for (let i = shape.length - 1, rest = number; i >= 0; rest = Math.floor(rest / grid[i--]))
            place[i] = rest % grid[i];
        const { numbers } = await dataset.elements(place, decodeBytes);
        numbers.forEach((value, k) => {
            let at = 0, isInside = true;
            for (let i = shape.length - 1, rest = k, stride = 1; i >= 0; rest = Math.floor(rest / chunk[i--])) {
                const where = place[i] * chunk[i] + (rest % chunk[i]);
                isInside &&= where < shape[i];
                at += where * stride;
                stride *= shape[i];
            }
            if (isInside)
                all[at] = value;
        });
    }
    return all;
}

async function describe(file, object) {
    const found = { kind: object.kind, attributes: {} };
    if (object.kind === "broken")
        return { kind: "broken", reason: object.reason };
    for (const { name, text } of await file.attributes(object))
        found.attributes[name] = text;
    if (object.kind !== "dataset")
        return found;
    const dataset = await file.dataset(object);
    Object.assign(found, { shape: dataset.shape, type: dataset.type.name, filters: dataset.filterNames,
        refusal: dataset.refusal });
    if (!dataset.refusal)
        found.sum = createHash("sha256").update(new Uint8Array((await elementsOf(dataset)).buffer)).digest("hex");
    return found;
}

async function walk(file, group, all) {
    for (const child of await file.children(group)) {
        all[child.path] = await describe(file, child);
        if (child.kind === "group")
            await walk(file, child, all);
    }
    return all;
}

const file = await Hdf5File.open(new BlobSource(await openAsBlob(process.argv[2])));
console.log(JSON.stringify(await walk(file, { ...file.root, kind: "group" }, {}), null, 1));
