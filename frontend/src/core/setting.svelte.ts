/**
 * Something that the value or the app gives and the person changes. It is derived in two steps, from
 * a primitive: a streamed value that gives the same again then leaves what the person chose.
 */
export class Setting<T extends string | number | boolean | null> {
  #give: () => T;

  constructor(give: () => T) {
    this.#give = give;
  }

  #given = $derived.by(() => this.#give());
  current = $derived.by(() => this.#given);
}
