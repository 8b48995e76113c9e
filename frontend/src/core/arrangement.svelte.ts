/** Which cells stand on the page, and in what order; a cell is told by its key. */

import type { Wish } from "./asked.svelte";
import { Setting } from "./setting.svelte";

/** What the value wishes of the arrangement. */
export interface Wishes {
  /** What an arrangement belongs to: with another one, it is forgotten. */
  scope(): string;
  solo(): Maybe<string>;
  order(): Maybe<readonly string[]>;
  hidden(): Maybe<readonly string[]>;
  sort(): Maybe<string>;
}

type Maybe<T> = Wish<T | null | undefined> | undefined;

const NOBODY: readonly string[] = [];

export class Arrangement {
  #keys: () => string[];
  #wishes: Wishes;
  #ranked: (metric: string) => string[] | null;
  /** The key of the metric that cells are sorted by; null for the person's own order. */
  sort: Setting<string | null>;

  /** `keys` are the cells as they stand at first, `ranked` gives them sorted by a metric. */
  constructor(keys: () => string[], wishes: Wishes, ranked: (metric: string) => string[] | null) {
    this.#keys = keys;
    this.#wishes = wishes;
    this.#ranked = ranked;
    this.sort = new Setting(() => wishes.sort(), null);
  }

  // Each in two steps, like a Setting: the person's choice stays until the wish is another one.
  #scope = $derived.by(() => this.#wishes.scope());
  #orderWished = $derived.by(() => this.#wishes.order());
  #hiddenWished = $derived.by(() => this.#wishes.hidden());
  #soloWished = $derived.by(() => this.#wishes.solo());
  #order = $derived.by(() => this.#within(this.#orderWished) ?? NOBODY);
  #away = $derived.by(() => this.#within(this.#hiddenWished) ?? NOBODY);
  #chosen = $derived.by(() => this.#within(this.#soloWished) ?? null);

  /** What is wished for, asked for anew with every scope. */
  #within<T>(wish: Maybe<T>): T | null | undefined {
    void this.#scope;
    return wish?.value;
  }

  /** The cell that another is being dragged over. */
  target = $state<string | null>(null);

  /** Every cell as the person put it; what is new stands last. */
  #own = $derived.by(() => {
    const keys = this.#keys();
    const known = this.#order.filter((key) => keys.includes(key));
    return [...known, ...keys.filter((key) => !known.includes(key))];
  });

  /** Every cell in order, hidden or not. */
  all = $derived.by(() => {
    const metric = this.sort.current;
    return (metric === null ? null : this.#ranked(metric)) ?? this.#own;
  });

  /** The cell that stands leftmost before anybody moves one. */
  first = $derived.by<string | null>(() => {
    const keys = this.#keys();
    const wished = this.#orderWished?.value ?? NOBODY;
    return wished.find((key) => keys.includes(key)) ?? keys[0] ?? null;
  });

  /** The one cell that is shown alone, or null. */
  solo = $derived.by(() =>
    this.#chosen !== null && this.all.includes(this.#chosen) ? this.#chosen : null,
  );

  hidden = $derived.by(() => {
    const hidden = this.all.filter((key) => this.#away.includes(key));
    // A new value may hold nothing but cells that were hidden: then all of them are seen.
    return hidden.length < this.all.length ? hidden : [];
  });

  /** Those that are not hidden, in order. */
  present = $derived.by(() => this.all.filter((key) => !this.hidden.includes(key)));

  shown = $derived.by(() => (this.solo !== null ? [this.solo] : this.present));

  /** Whether a cell may go: the last one stays. */
  canHide = $derived.by(() => this.present.length > 1);

  /** Show one cell alone, or all again when it is already. */
  toggleSolo(key: string): void {
    this.#chosen = this.solo === key ? null : key;
  }

  /** Back from one cell to all; gives whether there was a way back. */
  leaveSolo(): boolean {
    const was = this.solo !== null;
    this.#chosen = null;
    return was;
  }

  /** Take a cell from the page, if one may go. */
  hide(key: string): void {
    if (!this.canHide) return;
    this.#away = [...this.hidden, key];
    if (this.solo === key) this.#chosen = null;
  }

  bringBack(key: string): void {
    this.#away = this.hidden.filter((other) => other !== key);
  }

  /** Put a cell where another stands, which makes room; the order is the person's own from then. */
  place(key: string, at: string): void {
    const to = this.all.indexOf(at);
    if (key === at || to < 0 || !this.all.includes(key)) return;
    const rest = this.all.filter((other) => other !== key);
    this.#order = [...rest.slice(0, to), key, ...rest.slice(to)];
    this.sort.current = null;
  }

  /** The cell that a step left (-1) or right (1) would change places with; null at an end. */
  neighbour(key: string, step: -1 | 1): string | null {
    return this.present[this.present.indexOf(key) + step] ?? null;
  }
}
