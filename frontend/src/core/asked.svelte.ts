/** What the value and the app ask the grid to show, before the person changes any of it. */

import type { Comparison, Options, ViewData } from "../lib/types";

/** A wish that was uttered; another one is another object, also where it is for the same. */
export interface Wish<T> {
  readonly value: T;
  /** All that was said with it. */
  readonly look: Partial<Look>;
}

/** All that is looked at, and against which cell. */
export type Look = Omit<ViewData, "told"> & { reference: string | null };
type Field = keyof Look;

/** How many looks are remembered as told: Gradio asks for one several times for every yield. */
const REMEMBERED = 512;

/** What an app may set on the component as well as in a view. */
const OF_THE_COMPONENT = [
  "layer",
  "colormap",
  "opacity",
  "threshold",
  "normalize",
  "smooth",
  "linked",
  "difference",
  "answers",
  "deltas",
] as const satisfies (Field & keyof Options)[];

export class Asked {
  #value: () => Comparison;
  #options: () => Options;

  // What follows is memory beside the signals: each is what was there when they were last read.
  #uttered: ReadonlyMap<Field, Wish<unknown>> = new Map();
  #optionsBefore: Options = {};
  /** What values said of each part of the look, the newest. */
  readonly #said = new Map<Field, unknown>();
  #before: { mark: string | null; look: Partial<Look> } = { mark: null, look: {} };
  /** Looks that were told, under their marks; the latest used is last. */
  readonly #told = new Map<string, Look>();
  #latest = { text: "", mark: "", uttered: this.#uttered };
  /** Begins the marks of this page: those of another mean nothing here. */
  readonly #page = Math.random().toString(36).slice(2);
  #count = 0;

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

  #wishes = $derived.by(() => {
    const { view, reference } = this.#value();
    const options = this.#options();
    for (const field of OF_THE_COMPONENT) {
      const option = options[field] ?? null;
      if (option !== null && option !== this.#optionsBefore[field])
        this.#utter(field, option, options);
    }
    this.#optionsBefore = { ...options };
    this.#hear(view?.told ?? null, { ...view, reference });
    return this.#uttered;
  });

  /** Hear what a value wishes before the next one comes, also while nothing on the page asks for it. */
  attend(): void {
    void this.#wishes;
  }

  /** The newest wish for a part of the look; undefined where nobody has uttered any. */
  wish<F extends Field>(field: F): Wish<Look[F]> | undefined {
    return this.#wishes.get(field) as Wish<Look[F]> | undefined;
  }

  /** Remember what is told to the app; gives the mark by which it is known when it comes back. */
  report(look: Look): string {
    const text = JSON.stringify(look);
    if (text !== this.#latest.text || this.#uttered !== this.#latest.uttered) {
      const mark = `${this.#page}-${++this.#count}`;
      this.#latest = { text, mark, uttered: this.#uttered };
      this.#keep(mark, look);
    }
    return this.#latest.mark;
  }

  /**
   * Take what a value says for wishes. A function that was told a look gives it back with every value
   * it yields: only what it changed is wished, and once, for the person may have moved on since. Else
   * what is not said is left as it is, and what is said again is no new wish.
   */
  #hear(mark: string | null, { told: _, ...look }: ViewData & Pick<Look, "reference">): void {
    const known = mark === null ? undefined : this.#told.get(mark);
    if (known) this.#keep(mark!, known);
    const base = known && mark === this.#before.mark ? this.#before.look : known;
    for (const field of fields(look, base)) {
      const value = look[field] ?? null;
      const isSaid = base !== undefined || value !== null || field === "reference";
      if (!isSaid || same(value, base ? base[field] : this.#said.get(field))) continue;
      this.#said.set(field, value);
      this.#utter(field, value, look);
    }
    this.#before = { mark, look };
  }

  #utter(field: Field, value: unknown, look: Partial<Look>): void {
    this.#uttered = new Map(this.#uttered).set(field, { value, look });
  }

  /** Remember a look longest: one that still comes back must not be crowded out by later ones. */
  #keep(mark: string, look: Look): void {
    this.#told.delete(mark);
    this.#told.set(mark, look);
    const [oldest] = this.#told.keys();
    if (this.#told.size > REMEMBERED) this.#told.delete(oldest!);
  }
}

function fields(...looks: (Partial<Look> | undefined)[]): Set<Field> {
  return new Set(looks.flatMap((look) => Object.keys(look ?? {}) as Field[]));
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}
