/* Chunks are decoded by several workers, each with a decoder of its own. */
import { FileError } from "./hdf5/source.js";

const MOST_WORKERS = 4;
export const MOST_OPEN = 4; // chunks that a worker keeps open

export class Pool {
    #waiting = [];
    #idle = [];

    constructor(size = Math.min(MOST_WORKERS, Math.max(1, navigator.hardwareConcurrency - 1))) {
        this.size = size;
        for (let i = 0; i < size; i++) {
            const worker = new Worker(new URL("./decode-worker.js", import.meta.url), { type: "module" });
            const own = { worker, open: [], job: null };
            worker.onmessage = ({ data }) => this.#finish(own, data);
            worker.onerror = (event) => this.#finish(own, { error: `the decoder failed: ${event.message}` });
            this.#idle.push(own);
        }
    }

    /** The elements of a chunk of h5prism, as bytes. */
    decode(bytes) {
        return this.#run(() => ({ bytes }));
    }

    /**
     * Elements of a part of a chunk, as bytes; it stays open under its key for the next ones.
     * @param facts {head, size, parts, start, count} the bytes that open the chunk, the size of all, and the
     *     bytes that the part takes
     */
    read(key, { head, ...facts }) {
        return this.#run((own) => {
            const isOpen = own.open.includes(key);
            own.open = [key, ...own.open.filter((other) => other !== key)].slice(0, MOST_OPEN);
            return { key, head: isOpen ? null : head, ...facts };
        });
    }

    /** @param ask what a worker is told; it depends on what this one has open */
    #run(ask) {
        return new Promise((resolve, reject) => {
            this.#waiting.push({ ask, resolve, reject });
            this.#start();
        });
    }

    #start() {
        while (this.#idle.length && this.#waiting.length) {
            const own = this.#idle.pop();
            own.job = this.#waiting.shift();
            own.worker.postMessage(own.job.ask(own));
        }
    }

    #finish(own, { bytes, error }) {
        const { job } = own;
        if (!job)
            return;
        own.job = null;
        this.#idle.push(own);
        if (error === undefined) {
            job.resolve(bytes);
        } else {
            own.open = []; // what it still has open is sent once more, and left aside there
            job.reject(new FileError(error));
        }
        this.#start();
    }
}
