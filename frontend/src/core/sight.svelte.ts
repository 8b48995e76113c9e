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
  linked: Setting<boolean>;

  constructor(asked: Asked) {
    this.#asked = asked;
    this.linked = new Setting(() => asked.view.linked ?? asked.options.linked ?? true);
  }

  #zoom = $derived.by(() => this.#asked.view.zoom ?? 1);
  #x = $derived.by(() => this.#asked.view.center?.[0] ?? 0.5);
  #y = $derived.by(() => this.#asked.view.center?.[1] ?? 0.5);
  shared = $derived.by<Viewport>(() => clamp({ zoom: this.#zoom, x: this.#x, y: this.#y }));

  // The middle may lie further out than a cell at the shared zoom can follow.
  #whole = $derived.by(() => clamp(this.shared));

  #offsets = $state.raw<ReadonlyMap<string, Offset>>(new Map());

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
      this.shared = HOME;
    } else {
      this.#move(() => HOME, key);
    }
  }

  canZoomIn = $derived.by(() => this.shared.zoom < NEAREST);
  canZoomOut = $derived.by(() => this.shared.zoom > 1);

  #move(step: (view: Viewport) => Viewport, key?: string): void {
    const before = this.of(key);
    const after = step(before);
    if (this.linked.current || key === undefined) {
      const nearest = Math.max(1, ...[...this.#offsets.values()].map(({ zoom }) => zoom));
      this.shared = moveShared(this.shared, before, after, nearest);
    } else {
      this.#offsets = new Map(this.#offsets).set(key, offsetBetween(this.shared, after));
    }
  }
}
