/* The canvas: tiles, the position, its neighbours; moved and enlarged by mouse, fingers and keys. */

const MOST_ZOOM = 48, LEAST_ZOOM = 1 / 64, MARGIN = 24;
const PATTERN = 8; // of what is no number

export class Viewer {
    #tiles = new Map();
    #damaged = new Map();
    #pointers = new Map();

    /** @param told {view, position}: called when these change */
    constructor(canvas, told) {
        Object.assign(this, { canvas, told, context: canvas.getContext("2d"), height: 0, width: 0,
            zoom: 1, top: 0, left: 0, position: null, marks: [] });
        new ResizeObserver(() => this.#resize()).observe(canvas);
        canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
        canvas.addEventListener("pointerdown", (event) => this.#down(event));
        canvas.addEventListener("pointermove", (event) => this.#move(event));
        for (const name of ["pointerup", "pointercancel"])
            canvas.addEventListener(name, (event) => this.#up(event));
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    }

    /** Another picture; `most` positions may be in view at first. */
    begin(height, width, most) {
        Object.assign(this, { height, width, position: null, marks: [] });
        this.clear();
        this.#clampedZoom(Math.max(this.#fitZoom(), Math.sqrt((this.#box.width * this.#box.height) / most)));
        this.#centre(height / 2, width / 2);
        this.#changed();
    }

    clear() {
        for (const { bitmap } of this.#tiles.values())
            bitmap.close();
        this.#tiles.clear();
        this.#damaged.clear();
        this.paint();
    }

    get #box() {
        return { width: this.canvas.clientWidth || 1, height: this.canvas.clientHeight || 1 };
    }

    #fitZoom() {
        const { width, height } = this.#box;
        return Math.min((width - MARGIN) / this.width, (height - MARGIN) / this.height, 16);
    }

    fit() {
        this.#clampedZoom(this.#fitZoom());
        this.#centre(this.height / 2, this.width / 2);
        this.#changed();
    }

    #centre(y, x) {
        this.size = this.#box;
        this.top = y - this.size.height / this.zoom / 2;
        this.left = x - this.size.width / this.zoom / 2;
    }

    #clampedZoom(zoom) {
        this.zoom = Math.min(Math.max(zoom, LEAST_ZOOM), MOST_ZOOM);
    }

    /** Enlarges by a factor; what is at a point of the canvas stays there. */
    enlarge(factor, point = { x: this.#box.width / 2, y: this.#box.height / 2 }) {
        const y = this.top + point.y / this.zoom, x = this.left + point.x / this.zoom;
        this.#clampedZoom(this.zoom * factor);
        this.top = y - point.y / this.zoom;
        this.left = x - point.x / this.zoom;
        this.#changed();
    }

    #pan(dx, dy) {
        this.left -= dx / this.zoom;
        this.top -= dy / this.zoom;
        this.#changed();
    }

    /** Some of the picture stays in view. */
    #changed() {
        const { width, height } = this.#box, spanX = width / this.zoom, spanY = height / this.zoom;
        this.left = Math.min(Math.max(this.left, -spanX / 2), this.width - spanX / 2);
        this.top = Math.min(Math.max(this.top, -spanY / 2), this.height - spanY / 2);
        this.paint();
        this.told.view();
    }

    /** The part of the picture that is in view, in positions. */
    get view() {
        const { width, height } = this.#box;
        return { top: Math.max(0, Math.floor(this.top)), left: Math.max(0, Math.floor(this.left)),
            bottom: Math.min(this.height, Math.ceil(this.top + height / this.zoom)),
            right: Math.min(this.width, Math.ceil(this.left + width / this.zoom)) };
    }

    /** Every so many positions are enough for this zoom. */
    get step() {
        return 2 ** Math.max(0, Math.floor(Math.log2(1 / (this.zoom * devicePixelRatio))));
    }

    add(tile) {
        this.#tiles.get(tile.key)?.bitmap.close();
        this.#tiles.set(tile.key, tile);
        this.#damaged.delete(tile.key);
        this.paint();
    }

    addDamage(key, box) {
        this.#damaged.set(key, box);
        this.paint();
    }

    /** Tiles that are as they should be. */
    have(style, step) {
        return [...this.#tiles.values()].filter((tile) => tile.style === style && tile.step <= step).map(({ key }) => key);
    }

    /** Gives up tiles that are far outside, where there are many. */
    forget(most) {
        const { top, bottom, left, right } = this.view;
        for (const [key, { box, bitmap }] of this.#tiles) {
            if (this.#tiles.size <= most)
                return;
            if (box.top > bottom || box.left > right || box.top + box.height < top || box.left + box.width < left) {
                bitmap.close();
                this.#tiles.delete(key);
            }
        }
    }

    setPosition(y, x) {
        this.position = { y: Math.min(Math.max(y, 0), this.height - 1), x: Math.min(Math.max(x, 0), this.width - 1) };
        this.#reveal();
        this.paint();
        this.told.position(this.position);
    }

    /** Moves the picture if the position is out of view. */
    #reveal() {
        const { y, x } = this.position, { top, bottom, left, right } = this.view;
        if (y < top || y >= bottom || x < left || x >= right) {
            this.#centre(y, x);
            this.#changed();
        }
    }

    mark(marks) {
        this.marks = marks;
        this.paint();
    }

    // ---- Painting

    /** What is in the middle stays there. */
    #resize() {
        const { width, height } = this.#box, before = this.size ?? { width, height };
        this.top += (before.height - height) / this.zoom / 2;
        this.left += (before.width - width) / this.zoom / 2;
        this.size = { width, height };
        this.canvas.width = Math.round(width * devicePixelRatio);
        this.canvas.height = Math.round(height * devicePixelRatio);
        if (this.width)
            this.#changed();
    }

