/** zarrita's `registry`: constructors of codecs by name. */
export interface Registry {
    get(name: string): (() => unknown) | undefined;
    set(name: string, load: () => Promise<any>): unknown;
}

/** Makes h5prism known to zarrita, for arrays of formats 2 and 3. Reading only. */
export function registerH5prism(registry: Registry): void;
