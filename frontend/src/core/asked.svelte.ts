/** What the value and the app ask the grid to show, before the person changes any of it. */

import type { Comparison, Options, ViewData } from "../lib/types";

export class Asked {
  #value: () => Comparison;
  #options: () => Options;
  #reported = { view: "", reference: "" };
  #last: { view: ViewData | null; reference: string | null } = { view: null, reference: null };

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
  view = $derived.by<ViewData>(() => {
    const view = this.#value().view;
    if (view === null || told(view) !== this.#reported.view) this.#last.view = view;
    return this.#last.view ?? {};
  });

  reference = $derived.by<string | null>(() => {
    const reference = this.#value().reference;
    if (reference === null || reference !== this.#reported.reference) {
      this.#last.reference = reference;
    }
    return this.#last.reference;
  });

  /** Remember what was told to the app, to know it again when it comes back. */
  report(view: ViewData, reference: string | null): void {
    this.#reported = { view: told(view), reference: reference ?? "" };
  }
}

/** A view as a text that is the same for the same view, whatever the order of its fields. */
function told(view: ViewData): string {
  const known = Object.entries(view).filter(([, wish]) => wish !== null && wish !== undefined);
  return JSON.stringify(known.sort(([a], [b]) => (a < b ? -1 : 1)));
}
