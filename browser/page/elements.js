/* Small pieces of pages. */

export const find = (selector) => document.querySelector(selector);

/** An element with properties and children; `data` and names with a hyphen are attributes. */
export function make(tag, facts = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(facts))
        if (name === "data")
            Object.assign(element.dataset, value);
        else if (name.includes("-"))
            element.setAttribute(name, value);
        else
            element[name] = value;
    element.append(...children);
    return element;
}

export function sizeOf(bytes) {
    const units = ["bytes", "KB", "MB", "GB", "TB"], at = bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3);
    return `${at ? (bytes / 1000 ** at).toPrecision(3) : bytes} ${units[at]}`;
}

export const shapeOf = (shape) => (shape.length ? shape.join(" × ") : "one number");

/** With five digits. */
export function numberOf(value) {
    if (!Number.isFinite(value))
        return String(value);
    const size = Math.abs(value), isLong = size >= 1e7 || (size < 1e-3 && size > 0);
    return isLong ? value.toExponential(3) : String(Number(Number.isInteger(value) ? value : value.toPrecision(5)));
}
