/* Calls of the worker, and what it tells by itself. */

export class Remote {
    #calls = new Map();
    #next = 0;

    constructor(listeners) {
        this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
        this.worker.onmessage = ({ data }) => {
            if (data.event)
                listeners[data.event]?.(data);
            else
                this.#finish(data);
        };
        this.worker.onerror = (event) => listeners.failure({ text: event.message || "The page's worker cannot be loaded." });
    }

    call(method, facts = {}) {
        return new Promise((resolve, reject) => {
            const call = this.#next++;
            this.#calls.set(call, { resolve, reject });
            this.worker.postMessage({ call, method, facts });
        });
    }

    #finish({ call, value, error }) {
        const { resolve, reject } = this.#calls.get(call);
        this.#calls.delete(call);
        if (error === undefined)
            resolve(value);
        else
            reject(new Error(error));
    }
}
