/** What the value and the app ask the grid to show, before the person changes any of it. */

import type { Comparison, Options, ViewData } from "../lib/types";

/** How many tellings are remembered: functions that run at the same time give theirs back late. */
const REMEMBERED = 64;

interface Wish {
  view: ViewData | null;
  reference: string | null;
}

export class Asked {
  #value: () => Comparison;
  #options: () => Options;
  readonly #told: { view: string; reference: string | null }[] = [];
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
    const echoes = this.#told.filter((one) => one.view === told(view));
    if (!echoes.length) this.#last = { ...this.#last, view };
    if (!echoes.some((one) => one.reference === reference))
      this.#last = { ...this.#last, reference };
    return this.#last;
  });
  view = $derived.by<ViewData>(() => this.#wish.view ?? {});
  reference = $derived.by<string | null>(() => this.#wish.reference);

  /** Remember what was told to the app, to know it again when it comes back. */
  report({ view, reference }: Wish): void {
    this.#told.push({ view: told(view), reference });
    if (this.#told.length > REMEMBERED) this.#told.shift();
  }
}

/** A view as a text that is the same for the same view, whatever the order of its fields. */
function told(view: ViewData | null): string {
  const known = Object.entries(view ?? {}).filter(([, one]) => one !== null && one !== undefined);
  return JSON.stringify(known.sort(([a], [b]) => (a < b ? -1 : 1)));
}
