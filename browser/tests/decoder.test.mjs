/* Every golden chunk, or every one of the folder CHUNKS, decodes to its elements; damage is refused by a
 * sentence. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { readNpy } from "./npy.mjs";

const { decode, decodeBytes, inspect, loadDecoder } = await import(`${process.env.PACKAGE}/index.js`);
const golden = process.env.CHUNKS ? pathToFileURL(`${process.env.CHUNKS}/`) : new URL("../../h5tests/golden/", import.meta.url);
const names = readdirSync(golden).filter((name) => name.endsWith(".prism")).map((name) => name.slice(0, -6));
const chunkOf = (name) => new Uint8Array(readFileSync(new URL(encodeURIComponent(`${name}.prism`), golden)));
const skip = process.env.CHUNKS ? "of golden chunks" : false;

test("there are chunks", () => assert.ok(names.length > 50));

for (const name of names) {
    test(name, async (t) => {
        const chunk = chunkOf(name), expected = readNpy(new URL(encodeURIComponent(`${name}.npy`), golden));
        assert.deepEqual((await inspect(chunk)).shape, expected.shape);
        let decoded;
        try {
            decoded = await decodeBytes(chunk);
        } catch (error) {
            assert.equal(error.status, "UNAVAILABLE");
            assert.match(error.message, /JPEG XL/);
            return t.skip(error.message);
        }
        if ((await inspect(chunk)).bound !== "distance") // libjxl's own arithmetic
            assert.ok(Buffer.compare(decoded, expected.bytes) === 0);
        assert.equal(decoded.length, expected.bytes.length);
    });
}

test("elements have types and shape, in this machine's order", { skip }, async () => {
    const array = await decode(chunkOf("colours_first_u16_be"));
    const expected = readNpy(new URL("colours_first_u16_be.npy", golden));
    assert.ok(array.data instanceof Uint16Array);
    assert.deepEqual(array.shape, expected.shape);
    assert.equal(array.data[5], expected.bytes[10] * 256 + expected.bytes[11]);
});

test("a part of a chunk in blocks", { skip }, async () => {
    const decoder = await loadDecoder();
    const all = await decode(chunkOf("blocks_i8"));
    const reader = decoder.open(chunkOf("blocks_i8"));
    const [height, width, channels] = all.shape;
    const part = reader.read([height - 2, 3, 0], [2, 4, channels]);
    for (let y = 0; y < 2; y++)
        for (let x = 0; x < 4; x++)
            for (let c = 0; c < channels; c++)
                assert.equal(part.data[(y * 4 + x) * channels + c],
                    all.data[((height - 2 + y) * width + 3 + x) * channels + c]);
    assert.throws(() => reader.read([0, 0, 0], [height + 1, 1, 1]), { status: "ARGUMENT" });
    reader.close();
});

test("a part of a chunk in blocks takes no more bytes than it says", { skip }, async () => {
    const decoder = await loadDecoder(), chunk = chunkOf("blocks_i8"), { info } = decoder.decode(chunk);
    const whole = decoder.open(chunk), start = info.shape.map(() => 0), count = info.shape.map((_, i) => (i < 2 ? 4 : info.shape[i]));
    const needed = decoder.bytesToOpen(chunk.subarray(0, 512));
    assert.deepEqual(decoder.inspect(chunk.subarray(0, needed)), info);
    const reader = decoder.open(chunk.subarray(0, needed), chunk.length);
    assert.throws(() => reader.read(start, count), { status: /CHECKSUM|CORRUPT|TRUNCATED/ });
    const ranges = reader.ranges(start, count);
    assert.deepEqual(ranges, whole.ranges(start, count));
    const taken = ranges.reduce((sum, { size }) => sum + size, 0);
    assert.ok(taken > 0 && needed + taken < chunk.length);
    for (const { offset, size } of ranges)
        reader.put(offset, chunk.subarray(offset, offset + size));
    assert.deepEqual(reader.read(start, count).data, whole.read(start, count).data);
    assert.throws(() => reader.put(chunk.length - 1, new Uint8Array(2)), { status: "ARGUMENT" });
    reader.close();
    whole.close();
    assert.deepEqual(decoder.open(chunkOf("lsq_i8")).ranges([0, 0, 0], [1, 1, 1]), []);
    assert.throws(() => decoder.bytesToOpen(chunk.subarray(0, 3)), { status: "TRUNCATED" });
});

test("damage is refused, anywhere", { skip }, async () => {
    const chunk = chunkOf("lsq_i8");
    for (let at = 0; at < chunk.length; at += 97) {
        const damaged = chunk.slice();
        damaged[at] ^= 1;
        await assert.rejects(decode(damaged), { name: "PrismError" }, `byte ${at}`);
    }
    await assert.rejects(decode(chunk.subarray(0, 50)), { name: "PrismError" });
    await assert.rejects(decode(new Uint8Array(0)), { name: "PrismError" });
});

test("memory is given back", { skip }, async () => {
    const decoder = await loadDecoder(), chunk = chunkOf("lsq_u16");
    decoder.decode(chunk);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 300; i++)
        decoder.decode(chunk);
    globalThis.gc?.();
    assert.ok(process.memoryUsage().arrayBuffers - before < 64e6);
});
