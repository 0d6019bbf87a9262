/* Files of numpy's format .npy, as raw bytes with what they say of themselves. */
import { readFileSync } from "node:fs";

export function readNpy(path) {
    const file = readFileSync(path);
    const start = 10 + file.readUInt16LE(8);
    const header = file.subarray(10, start).toString("latin1");
    const [, descr] = header.match(/'descr': '([^']+)'/);
    const shape = header.match(/'shape': \(([^)]*)\)/)[1].split(",").filter((n) => n.trim()).map(Number);
    return { descr, shape, bytes: new Uint8Array(file.subarray(start)) };
}
