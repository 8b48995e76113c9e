/** The reference seen in place of a cell: beside a swipe handle, or in turn with it. */

import type { Asked } from "./asked.svelte";
import { Setting } from "./setting.svelte";

/** Milliseconds of each of the two pictures: two changes there and back are 2 Hz, below 3. */
const PHASE = 250;

export class Reveal {
  /** Where the handle stands, 0 to 1 from the left; null for none. Left of it is the reference. */
  swipe: Setting<number | null>;
  /** Whether `b` is held. */
  held = $state(false);
  #phase = $state(false);
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(asked: Asked) {
    this.swipe = new Setting(() => asked.wish("swipe"), null);
  }

  /** Whether every cell shows the reference at this moment. */
  isFlipped = $derived.by(() => this.held && this.#phase);

  toggleSwipe(): void {
    this.swipe.current = this.swipe.current === null ? 0.5 : null;
  }

  moveSwipe(to: number): void {
    this.swipe.current = Math.min(1, Math.max(0, to));
  }

  /** Begin to blink; without motion, the reference is shown for as long as the key is held. */
  hold(still: boolean): void {
    if (this.held) return;
    this.held = this.#phase = true;
    if (!still) this.#timer = setInterval(() => (this.#phase = !this.#phase), PHASE);
  }

  release(): void {
    clearInterval(this.#timer);
    this.held = this.#phase = false;
  }
}
