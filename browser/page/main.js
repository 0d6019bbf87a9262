/* The page: what is chosen, and what the worker makes of it. */
import { legendOf } from "./colours.js";
import { find, make, numberOf, shapeOf, sizeOf } from "./elements.js";
import { Remote } from "./remote.js";
import { spectrumOf } from "./spectrum.js";
import { Tree } from "./tree.js";
import { Viewer } from "./viewer.js";

const MOST_AT_FIRST = 32e6; // bytes of elements that are decoded without being asked for
const MOST_TILES_AT_FIRST = 800;
const MOST_TILES = 1500; // bitmaps that are kept
const WAIT = 60; // milliseconds until a view that has changed is drawn

const state = { dataset: null, picture: null, roles: null, frame: {}, mode: "band", bands: [0, 0, 0],
    stretch: "clip", style: null, lookKey: null, pixel: null, vector: null, refit: false };

const remote = new Remote({ tile: addTile, damage: addDamage, progress: showProgress, failure: ({ text }) => complain(text) });
const viewer = new Viewer(find("#canvas"), { view: scheduleDraw, position: showPosition });
const tree = new Tree(find("#tree"), (object) => remote.call("list", { object }), chooseDataset);

// ---- Files

async function openFile(source, name) {
    find("#message").hidden = true;
    showStatus("Opening …");
    try {
        const { bytes } = await remote.call("open", source);
        document.body.dataset.state = "work";
        forgetDataset();
        find("#file-name").textContent = `${name} · ${sizeOf(bytes)}`;
        document.title = `${name} · h5prism viewer`;
        if (!await tree.show())
            notice("There is no dataset in this file.");
        else if (!state.dataset && !find("#tree [aria-current]"))
            notice("No dataset of this file can be drawn; each one says why when it is chosen.");
    } catch (error) {
        complain(`${name} cannot be opened. ${error.message}`);
    } finally {
        showStatus("");
    }
}

const openBlob = (file) => file && openFile({ blob: file }, file.name);

function openAddress(address) {
    const name = decodeURIComponent(new URL(address, location.href).pathname.split("/").at(-1)) || address;
    return openFile({ address: new URL(address, location.href).href }, name);
}

function forgetDataset() {
    state.dataset = state.picture = state.pixel = state.vector = null;
    viewer.begin(0, 0, 1);
    showStatus("");
    find("#controls").hidden = find("#damage").hidden = find("#zoom").hidden = true;
    find("#damage ul").replaceChildren();
    find("#pixel").replaceChildren();
    find("#facts").replaceChildren();
}

// ---- Datasets

let choices = 0; // of another dataset, what comes later of the one before is left aside

async function chooseDataset(object) {
    const own = ++choices;
    forgetDataset();
    notice("");
    if (object.refusal) {
        notice(`${object.path} cannot be drawn. ${object.refusal}`);
        if (!object.shape)
            return;
    }
    try {
        const dataset = await remote.call("choose", { object });
        if (own !== choices)
            return;
        Object.assign(state, { dataset, roles: dataset.roles, frame: {} });
        showFacts(object, dataset);
        if (!dataset.refusal)
            await beginPicture();
    } catch (error) {
        if (own === choices)
            notice(`${object.path} cannot be drawn. ${error.message}`);
    }
}

async function beginPicture() {
    const own = choices, picture = await remote.call("setRoles", { roles: state.roles, frame: state.frame });
    if (own !== choices)
        return;
    const { channels, height, width, tileHeight, tileWidth, tileBytes } = picture;
    Object.assign(state, { picture, style: null, lookKey: null, pixel: null, vector: null });
    state.bands = channels <= 4 ? [0, 1, 2] : [0, Math.floor((channels - 1) / 2), channels - 1];
    state.mode = firstMode(picture);
    state.stretch = state.mode === "rgb" && state.dataset.type === "uint8" ? "type" : "clip";
    find("#stretch").value = state.stretch;
    find("#stretch [value=type]").disabled = !["int8", "uint8"].includes(state.dataset.type);
    find("#controls").hidden = find("#zoom").hidden = false;
    find("#pixel").replaceChildren();
    showControls();
    viewer.begin(height, width, Math.min(MOST_AT_FIRST / tileBytes, MOST_TILES_AT_FIRST) * tileHeight * tileWidth);
}

function firstMode({ channels }) {
    if (channels < 3 || state.dataset.isStack)
        return "band";
    return channels <= 4 ? "rgb" : "components";
}

// ---- Drawing

const look = () => ({ mode: state.mode, stretch: state.stretch, vector: state.mode === "near" ? state.vector : null,
    bands: state.mode === "band" ? [state.bands[0]] : state.bands });

