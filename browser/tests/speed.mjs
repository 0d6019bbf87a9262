/* Seconds to decode each chunk of a folder, by the package, as JSON: speed.mjs FOLDER. For support.browser_speed. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const { loadDecoder } = await import(`${process.env.PACKAGE}/index.js`);
const folder = process.argv[2], decoder = await loadDecoder(), seconds = {};

/** The processor's time of the shortest of some runs: the first ones wait for the compiler. */
function measure(chunk) {
    let best = Infinity;
    for (const end = performance.now() + 2500; performance.now() < end;) {
        const start = process.cpuUsage().user;
        decoder.decodeBytes(chunk);
        best = Math.min(best, (process.cpuUsage().user - start) / 1e6);
    }
    return best;
}

for (const name of readdirSync(folder).filter((file) => file.endsWith(".prism")).sort())
    seconds[name.slice(0, -6)] = measure(new Uint8Array(readFileSync(join(folder, name))));
console.log(JSON.stringify(seconds));
