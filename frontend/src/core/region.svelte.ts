/** The box that a person marks on the picture: one for all cells. */

import { boxAround, boxBetween, moved, resized, type Region } from "../lib/region";
import type { Point } from "../lib/viewport";
import type { Asked } from "./asked.svelte";
import { Setting } from "./setting.svelte";

/** Of what is seen: how wide and high a box is that a key makes, and how far a key moves it. */
const PART = 0.25;
const STEP = 0.02;

/** A box that is being drawn: where it began, and what was there before. */
interface Stroke {
  from: Point;
  before: Region | null;
}

export class RegionState {
  #box: Setting<Region | null>;
  /** Whether a drag draws the box; else it moves the picture. */
  on = $state(false);
  #stroke = $state.raw<Stroke | null>(null);

  constructor(asked: Asked) {
    this.#box = new Setting(() => asked.wish("region"), null);
  }

  get box(): Region | null {
    return this.#box.current;
  }

  /** Whether its shares have a place on the page: before there is a box, so that nothing moves. */
  isShown = $derived.by(() => this.on || this.#box.current !== null);
  isDrawn = $derived.by(() => this.#stroke !== null);

  toggle(): void {
    this.#stroke = null;
    this.on = !this.on;
  }

  /** Begin a box at a point of the picture; gives whether boxes are drawn at all. */
  begin(from: Point): boolean {
    if (this.on) this.#stroke = { from, before: this.box };
    return this.on;
  }

  /** Let it reach to another point. */
  reach(to: Point): void {
    if (this.#stroke) this.#box.current = boxBetween(this.#stroke.from, to);
  }

  end(): void {
    this.#stroke = null;
  }

  /** What was there before the box that is being drawn. */
  cancel(): void {
    if (this.#stroke) this.#box.current = this.#stroke.before;
    this.#stroke = null;
  }

  /** Take the box away; gives the function that puts it back. */
  clear(): () => void {
    const before = this.box;
    this.#box.current = null;
    return () => (this.#box.current = before);
  }

  /** One step back: from a box that is being drawn, from the box, from marking at all. */
  letGo(): boolean {
    if (!this.on) return false;
    if (this.#stroke) this.cancel();
    else if (this.box) this.clear();
    else this.on = false;
    return true;
  }

  /** A box around a point of the picture, seen at this zoom. */
  drop(middle: Point, zoom: number): void {
    this.#box.current = boxAround(middle, PART / zoom);
  }

  /** Move the box by so many steps, or its lower right corner alone; gives whether there is one to move. */
  step([across, down]: readonly [number, number], zoom: number, corner: boolean): boolean {
    if (!this.on || !this.box) return false;
    const step = STEP / zoom;
    const [dx, dy] = [across * step, down * step];
    this.#box.current = corner ? resized(this.box, dx, dy, step) : moved(this.box, dx, dy);
    return true;
  }
}
