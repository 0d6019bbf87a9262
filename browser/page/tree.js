/* The contents of a file: groups that open, datasets that can be chosen. */
import { make, shapeOf } from "./elements.js";

const MOST_OPENED = 60; // objects that are listed without being asked for

export class Tree {
    /** @param list gives the children of an object @param choose is told of a dataset */
    constructor(element, list, choose) {
        Object.assign(this, { element, list, choose });
    }

    /** Shows a file; the largest dataset that can be drawn is chosen. */
    async show() {
        this.element.replaceChildren();
        this.datasets = [];
        this.left = MOST_OPENED;
        await this.#fill(this.element, undefined);
        const pictures = this.datasets.filter(({ object }) => !object.refusal);
        const best = pictures.reduce((a, b) => (a && a.object.bytes >= b.object.bytes ? a : b), null);
        best?.button.click();
        return this.datasets.length;
    }

    async #fill(parent, object) {
        const children = await this.list(object), list = make("ul");
        parent.append(list);
        this.left -= children.length;
        for (const child of children) {
            const item = make("li");
            list.append(item);
            if (child.kind === "group")
                await this.#addGroup(item, child);
            else if (child.kind === "dataset")
                this.#addDataset(item, child);
            else if (child.kind === "broken")
                item.append(make("p", {}, `${child.name}: ${child.reason}`));
        }
        if (!children.length)
            list.append(make("li", {}, make("p", {}, "empty")));
    }

    async #addGroup(item, group) {
        const button = make("button", { type: "button", className: "group", "aria-expanded": "false" }, group.name);
        item.append(button);
        const open = async () => {
            button.setAttribute("aria-expanded", "true");
            try {
                await this.#fill(item, group);
            } catch (error) {
                item.append(make("p", {}, error.message));
            }
        };
        button.onclick = () => {
            if (button.getAttribute("aria-expanded") === "false")
                return void open();
            button.setAttribute("aria-expanded", "false");
            button.nextElementSibling?.remove();
        };
        if (this.left > 0)
            await open();
    }

    #addDataset(item, object) {
        const facts = object.shape ? `${shapeOf(object.shape)} · ${object.type}` : "cannot be read";
        const button = make("button", { type: "button", data: { path: object.path } }, object.name,
            make("small", {}, [facts, ...(object.filters ?? [])].join(" · ")));
        button.classList.toggle("refused", Boolean(object.refusal));
        button.onclick = () => {
            this.element.querySelector("[aria-current]")?.removeAttribute("aria-current");
            button.setAttribute("aria-current", "true");
            this.choose(object);
        };
        item.append(button);
        this.datasets.push({ object, button });
    }
}