    /** At the next frame. */
    paint() {
        this.waiting ??= requestAnimationFrame(() => {
            this.waiting = null;
            this.#paint();
        });
    }

    #paint() {
        const { context, canvas } = this, scale = devicePixelRatio, style = getComputedStyle(canvas);
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, canvas.width, canvas.height);
        context.setTransform(scale, 0, 0, scale, 0, 0);
        if (!this.width)
            return;
        canvas.dataset.place = JSON.stringify([this.top, this.left, this.zoom]);
        this.#paintGround(style.getPropertyValue("--check"));
        context.imageSmoothingEnabled = this.zoom < 1;
        for (const { bitmap, box } of this.#tiles.values())
            this.#place(box, (x, y, w, h) => context.drawImage(bitmap, x, y, w, h));
        for (const box of this.#damaged.values())
            this.#place(box, (x, y, w, h) => this.#paintDamage(x, y, w, h, style.getPropertyValue("--warn")));
        this.#paintMarks();
    }

    /** Edges on whole pixels, so that tiles meet. */
    #place({ top, left, height, width }, use) {
        const scale = devicePixelRatio, at = (value) => Math.round(value * this.zoom * scale) / scale;
        const x = at(left - this.left), y = at(top - this.top);
        use(x, y, at(left + width - this.left) - x, at(top + height - this.top) - y);
    }

    #paintGround(colour) {
        this.#place({ top: 0, left: 0, height: this.height, width: this.width }, (x, y, w, h) => {
            this.context.fillStyle = colour;
            this.context.fillRect(x, y, w, h);
        });
    }

    #paintDamage(x, y, w, h, colour) {
        const { context } = this;
        context.save();
        context.beginPath();
        context.rect(x, y, w, h);
        context.clip();
        context.strokeStyle = colour;
        context.globalAlpha = 0.6;
        context.beginPath();
        for (let at = -h; at < w; at += PATTERN) {
            context.moveTo(x + at, y + h);
            context.lineTo(x + at + h, y);
        }
        context.stroke();
        context.restore();
    }

    #paintMarks() {
        for (const { y, x } of this.marks)
            this.#ring(y, x, 5, 1.5);
        if (this.position)
            this.#ring(this.position.y, this.position.x, Math.max(7, this.zoom * 0.75), 2);
    }

    #ring(y, x, radius, width) {
        const { context } = this;
        for (const [colour, line] of [["rgb(0 0 0 / .75)", width + 2], ["#fff", width]]) {
            context.strokeStyle = colour;
            context.lineWidth = line;
            context.beginPath();
            context.arc((x + 0.5 - this.left) * this.zoom, (y + 0.5 - this.top) * this.zoom, radius, 0, 2 * Math.PI);
            context.stroke();
        }
    }

    // ---- Mouse and fingers

    #wheel(event) {
        event.preventDefault();
        this.enlarge(2 ** (-event.deltaY / (event.ctrlKey ? 100 : 300)), { x: event.offsetX, y: event.offsetY });
    }

    #down(event) {
        this.canvas.setPointerCapture(event.pointerId);
        this.#pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
        this.isClick = this.#pointers.size === 1;
        this.start = { x: event.offsetX, y: event.offsetY };
    }

    #move(event) {
        const before = this.#pointers.get(event.pointerId), now = { x: event.offsetX, y: event.offsetY };
        if (!before)
            return;
        if (Math.hypot(now.x - this.start.x, now.y - this.start.y) > 4)
            this.isClick = false;
        if (this.#pointers.size === 2)
            this.#pinch(event.pointerId, before, now);
        else if (!this.isClick)
            this.#pan(now.x - before.x, now.y - before.y);
        this.#pointers.set(event.pointerId, now);
    }

    #pinch(id, before, now) {
        const [, other] = [...this.#pointers].find(([key]) => key !== id);
        const span = (point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
        this.enlarge(span(now) / span(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
        this.#pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    }

    #up(event) {
        if (this.#pointers.delete(event.pointerId) && this.isClick && event.type === "pointerup" && this.width)
            this.setPosition(Math.floor(this.top + event.offsetY / this.zoom), Math.floor(this.left + event.offsetX / this.zoom));
    }
}
