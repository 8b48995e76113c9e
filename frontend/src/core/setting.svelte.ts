/**
 * Something that the value or the app wishes for and the person changes. What the person chose stays
 * until another wish is uttered: a streamed value that says the same again utters none.
 */
import type { Region } from "../lib/region";
import type { Wish } from "./asked.svelte";

export class Setting<T extends string | number | boolean | Region | null> {
  #wish: () => Wish<T | null | undefined> | undefined;
  #otherwise: T;

  constructor(wish: () => Wish<T | null | undefined> | undefined, otherwise: T) {
    this.#wish = wish;
    this.#otherwise = otherwise;
  }

  #wished = $derived.by(() => this.#wish());
  current = $derived.by<T>(() => this.#wished?.value ?? this.#otherwise);
}
