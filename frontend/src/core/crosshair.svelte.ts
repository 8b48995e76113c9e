/** The point that all cells are read at, in normalised coordinates of the picture. */

import { Turns } from "../lib/turns";
import type { Point } from "../lib/viewport";

/** The cells' texts that one frame may write anew: each is a layout, and all of them change at once. */
const TEXTS_PER_FRAME = 2;

export class CrosshairState {
  #aim: (at: Point | null) => void;
  #at = $state.raw<Point | null>(null);
  /** Whether it is anywhere: a signal apart from where, which changes with every move. */
  isShown = $state(false);
  /** Whether it stays where it was clicked. */
  pinned = $state(false);
  readonly texts = new Turns(TEXTS_PER_FRAME);

  /** `aim` lets the cells find what is under it, before anybody is told that it moved. */
  constructor(aim: (at: Point | null) => void) {
    this.#aim = aim;
  }

  get at(): Point | null {
    return this.#at;
  }
  set at(at: Point | null) {
    this.#aim(at);
    this.#at = at;
    this.isShown = at !== null;
  }

  /** Put it where the pointer is, unless it is pinned; null takes it away. */
  hover(at: Point | null): void {
    if (!this.pinned) this.at = at;
  }

  pin(at: Point): void {
    this.at = at;
    this.pinned = true;
  }

  unpin(): void {
    this.pinned = false;
    this.at = null;
  }

  /** The crosshair as it is now: gives the function that puts it back. */
  keep(): () => void {
    const [at, pinned] = [this.at, this.pinned];
    return () => {
      this.at = at;
      this.pinned = pinned;
    };
  }
}