let timer = null;

function scheduleDraw() {
    if (!state.picture)
        return;
    clearTimeout(timer);
    timer = setTimeout(draw, WAIT);
}

async function draw() {
    const { step, view } = viewer, wanted = look(), key = JSON.stringify([wanted, state.frame, state.roles]);
    const isKnown = key === state.lookKey && !state.refit;
    if (!isKnown)
        state.style = null;
    state.refit = false;
    state.lookKey = key;
    clearDamage();
    viewer.forget(MOST_TILES);
    try {
        const done = await remote.call("draw", { view, look: wanted, step, style: state.style,
            have: isKnown ? viewer.have(state.style, step) : [], refit: !isKnown });
        if (!done.isDone)
            return;
        state.style = done.style;
        showLegend(done);
        showDone(done);
        if (state.mode === "near")
            await showNeighbours();
    } catch (error) {
        complain(error.message);
    }
}

function redraw() {
    showControls();
    scheduleDraw();
}

function addTile(tile) {
    viewer.add(tile);
}

function setMode(mode) {
    if (!state.picture || find(`.modes [data-mode=${mode}]`).disabled)
        return;
    if (mode === "near") {
        if (!state.pixel)
            return showStatus("Choose a position first: its neighbours will be shown.");
        state.vector = state.pixel.values;
    }
    state.mode = mode;
    viewer.mark([]);
    find("#near")?.remove();
    redraw();
}

async function setFrame(axis, index) {
    const size = state.dataset.shape[axis];
    state.frame = { ...state.frame, [axis]: Math.min(Math.max(index, 0), size - 1) };
    await remote.call("setRoles", { roles: state.roles, frame: state.frame });
    redraw();
    if (viewer.position)
        showPosition(viewer.position);
}

function setBand(k, index) {
    state.bands = state.bands.map((band, i) => (i === k ? Math.min(Math.max(index, 0), state.picture.channels - 1) : band));
    redraw();
    if (state.pixel)
        showPixel();
}

// ---- Positions

async function showPosition(position) {
    if (!state.picture)
        return;
    try {
        const pixel = await remote.call("pixel", position);
        if (viewer.position?.y !== pixel.y || viewer.position?.x !== pixel.x)
            return;
        state.pixel = pixel;
        showPixel();
        showControls();
        if (state.mode === "near")
            setMode("near");
    } catch (error) {
        state.pixel = null;
        find("#pixel").replaceChildren(make("h2", {}, `Position ${position.y}, ${position.x}`), make("p", {}, error.message));
    }
}

function showPixel() {
    const isOpen = find("#pixel details")?.open, near = find("#near");
    find("#pixel").replaceChildren(...spectrumOf(state.pixel, state.mode === "band" ? state.bands[0] : null));
    if (isOpen && find("#pixel details"))
        find("#pixel details").open = true;
    if (near && state.mode === "near")
        find("#pixel").append(near);
}

async function showNeighbours() {
    const { y, x, values } = state.pixel;
    const found = await remote.call("neighbours", { view: viewer.view, vector: values, y, x });
    if (state.mode !== "near")
        return;
    viewer.mark(found);
    find("#near")?.remove();
    find("#pixel").append(make("ol", { id: "near" }, ...found.map((at) => {
        const button = make("button", { type: "button", data: { y: at.y, x: at.x, distance: at.distance } },
            `${at.y}, ${at.x}`, make("span", {}, numberOf(at.distance)));
        button.onclick = () => viewer.setPosition(at.y, at.x);
        return make("li", {}, button);
    })));
}

// ---- Controls

const axisName = (axis) => `axis ${axis} (${state.dataset.shape[axis]})`;

function slider(name, value, size, set) {
    const facts = { min: 0, max: size - 1, value, "aria-label": name };
    const range = make("input", { type: "range", ...facts }), number = make("input", { type: "number", ...facts });
    range.oninput = () => { number.value = range.value; };
    range.onchange = () => set(Number(range.value));
    number.onchange = () => set(Math.round(Number(number.value)) || 0);
    return make("div", { className: "row" }, make("label", {}, name), range, number);
}

