/* Zarr arrays by zarrita: ZARR is a folder that h5tests/test_browser_decoder.py writes, MODULES has zarrita. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { readNpy } from "./npy.mjs";

const { PACKAGE, MODULES, ZARR } = process.env;
const skip = MODULES && ZARR ? false : "no zarrita and no arrays: scripts/test-browser has both";

/** A store of files. */
const storeOf = (folder) => ({
    async get(key) {
        try {
            return new Uint8Array(readFileSync(join(folder, key)));
        } catch {
            return undefined;
        }
    },
});

async function zarrita() {
    const zarr = await import(pathToFileURL(join(MODULES, "zarrita/dist/src/index.js")));
    const { registerH5prism } = await import(`${PACKAGE}/zarrita.js`);
    registerH5prism(zarr.registry);
    return zarr;
}

for (const name of ["v2", "v3", "v3_float", "v3_bytes"])
    test(name, { skip }, async () => {
        const zarr = await zarrita(), expected = readNpy(join(ZARR, `${name}.npy`));
        const array = await zarr.open(storeOf(join(ZARR, name)), { kind: "array" });
        const { data, shape } = await zarr.get(array);
        assert.deepEqual(shape, expected.shape);
        assert.equal(Buffer.compare(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), expected.bytes), 0);
    });

test("damage comes with its reason", { skip }, async () => {
    const zarr = await zarrita(), array = await zarr.open(storeOf(join(ZARR, "damaged")), { kind: "array" });
    await assert.rejects(zarr.get(array), (error) => error.cause?.name === "PrismError");
});
