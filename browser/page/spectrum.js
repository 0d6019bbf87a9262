/* What a position holds: its values as a line over channels, and as numbers. */
import { make, numberOf } from "./elements.js";

const WIDTH = 300, HEIGHT = 120, LEFT = 44, BOTTOM = 16;
const MOST_DOTS = 24;

const svg = (tag, facts, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(facts))
        element.setAttribute(name, value);
    element.textContent = text ?? "";
    return element;
};

/** @param band the channel that is drawn, or null */
export function spectrumOf({ y, x, values }, band) {
    const title = make("h2", {}, `Position ${y}, ${x}`);
    if (values.length === 1)
        return [title, make("p", { className: "value", data: { values: String(values[0]) } }, numberOf(values[0]))];
    const numbers = make("output", { id: "values", data: { values: Array.from(values).join() } },
        Array.from(values, numberOf).join("  "));
    return [title, lineOf(values, band), make("details", {}, make("summary", {}, `${values.length} values`), numbers)];
}

function lineOf(values, band) {
    const finite = values.filter(Number.isFinite);
    const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
        "aria-label": `${values.length} values over channels` });
    if (!finite.length) {
        chart.append(svg("text", { x: LEFT, y: HEIGHT / 2 }, "no number in any channel"));
        return chart;
    }
    let [low, high] = [Math.min(...finite), Math.max(...finite)];
    if (low === high)
        [low, high] = [low - 1, high + 1];
    const xOf = (i) => LEFT + (i / (values.length - 1)) * (WIDTH - LEFT - 6);
    const yOf = (value) => 6 + (1 - (value - low) / (high - low)) * (HEIGHT - BOTTOM - 12);
    for (const value of low < 0 && high > 0 ? [low, 0, high] : [low, high])
        chart.append(svg("line", { class: "axis", x1: LEFT, x2: WIDTH, y1: yOf(value), y2: yOf(value) }));
    chart.append(svg("text", { x: LEFT - 6, y: yOf(high) + 4, "text-anchor": "end" }, numberOf(high)),
        svg("text", { x: LEFT - 6, y: yOf(low) + 4, "text-anchor": "end" }, numberOf(low)),
        svg("text", { x: LEFT, y: HEIGHT - 2 }, "0"),
        svg("text", { x: WIDTH, y: HEIGHT - 2, "text-anchor": "end" }, String(values.length - 1)));
    if (band !== null)
        chart.append(svg("line", { class: "band", x1: xOf(band), x2: xOf(band), y1: 2, y2: HEIGHT - BOTTOM }));
    chart.append(svg("path", { class: "line", d: pathOf(values, xOf, yOf) }));
    if (values.length <= MOST_DOTS)
        values.forEach((value, i) => Number.isFinite(value) &&
            chart.append(svg("circle", { class: "dot", cx: xOf(i), cy: yOf(value), r: 2 })));
    return chart;
}

/** With gaps where there is no number. */
function pathOf(values, xOf, yOf) {
    let path = "", pen = "M";
    values.forEach((value, i) => {
        if (Number.isFinite(value))
            path += `${pen}${xOf(i).toFixed(1)} ${yOf(value).toFixed(1)}`;
        pen = Number.isFinite(value) ? "L" : "M";
    });
    return path;
}