function showControls() {
    const { picture, roles, dataset, mode, bands } = state;
    for (const button of document.querySelectorAll(".modes button")) {
        button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
        button.disabled = picture.channels < { components: 3, rgb: 3, band: 1, near: 2 }[button.dataset.mode];
    }
    find(".modes [data-mode=near]").title = state.pixel ? "" : "of the position that was chosen";
    find("[data-mode=band]").textContent = dataset.isStack ? "One frame" : "One band";
    const names = mode === "rgb" ? ["Red", "Green", "Blue"] : mode === "band" ? [dataset.isStack ? "Frame" : "Band"] : [];
    find("#bands").replaceChildren(...(picture.channels > 1 ? names : []).map((name, k) =>
        slider(name, bands[k], picture.channels, (index) => setBand(k, index))));
    const drawn = [roles.rows, roles.columns, roles.channels];
    find("#frames").replaceChildren(...dataset.shape.flatMap((size, axis) => drawn.includes(axis) || size === 1 ? [] :
        slider(`Axis ${axis}`, state.frame[axis] ?? 0, size, (index) => setFrame(axis, index))));
    find("#axes").hidden = dataset.shape.length < 2;
    find("#axes > div").replaceChildren(...["rows", "columns", "channels"].map(axisChoice));
}

function axisChoice(role) {
    const options = state.dataset.shape.map((_, axis) => make("option", { value: axis, selected: state.roles[role] === axis }, axisName(axis)));
    if (role !== "columns")
        options.push(make("option", { value: -1, selected: state.roles[role] < 0 }, "none"));
    const select = make("select", { id: `axis-${role}`, onchange: () => setRole(role, Number(select.value)) }, ...options);
    const name = role[0].toUpperCase() + role.slice(1);
    return make("div", { className: "row" }, make("label", { htmlFor: select.id }, name), select);
}

/** An axis has one role: the one that had it before gets the other one's. */
function setRole(role, axis) {
    const roles = { ...state.roles }, other = Object.keys(roles).find((key) => key !== role && roles[key] === axis && axis >= 0);
    if (other)
        roles[other] = roles[role];
    roles[role] = axis;
    if (roles.columns < 0)
        return showControls();
    Object.assign(state, { roles, frame: {} });
    beginPicture().catch((error) => complain(error.message));
}

function showLegend({ limits, shares }) {
    const swatches = ["#e4573d", "#3fa37c", "#4a6fd4"], legend = find("#legend");
    if (state.mode === "components" && !shares)
        return legend.replaceChildren("No position in view has a number in every channel.");
    if (limits.length === 3)
        return legend.replaceChildren(...limits.map(([low, high], k) => make("div", { className: "swatch", data: { low, high, share: shares?.[k] ?? "" } },
            Object.assign(make("i"), { style: `background:${swatches[k]}` }),
            make("span", {}, shares ? `Component ${k + 1}: ${(100 * shares[k]).toFixed(1)} % of the variance` : `Band ${state.bands[k]}`),
            make("span", {}, shares ? "" : `${numberOf(low)} … ${numberOf(high)}`))));
    const [[low, high]] = limits, colours = legendOf(state.mode).map((colour) => `rgb(${colour})`).join(", ");
    const bar = make("div", { className: "scale", data: { low, high } });
    bar.style.background = `linear-gradient(90deg, ${colours})`;
    const ends = [low, (low + high) / 2, high].map((value) => make("span", {}, numberOf(value)));
    legend.replaceChildren(bar, make("div", { className: "ends" }, ...ends));
    if (state.mode === "near")
        legend.append(make("div", {}, "Distance from the position's channels (Euclidean)"));
}

// ---- What is said

