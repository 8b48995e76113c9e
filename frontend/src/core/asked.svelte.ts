/** What the value and the app ask the grid to show, before the person changes any of it. */

import type { Comparison, Options, ViewData } from "../lib/types";

/**
 * How many views are remembered as told. Gradio asks for the view several times for every yield, not
 * only for the functions that take it.
 */
const REMEMBERED = 512;

interface Wish {
  view: ViewData | null;
  reference: string | null;
}

export class Asked {
  #value: () => Comparison;
  #options: () => Options;
  /** The views that were told, each with the references it was told with; the latest used is last. */
  readonly #told = new Map<string, Set<string | null>>();
  #last: Wish = { view: null, reference: null };

  constructor(value: () => Comparison, options: () => Options) {
    this.#value = value;
    this.#options = options;
  }

  get value(): Comparison {
    return this.#value();
  }

  get options(): Options {
    return this.#options();
  }

  // A function that got the grid's view gives it back with every value it yields. That is no wish:
  // the person may have moved on since.
  #wish = $derived.by<Wish>(() => {
    const { view, reference } = this.#value();
    const name = told(view);
    const references = this.#told.get(name);
    if (references) this.#keep(name, references);
    else this.#last = { ...this.#last, view };
    if (!references?.has(reference)) this.#last = { ...this.#last, reference };
    return this.#last;
  });
  view = $derived.by<ViewData>(() => this.#wish.view ?? {});
  reference = $derived.by<string | null>(() => this.#wish.reference);

  /** Remember what was told to the app, to know it again when it comes back. */
  report({ view, reference }: Wish): void {
    const name = told(view);
    this.#keep(name, (this.#told.get(name) ?? new Set()).add(reference));
  }

  /** Remember a view longest: one that still comes back must not be crowded out by later ones. */
  #keep(name: string, references: Set<string | null>): void {
    this.#told.delete(name);
    this.#told.set(name, references);
    const [oldest] = this.#told.keys();
    if (this.#told.size > REMEMBERED) this.#told.delete(oldest!);
  }
}

/** A view as a text that is the same for the same view, whatever the order of its fields. */
function told(view: ViewData | null): string {
  const known = Object.entries(view ?? {}).filter(([, one]) => one !== null && one !== undefined);
  return JSON.stringify(known.sort(([a], [b]) => (a < b ? -1 : 1)));
}
