/* Where the bytes of a file come from: a file of the user's, or an address. */

export class FileError extends Error {}

/** Whatever a damaged structure leads to becomes a sentence. */
export async function guarded(action) {
    try {
        return await action();
    } catch (error) {
        const isSentence = error instanceof FileError || error.name === "PrismError";
        throw isSentence ? error : new FileError(`The file's structure is damaged (${error.message}).`);
    }
}

/** A File or a Blob. */
export class BlobSource {
    constructor(blob) {
        this.blob = blob;
        this.size = blob.size;
    }

    async read(offset, length) {
        try {
            return new Uint8Array(await this.blob.slice(offset, offset + length).arrayBuffer());
        } catch {
            throw new FileError("The file can no longer be read: it was changed or removed after it was opened.");
        }
    }
}

class RangeSource {
    constructor(address, size) {
        this.address = address;
        this.size = size;
    }

    async read(offset, length) {
        const range = `bytes=${offset}-${offset + length - 1}`;
        const answer = await request(this.address, { headers: { Range: range } });
        if (answer.status !== 206)
            throw new FileError(`${this.address} gave ${answer.status} where a part of it was asked for.`);
        return new Uint8Array(await answer.arrayBuffer());
    }
}

async function request(address, options) {
    let answer;
    try {
        answer = await fetch(address, options);
    } catch {
        throw new FileError(
            `${address} cannot be reached, or its server does not allow this page to read it (CORS).`);
    }
    if (!answer.ok)
        throw new FileError(`${address} cannot be read: the server says ${answer.status} ${answer.statusText}.`);
    return answer;
}

/** By ranges where the server has them; else all of it is fetched. */
export async function openAddress(address, progress) {
    const answer = await request(address, { headers: { Range: "bytes=0-0" } });
    const total = /\/(\d+)$/.exec(answer.headers.get("Content-Range") ?? "");
    if (answer.status === 206 && total) {
        await answer.arrayBuffer();
        return new RangeSource(address, Number(total[1]));
    }
    return new BlobSource(await download(answer, progress));
}

async function download(answer, progress) {
    const total = Number(answer.headers.get("Content-Length")) || 0, parts = [];
    let received = 0;
    for (const reader = answer.body.getReader(); ;) {
        const { done, value } = await reader.read();
        if (done)
            return new Blob(parts);
        parts.push(value);
        received += value.length;
        progress(received, total);
    }
}

const PAGE = 1 << 16, MOST_PAGES = 512;

/** Small reads by pages that are kept, large ones as they are. */
export class PagedSource {
    #pages = new Map();

    constructor(source) {
        this.source = source;
        this.size = source.size;
    }

    async read(offset, length) {
        if (!(length >= 0 && offset >= 0 && offset + length <= this.size))
            throw new FileError("The file ends before its content does: it is cut off or damaged.");
        if (length > PAGE)
            return this.source.read(offset, length);
        const first = Math.floor(offset / PAGE), last = Math.floor((offset + length - 1) / PAGE);
        const start = offset - first * PAGE, page = await this.#page(first);
        if (first === last || length === 0)
            return page.subarray(start, start + length);
        const both = new Uint8Array(length);
        both.set(page.subarray(start));
        both.set((await this.#page(last)).subarray(0, length - (PAGE - start)), PAGE - start);
        return both;
    }

    #page(number) {
        const kept = this.#pages.get(number);
        if (kept)
            return kept;
        const start = number * PAGE;
        const page = this.source.read(start, Math.min(PAGE, this.size - start));
        this.#pages.set(number, page);
        page.catch(() => this.#pages.delete(number));
        if (this.#pages.size > MOST_PAGES)
            this.#pages.delete(this.#pages.keys().next().value);
        return page;
    }
}
