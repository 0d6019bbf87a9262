/* Reads damaged HDF5 files: damage.mjs FILE... fails where anything but a sentence of the reader's comes of it. */
import { openAsBlob } from "node:fs";

const { Hdf5File } = await import(`${process.env.PAGE}/hdf5/file.js`);
const { BlobSource, FileError } = await import(`${process.env.PAGE}/hdf5/source.js`);
const { decodeBytes, PrismError } = await import(`${process.env.PACKAGE}/index.js`);
let seen = 0;

async function tried(action) {
    try {
        return await action();
    } catch (error) {
        seen++;
        if (!(error instanceof FileError) && !(error instanceof PrismError))
            throw error;
        return null;
    }
}

for (const path of process.argv.slice(2)) {
    const file = await tried(async () => Hdf5File.open(new BlobSource(await openAsBlob(path))));
    const walk = async (group, depth) => {
        for (const child of (depth < 4 && await tried(() => file.children(group))) || []) {
            if (child.kind === "group")
                await walk(child, depth + 1);
            const dataset = child.kind === "dataset" && await tried(() => file.dataset(child));
            if (dataset && !dataset.refusal)
                await tried(() => dataset.elements(dataset.shape.map(() => 0), decodeBytes));
            if (child.address)
                await tried(() => file.attributes(child));
        }
    };
    if (file)
        await walk(file.root, 0);
}
console.log(`${seen} sentences`);
