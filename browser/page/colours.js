/* Numbers as colours: limits that are learned from a sample, and tiles as pictures. */
import { Moments, POSITIONS } from "./components.js";

const CLIPPED = 0.01; // of the values, beyond either end of the scale
const FAR = 0.3; // of the distances, which are all drawn as far
const RANGES = { int8: [-128, 127], uint8: [0, 255] };

/** Dark to bright, monotonous in lightness. */
const GREY = [[0, 0, 0], [255, 255, 255]];
const NEAR = [
    [253, 231, 120], [246, 178, 83], [226, 118, 90], [178, 72, 112], [112, 47, 115], [55, 33, 92], [24, 22, 48],
];

export const legendOf = (mode) => (mode === "near" ? NEAR : GREY);

/** What a tile is drawn by: `sources` give a number for each position, and limits make it a colour. */
export class Colouring {
    /** @param look {mode, bands, stretch, vector} */
    constructor(look, picture, style) {
        Object.assign(this, { ...look, style });
        this.format = picture.dataset.type.format;
        this.moments = look.mode === "components" ? new Moments(picture.channels) : null;
        this.samples = this.channels.map(() => []);
        this.limits = this.channels.map(() => [0, 1]);
    }

    /** The channels that are drawn as they are. */
    get channels() {
        return this.mode === "near" ? [0] : this.mode === "components" ? [0, 1, 2] : this.bands;
    }

    /** Adds a tile to what limits are learned from; so many tiles are expected in all. */
    learn(tile, tiles) {
        const positions = Math.ceil((this.moments?.positions ?? POSITIONS) / tiles);
        if (this.moments)
            this.moments.add(tile, positions);
        else {
            const step = Math.max(1, Math.floor(Math.sqrt((tile.height * tile.width) / positions)));
            const all = this.stretch === "range" ? 1 : step;
            this.#values(tile, all).forEach((values, k) => this.#keep(k, values));
        }
    }

    #keep(k, values) {
        const finite = values.filter(Number.isFinite);
        if (this.stretch !== "range")
            this.samples[k].push(...finite);
        else if (finite.length)
            this.samples[k].push(least(finite), largest(finite));
    }

    /** Sets limits, and components. */
    settle() {
        const found = this.moments?.solve();
        if (this.moments) {
            this.components = found;
            this.samples = found ? found.values : this.samples;
        }
        const share = this.stretch === "range" ? 0 : CLIPPED;
        this.limits = this.samples.map((values) => limitsOf(values, share));
        if (this.mode === "near")
            this.limits = this.samples.map((values) => [limitsOf(values, CLIPPED)[0], limitsOf(values, FAR)[1]]);
        if (this.stretch === "type" && RANGES[this.format] && !this.moments)
            this.limits = this.limits.map(() => RANGES[this.format]);
        this.shares = found ? Array.from(found.shares) : null;
    }

    #values(tile, step) {
        if (this.mode === "near")
            return [tile.distances(this.vector, step)];
        if (this.mode !== "components")
            return this.bands.map((band) => tile.channel(band, step));
        if (!this.components)
            return [0, 1, 2].map(() => new Float64Array(tile.sizeBy(step)).fill(NaN));
        return this.components.vectors.map((vector) => tile.project(vector, this.components.means, step));
    }

    /** Every step-th position of a tile, as a picture. */
    draw(tile, step) {
        const values = this.#values(tile, step), width = Math.ceil(tile.width / step);
        const pixels = new Uint8ClampedArray(values[0].length * 4);
        if (values.length === 3)
            this.#drawColours(pixels, values);
        else
            this.#drawScale(pixels, values[0]);
        return createImageBitmap(new ImageData(pixels, width));
    }

    #drawColours(pixels, values) {
        for (let k = 0; k < 3; k++) {
            const [low, high] = this.limits[k], scale = 255 / (high - low || 1), source = values[k];
            for (let i = 0; i < source.length; i++) {
                pixels[4 * i + k] = (source[i] - low) * scale;
                if (k === 0)
                    pixels[4 * i + 3] = 255;
                if (Number.isNaN(source[i]))
                    pixels[4 * i + 3] = 0;
            }
        }
    }

    #drawScale(pixels, values) {
        const [low, high] = this.limits[0], scale = 255 / (high - low || 1), table = tableOf(legendOf(this.mode));
        for (let i = 0; i < values.length; i++) {
            const place = Math.round(Math.min(Math.max((values[i] - low) * scale, 0), 255)) * 3;
            pixels[4 * i] = table[place];
            pixels[4 * i + 1] = table[place + 1];
            pixels[4 * i + 2] = table[place + 2];
            pixels[4 * i + 3] = Number.isNaN(values[i]) ? 0 : 255;
        }
    }
}

const least = (values) => values.reduce((a, b) => (a < b ? a : b));
const largest = (values) => values.reduce((a, b) => (a > b ? a : b));

/** The values that leave such a share at either end. */
function limitsOf(values, share) {
    if (!values.length)
        return [0, 1];
    const sorted = Float64Array.from(values).sort();
    const at = Math.floor((sorted.length - 1) * share);
    return [sorted[at], sorted[sorted.length - 1 - at]];
}

/** 256 colours between those of a list. */
function tableOf(colours) {
    const table = new Uint8Array(768);
    for (let i = 0; i < 256; i++) {
        const place = (i / 255) * (colours.length - 1), at = Math.min(Math.floor(place), colours.length - 2);
        for (let k = 0; k < 3; k++)
            table[3 * i + k] = Math.round(colours[at][k] + (place - at) * (colours[at + 1][k] - colours[at][k]));
    }
    return table;
}
