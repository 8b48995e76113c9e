/** What all cells share: the view, the crosshair, and how the layer is drawn. */

import { untrack } from "svelte";
import { union, symmetric, type Range } from "../lib/scale";
import type { Cell, ColormapName, Comparison, Normalize } from "../lib/types";
import {
  clamp,
  HOME,
  octave,
  panBy,
  placement,
  toFrame,
  toPicture,
  zoomAbout,
} from "../lib/viewport";
import type { Point, Viewport } from "../lib/viewport";
import type { CellState } from "./cell.svelte";

/** What an app sets on the component; a value's own `view` comes before it. */
export interface Options {
  layer?: string | null;
  colormap?: ColormapName;
  opacity?: number;
  normalize?: Normalize;
  columns?: number | null;
  height?: number | string | null;
}

const CENTRE: Point = { x: 0.5, y: 0.5 };

/**
 * A setting is given by the value or the app and changed by the person. It is derived in two
 * steps, from a `#given` primitive: a streamed value that gives the same again then leaves what
 * the person chose.
 */
export class GridState {
  #value: () => Comparison;
  #options: () => Options;

  constructor(value: () => Comparison, options: () => Options) {
    this.#value = value;
    this.#options = options;
  }

  #givenColormap = $derived.by(
    () => this.#value().view?.colormap ?? this.#options().colormap ?? "viridis",
  );
  #givenOpacity = $derived.by(() => this.#value().view?.opacity ?? this.#options().opacity ?? 0.6);
  #givenNormalize = $derived.by(
    () => this.#value().view?.normalize ?? this.#options().normalize ?? "shared",
  );
  #givenLayer = $derived.by(() => this.#value().view?.layer ?? this.#options().layer ?? null);
  #givenZoom = $derived.by(() => this.#value().view?.zoom ?? 1);
  #givenX = $derived.by(() => this.#value().view?.center?.[0] ?? 0.5);
  #givenY = $derived.by(() => this.#value().view?.center?.[1] ?? 0.5);
  #givenLow = $derived.by(() => this.#value().view?.range?.[0] ?? null);
  #givenHigh = $derived.by(() => this.#value().view?.range?.[1] ?? null);

  /** The colour map that was chosen; a diverging layer is drawn with the diverging one. */
  chosenColormap = $derived.by(() => this.#givenColormap);
  opacity = $derived.by(() => this.#givenOpacity);
  normalize = $derived.by(() => this.#givenNormalize);
  #chosenLayer = $derived.by(() => this.#givenLayer);
  view = $derived.by<Viewport>(() =>
    clamp({ zoom: this.#givenZoom, x: this.#givenX, y: this.#givenY }),
  );

  /** Whether kept and dropped tokens are told apart on the pictures. */
  showTokens = $state(true);
  /** The crosshair, as a point of the picture. */
  crosshair = $state.raw<Point | null>(null);
  /** Whether the crosshair stays where it was clicked. */
  pinned = $state(false);

  /** The cells that are on the page, each with its decoded map and tokens. */
  cells = $state.raw<CellState[]>([]);

  /** Count a cell in while it is on the page; gives the function that counts it out. */
  join(cell: CellState): () => void {
    untrack(() => (this.cells = [...this.cells, cell]));
    return () => untrack(() => (this.cells = this.cells.filter((other) => other !== cell)));
  }

  /** The layers that any cell has, by key, in the order in which they first occur. */
  get layers(): { key: string; label: string }[] {
    const found = new Map<string, string>();
    for (const cell of this.#value().cells) {
      for (const layer of cell.layers) {
        if (!found.has(layer.key)) found.set(layer.key, layer.label || layer.key);
      }
    }
    return [...found].map(([key, label]) => ({ key, label }));
  }

  layer = $derived.by<string | null>(() => {
    const keys = this.layers.map(({ key }) => key);
    const chosen = this.#chosenLayer;
    return chosen !== null && keys.includes(chosen) ? chosen : (keys[0] ?? null);
  });

  chooseLayer(key: string): void {
    this.#chosenLayer = key;
  }

  #shown = $derived.by(() =>
    this.#value().cells.flatMap((cell) => cell.layers.filter(({ key }) => key === this.layer)),
  );
  diverging = $derived.by(() => this.#shown.some((layer) => layer.diverging));
  unit = $derived.by(() => this.#shown.find((layer) => layer.unit)?.unit ?? "");
  label = $derived.by(() => this.#shown.find((layer) => layer.label)?.label || (this.layer ?? ""));
  method = $derived.by(() => this.#shown.find((layer) => layer.method)?.method ?? "");
  colormap = $derived.by<ColormapName>(() => (this.diverging ? "diverging" : this.chosenColormap));

  #all = $derived.by(() => union(this.#shown.map((layer) => ends(layer.low, layer.high))));
  #low = $derived.by(() => this.#givenLow ?? this.#all?.[0] ?? null);
  #high = $derived.by(() => this.#givenHigh ?? this.#all?.[1] ?? null);
  /** The ends of the shared scale; null when no cell has a value. */
  range = $derived.by<Range | null>(() => this.centred(ends(this.#low, this.#high)));

  /** The range that a diverging colour map needs; any other stays as it is. */
  centred(range: Range | null): Range | null {
    return range && this.colormap === "diverging" ? symmetric(range) : range;
  }

  /** The cell that differences are taken against: the one named, else the leftmost. */
  reference = $derived.by<Cell | null>(() => {
    const { cells, reference } = this.#value();
    return cells.find(({ id }) => id === reference) ?? cells[0] ?? null;
  });

  zoomBy(factor: number, at: Point = CENTRE): void {
    this.view = zoomAbout(this.view, factor, at);
  }

  pan(dx: number, dy: number): void {
    this.view = panBy(this.view, dx, dy);
  }

  reset(): void {
    this.view = HOME;
  }

  /** Put the crosshair where the pointer is, unless it is pinned; null takes it away. */
  hover(frame: Point | null): void {
    if (!this.pinned) this.crosshair = frame && toPicture(this.view, frame);
  }

  /** Pin the crosshair at a point of the picture. */
  pin(picture: Point): void {
    this.crosshair = picture;
    this.pinned = true;
  }

  unpin(): void {
    this.pinned = false;
    this.crosshair = null;
  }

  /** The crosshair as it is now: gives the function that puts it back. */
  keepCrosshair(): () => void {
    const [crosshair, pinned] = [this.crosshair, this.pinned];
    return () => {
      this.crosshair = crosshair;
      this.pinned = pinned;
    };
  }

  /**
   * The transform of every cell's stage. It is set on the stages themselves: a CSS variable that
   * they all inherit would make the browser look through the style of the whole grid each frame.
   */
  transform = $derived.by(() => {
    const { left, top, scale } = placement(this.view);
    return `translate(${left}%, ${top}%) scale(${scale})`;
  });

  /** The zoom's power of two, for what is drawn as fine near as far. */
  octave = $derived.by(() => octave(this.view.zoom));

  /** Where the crosshair is seen in every frame; null when it is none or out of sight. */
  aim = $derived.by<Point | null>(() => {
    if (!this.crosshair) return null;
    const at = toFrame(this.view, this.crosshair);
    return at.x >= 0 && at.x <= 1 && at.y >= 0 && at.y <= 1 ? at : null;
  });
}

function ends(low: number | null, high: number | null): Range | null {
  return low === null || high === null ? null : [low, high];
}
