/** Which cells stand on the page, and in what order; a cell is told by its key. */

export class Arrangement {
  #keys: () => string[];
  #given: () => string | null;

  /** `keys` are the value's cells in its order, `given` the one it wants alone. */
  constructor(keys: () => string[], given: () => string | null) {
    this.#keys = keys;
    this.#given = given;
  }

  #order = $state.raw<string[]>([]);
  #away = $state.raw<string[]>([]);
  /** The cell that another is being dragged over. */
  target = $state<string | null>(null);
  // Two steps: a streamed value that asks for the same again leaves what the person chose.
  #asked = $derived.by(() => this.#given());
  #chosen = $derived.by(() => this.#asked);

  /** Every cell as the person put it; what is new stands last. */
  all = $derived.by(() => {
    const keys = this.#keys();
    const known = this.#order.filter((key) => keys.includes(key));
    return [...known, ...keys.filter((key) => !known.includes(key))];
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
  #present = $derived.by(() => this.all.filter((key) => !this.hidden.includes(key)));

  shown = $derived.by(() => (this.solo !== null ? [this.solo] : this.#present));

  /** Whether a cell may go: the last one stays. */
  canHide = $derived.by(() => this.#present.length > 1);

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

  /** Put a cell where another stands, which makes room. */
  place(key: string, at: string): void {
    const to = this.all.indexOf(at);
    if (key === at || to < 0 || !this.all.includes(key)) return;
    const rest = this.all.filter((other) => other !== key);
    this.#order = [...rest.slice(0, to), key, ...rest.slice(to)];
  }

  /** The cell that a step left (-1) or right (1) would change places with; null at an end. */
  neighbour(key: string, step: -1 | 1): string | null {
    return this.#present[this.#present.indexOf(key) + step] ?? null;
  }
}
