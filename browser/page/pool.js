/* Chunks are decoded by several workers, each with a decoder of its own. */
import { FileError } from "./hdf5/source.js";

const MOST_WORKERS = 4;

export class Pool {
    #waiting = [];
    #idle = [];
    #jobs = new Map();

    constructor(size = Math.min(MOST_WORKERS, Math.max(1, navigator.hardwareConcurrency - 1))) {
        this.size = size;
        for (let i = 0; i < size; i++) {
            const worker = new Worker(new URL("./decode-worker.js", import.meta.url), { type: "module" });
            worker.onmessage = ({ data }) => this.#finish(worker, data);
            worker.onerror = (event) => this.#finish(worker, { error: `the decoder failed: ${event.message}` });
            this.#idle.push(worker);
        }
    }

    /** The elements of a chunk of h5prism, as bytes. */
    decode(bytes) {
        return new Promise((resolve, reject) => {
            this.#waiting.push({ bytes, resolve, reject });
            this.#start();
        });
    }

    #start() {
        while (this.#idle.length && this.#waiting.length) {
            const worker = this.#idle.pop(), job = this.#waiting.shift();
            this.#jobs.set(worker, job);
            worker.postMessage(job.bytes);
        }
    }

    #finish(worker, { bytes, error }) {
        const job = this.#jobs.get(worker);
        this.#jobs.delete(worker);
        this.#idle.push(worker);
        if (bytes)
            job?.resolve(bytes);
        else
            job?.reject(new FileError(error));
        this.#start();
    }
}