function showFacts({ path }, { shape, type, bytes, chunk, filters, info, ratio, attributes }) {
    const rows = [["Path", path], ["Shape", shapeOf(shape)], ["Type", type], ["Elements", sizeOf(bytes)],
        ["Chunks", chunk ? shapeOf(chunk) : "none"], ["Filters", filters.join(", ") || "none"]];
    if (ratio)
        rows.push(["First chunk", `${ratio.toFixed(2)} : 1`]);
    if (info)
        rows.push(["Method", [info.method === "none" ? info.coder : info.method, info.mapping !== "none" && info.mapping,
            `effort ${info.effort}`].filter(Boolean).join(", ")]);
    if (info && info.bound !== "none")
        rows.push(["Lossy", `${info.bound} ${numberOf(info.boundValue)}, reached ${numberOf(info.reached)}`]);
    const list = (pairs) => make("dl", {}, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
    find("#facts").replaceChildren(make("h2", {}, "Dataset"), list(rows));
    if (attributes.length)
        find("#facts").append(make("h2", {}, "Attributes"), list(attributes.map(({ name, text }) => [name, text])));
}

function addDamage({ key, box, text }) {
    viewer.addDamage(key, box);
    const list = find("#damage ul");
    if (![...list.children].some((item) => item.textContent === text))
        list.append(make("li", {}, text));
    find("#damage").hidden = false;
}

function clearDamage() {
    find("#damage ul").replaceChildren();
    find("#damage").hidden = true;
}

function showProgress({ text, done, total, decoded, seconds }) {
    const speed = decoded > 1e6 && seconds > 0.3 ? ` · ${sizeOf(decoded / seconds)}/s` : "";
    const amount = text === "Decoding" ? `${done} of ${total} chunks${speed}` : `${sizeOf(done)}${total ? ` of ${sizeOf(total)}` : ""}`;
    showStatus(`${text} ${amount}`, total ? done / total : null);
}

function showDone({ read, decoded, seconds }) {
    const { zoom } = viewer, factor = String(Number(Math.max(zoom, 1 / zoom).toPrecision(3)));
    const scale = zoom >= 1 ? `${factor} : 1` : `1 : ${factor}`;
    const work = decoded ? ` · ${sizeOf(decoded)} from ${sizeOf(read)} in ${seconds.toFixed(1)} s` : "";
    showStatus(scale + work);
    document.body.dataset.drawn = String(Number(document.body.dataset.drawn ?? 0) + 1);
}

function showStatus(text, share = null) {
    find("#status").textContent = text;
    find("#progress").hidden = share === null;
    find("#progress").value = share ?? 0;
}

function notice(text) {
    find("#notice").hidden = !text;
    find("#notice").replaceChildren(make("p", {}, text));
}

function complain(text) {
    find("#message p").textContent = text;
    find("#message").hidden = false;
}

// ---- Events

const KEYS = {
    "+": () => viewer.enlarge(1.5), "=": () => viewer.enlarge(1.5), "-": () => viewer.enlarge(1 / 1.5), 0: () => viewer.fit(),
    c: () => setMode("components"), r: () => setMode("rgb"), b: () => setMode("band"), n: () => setMode("near"),
    f: () => find("#refit").click(), "[": () => stepOn(-1), "]": () => stepOn(1),
    ArrowUp: (by) => moveBy(-by, 0), ArrowDown: (by) => moveBy(by, 0), ArrowLeft: (by) => moveBy(0, -by), ArrowRight: (by) => moveBy(0, by),
};

function moveBy(dy, dx) {
    const { top, bottom, left, right } = viewer.view;
    const { y, x } = viewer.position ?? { y: (top + bottom) >> 1, x: (left + right) >> 1 };
    viewer.setPosition(viewer.position ? y + dy : y, viewer.position ? x + dx : x);
}

/** To the next band; where bands are not drawn one by one, to the next frame. */
function stepOn(by) {
    const { roles, dataset, frame, mode, picture } = state;
    if (mode === "band" && picture.channels > 1)
        return setBand(0, state.bands[0] + by);
    const axis = dataset.shape.findLastIndex((size, i) => size > 1 && !Object.values(roles).includes(i));
    if (axis >= 0)
        setFrame(axis, (frame[axis] ?? 0) + by);
}

document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, dialog"), isControl = event.ctrlKey || event.metaKey || event.altKey;
    if (isTyping || isControl)
        return;
    if (event.key === "?")
        return find("#help").showModal();
    if (event.key === "o")
        return find("#file").click();
    const isArrow = event.key.startsWith("Arrow");
    if (!state.picture || !(event.key in KEYS) || (isArrow && event.target !== find("#canvas")))
        return;
    event.preventDefault();
    KEYS[event.key](event.shiftKey ? 10 : 1);
});

let drags = 0;
addEventListener("dragenter", () => document.body.classList.toggle("dragging", ++drags > 0));
addEventListener("dragleave", () => document.body.classList.toggle("dragging", --drags > 0));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
    event.preventDefault();
    drags = 0;
    document.body.classList.remove("dragging");
    openBlob(event.dataTransfer.files[0]);
});

for (const id of ["#open", "#choose"])
    find(id).onclick = () => find("#file").click();
find("#file").onchange = ({ target }) => {
    openBlob(target.files[0]);
    target.value = "";
};
find("#address-form").onsubmit = (event) => {
    event.preventDefault();
    if (find("#address").value)
        openAddress(find("#address").value);
};
find("#help-button").onclick = () => find("#help").showModal();
find("#message button").onclick = () => { find("#message").hidden = true; };
find("#stretch").onchange = ({ target }) => {
    state.stretch = target.value;
    scheduleDraw();
};
find("#refit").onclick = () => {
    state.refit = true;
    scheduleDraw();
};
for (const button of document.querySelectorAll("[data-mode]"))
    button.onclick = () => setMode(button.dataset.mode);
const ZOOMS = { in: () => viewer.enlarge(2), out: () => viewer.enlarge(1 / 2), fit: () => viewer.fit() };
for (const button of document.querySelectorAll("[data-zoom]"))
    button.onclick = ZOOMS[button.dataset.zoom];

const asked = new URLSearchParams(location.search).get("file");
if (asked)
    openAddress(asked);
