/* Numbers of HDF5's structures, one after the other. */
import { FileError } from "./source.js";

export class Cursor {
    /** @param sizes bytes of addresses and of lengths, from the superblock */
    constructor(bytes, sizes) {
        this.bytes = bytes;
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        this.sizes = sizes;
        this.at = 0;
    }

    take(count) {
        if (this.at + count > this.bytes.length)
            throw new FileError("A part of the file's structure is shorter than it says: the file is damaged.");
        this.at += count;
        return this.bytes.subarray(this.at - count, this.at);
    }

    skip(count) {
        this.take(count);
        return this;
    }

    /** An unsigned number of so many bytes. */
    number(size) {
        let value = 0;
        const bytes = this.take(size);
        for (let i = size - 1; i >= 0; i--)
            value = value * 256 + bytes[i];
        return value;
    }

    /** null: nothing is there. */
    address() {
        const bytes = this.take(this.sizes.address);
        if (bytes.every((byte) => byte === 255))
            return null;
        this.at -= bytes.length;
        return this.number(bytes.length) + this.sizes.base;
    }

    length() {
        return this.number(this.sizes.length);
    }

    text(size) {
        return textOf(this.take(size));
    }

    /** Up to a NUL. */
    name() {
        const end = this.bytes.indexOf(0, this.at);
        return this.text((end < 0 ? this.bytes.length : end) - this.at);
    }

    expect(signature) {
        if (this.text(signature.length) !== signature)
            throw new FileError(`The file's structure is damaged: ${signature} is not where it should be.`);
        return this;
    }

    align(size) {
        return this.skip((size - (this.at % size)) % size);
    }
}

const decoder = new TextDecoder();

/** Without what follows a NUL. */
export function textOf(bytes) {
    const end = bytes.indexOf(0);
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

export const bytesFor = (limit) => Math.floor(Math.log2(Math.max(limit, 1)) / 8) + 1;
