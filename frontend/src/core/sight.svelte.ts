/** Where the cells look: one view for all, and what a cell that was moved alone adds to it. */

import {
  clamp,
  HOME,
  moveShared,
  NEAREST,
  offsetBetween,
  panBy,
  withOffset,
  zoomAbout,
} from "../lib/viewport";
import type { Offset, Point, Viewport } from "../lib/viewport";
import type { Asked } from "./asked.svelte";
import { Setting } from "./setting.svelte";

const CENTRE: Point = { x: 0.5, y: 0.5 };

export class Sight {
  #asked: Asked;
  #scope: () => string;
  linked: Setting<boolean>;

  /** With another `scope`, what a cell added to the view is forgotten. */
  constructor(asked: Asked, scope: () => string) {
    this.#asked = asked;
    this.#scope = scope;
    this.linked = new Setting(() => asked.wish("linked"), true);
  }

  #zoomWished = $derived.by(() => this.#asked.wish("zoom"));
  #centreWished = $derived.by(() => this.#asked.wish("center"));
  #zoom = $derived.by(() => this.#zoomWished?.value ?? 1);
  #centre = $derived.by<Point>(() => {
    const at = this.#centreWished?.value;
    return at ? { x: at[0], y: at[1] } : CENTRE;
  });
  #offsets = $derived.by<ReadonlyMap<string, Offset>>(() => {
    void this.#scope();
    return new Map();
  });
  /** The largest zoom that any cell adds. */
  #nearest = $derived.by(() => Math.max(1, ...[...this.#offsets.values()].map(({ zoom }) => zoom)));

  shared = $derived.by<Viewport>(() => clamp({ zoom: this.#zoom, ...this.#centre }, this.#nearest));

  // The middle may lie further out than a cell at the shared zoom can follow.
  #whole = $derived.by(() => clamp(this.shared));

  /** The view of a cell, or the shared one. */
  of(key?: string): Viewport {
    const offset = key === undefined ? undefined : this.#offsets.get(key);
    return offset ? withOffset(this.shared, offset) : this.#whole;
  }

  /** Whether a cell was moved alone. */
  isApart(key: string): boolean {
    return this.#offsets.has(key);
  }

  anyApart = $derived.by(() => this.#offsets.size > 0);

  /** Give a cell the shared view again. */
  rejoin(key: string): void {
    this.#offsets = new Map([...this.#offsets].filter(([other]) => other !== key));
  }

  /** Zoom about a place of the frame of a cell: all cells, or while they are not linked this one. */
  zoomBy(factor: number, at: Point = CENTRE, key?: string): void {
    this.#move((view) => zoomAbout(view, factor, at), key);
  }

  /** Move the picture with the pointer, by a part of the frame's width and height. */
  pan(dx: number, dy: number, key?: string): void {
    this.#move((view) => panBy(view, dx, dy), key);
  }

  /** The whole picture again: in all cells, or while they are not linked in this one. */
  reset(key?: string): void {
    if (this.linked.current || key === undefined) {
      this.#offsets = new Map();
      this.#look(HOME);
    } else {
      this.#move(() => HOME, key);
    }
  }

  canZoomIn = $derived.by(() => this.shared.zoom < NEAREST);
  canZoomOut = $derived.by(() => this.shared.zoom > 1);

  #look({ zoom, x, y }: Viewport): void {
    this.#zoom = zoom;
    this.#centre = { x, y };
  }

  #move(step: (view: Viewport) => Viewport, key?: string): void {
    const before = this.of(key);
    const after = step(before);
    if (this.linked.current || key === undefined) {
      this.#look(moveShared(this.shared, before, after, this.#nearest));
    } else {
      this.#offsets = new Map(this.#offsets).set(key, offsetBetween(this.shared, after));
    }
  }
}
