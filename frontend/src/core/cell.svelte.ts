/** One cell's map and tokens, decoded once for as long as their bytes stay the same. */

import { decodeBytes, decodeMap } from "../lib/maps";
import { extent, percentiles, positions } from "../lib/scale";
import {
  DROPPED,
  decodeAssign,
  fate,
  keptCount,
  keptLabel,
  tokenAt,
  tokenPath,
} from "../lib/tokens";
import { formatValue } from "../lib/figures";
import type { Cell, MapData, Selection } from "../lib/types";
import type { GridState } from "./grid.svelte";

interface Decoded<T> {
  content: T | null;
  problem: string | null;
}

/** What the crosshair shows in a cell. */
export interface Readout {
  row: number;
  col: number;
  /** NaN is no value; null when the cell lacks the layer. */
  value: number | null;
  parts: string[];
}

export class CellState {
  #grid: GridState;
  #cell: () => Cell;

  constructor(grid: GridState, cell: () => Cell) {
    this.#grid = grid;
    this.#cell = cell;
  }

  get id(): string {
    return this.#cell().id;
  }

  // Every yield replaces the whole value. What is decoded and drawn hangs on these primitives,
  // so that text that streams in redraws nothing.
  #layer = $derived.by(() => this.#cell().layers.find(({ key }) => key === this.#grid.layer));
  #data = $derived.by(() => this.#layer?.data ?? null);
  #dtype = $derived.by(() => this.#layer?.dtype ?? "float32");
  #low = $derived.by(() => this.#layer?.low ?? null);
  #high = $derived.by(() => this.#layer?.high ?? null);
  #sinks = $derived.by(() => this.#layer?.sinks ?? null);
  #assign = $derived.by(() => this.#cell().tokens?.assign ?? null);
  rows = $derived.by(() => this.#layer?.rows ?? this.#cell().tokens?.rows ?? 0);
  cols = $derived.by(() => this.#layer?.cols ?? this.#cell().tokens?.cols ?? 0);

  #map = $derived.by(() => {
    const [data, rows, cols] = [this.#data, this.rows, this.cols];
    const rest = {
      dtype: this.#dtype,
      low: this.#low,
      high: this.#high,
    } satisfies Partial<MapData>;
    return attempt(data, (data) => decodeMap({ rows, cols, data, ...rest }, "The map"));
  });
  #skip = $derived.by(() =>
    attempt(this.#sinks, (sinks) => decodeBytes(sinks, this.rows * this.cols, "The sinks mask")),
  );
  #tokens = $derived.by(() => {
    const [rows, cols] = [this.rows, this.cols];
    return attempt(this.#assign, (assign) => decodeAssign({ rows, cols, assign }));
  });

  values = $derived.by(() => this.#map.content);
  assign = $derived.by(() => this.#tokens.content);
  #ranks = $derived.by(() => (this.values ? percentiles(this.values) : null));

  /** What cannot be shown of this cell, in a sentence. */
  problem = $derived.by(() => this.#map.problem ?? this.#tokens.problem ?? this.#skip.problem);

  /** Whether the grid has a layer that this cell lacks. */
  lacksLayer = $derived.by(
    () => this.#grid.layer !== null && this.#data === null && this.#cell().status === "done",
  );

  hasGaps = $derived.by(() => this.values?.some(Number.isNaN) ?? false);

  /** Each token's place on the scale; NaN where nothing is drawn. */
  positions = $derived.by<Float32Array | null>(() => {
    const [values, assign] = [this.values, this.#grid.showTokens ? this.assign : null];
    const placed = values && this.#place(values);
    if (!placed || !assign) return placed;
    // A dropped token is hatched: a colour under the hatch would look like a low value.
    return placed.map((position, i) => (assign[i] === DROPPED ? NaN : position));
  });

  #place(values: Float32Array): Float32Array | null {
    if (this.#grid.normalize === "percentile") return this.#ranks;
    const range = this.#grid.normalize === "shared" ? this.#grid.range : this.range;
    return range && positions(values, range);
  }

  /** The cell's own range, for a scale of its own. */
  range = $derived.by(() =>
    this.values ? this.#grid.centred(extent(this.values, this.#skip.content)) : null,
  );

  /** `54 of 108 (50 %)`, or nothing where tokens are not told. */
  keptLabel = $derived.by(() =>
    this.assign ? keptLabel(keptCount(this.assign), this.assign.length) : "",
  );

  /** The dropped tokens as an SVG path, one unit a token; empty when none is. */
  droppedPath = $derived.by(() => {
    const assign = this.assign;
    return assign ? tokenPath(this.rows, this.cols, (i) => assign[i] === DROPPED) : "";
  });

  /** The flat index of the token under the crosshair; -1 for none. A number, so that it settles. */
  #target = $derived.by(() => {
    const at = this.#grid.crosshair;
    if (!at || !this.rows || !this.cols) return -1;
    const [row, col] = tokenAt(at.x, at.y, this.rows, this.cols);
    return row * this.cols + col;
  });

  readout = $derived.by<Readout | null>(() => {
    const i = this.#target;
    if (i < 0) return null;
    const [row, col] = [Math.floor(i / this.cols), i % this.cols];
    const value = this.values?.[i] ?? null;
    const rank = this.#ranks?.[i] ?? NaN;
    const parts = [
      value === null ? "" : formatValue(value),
      Number.isNaN(rank) ? "" : `p${Math.round(rank * 100)}`,
      this.#fate(i),
    ];
    return { row, col, value, parts: parts.filter(Boolean) };
  });

  /** The cell's token and value at a point of the picture; null where it has no grid. */
  at(x: number, y: number): Selection | null {
    if (!this.rows || !this.cols) return null;
    const [row, col] = tokenAt(x, y, this.rows, this.cols);
    const value = this.values?.[row * this.cols + col] ?? NaN;
    return { cell: this.id, row, col, value: Number.isNaN(value) ? null : value };
  }

  #fate(i: number): string {
    if (!this.assign) return "";
    const what = fate(this.assign, i);
    if (what !== "merged") return what;
    const into = this.assign[i]!;
    return `merged into row ${Math.floor(into / this.cols)} col ${into % this.cols}`;
  }
}

function attempt<T>(source: string | null, decode: (source: string) => T): Decoded<T> {
  if (source === null) return { content: null, problem: null };
  try {
    return { content: decode(source), problem: null };
  } catch (error) {
    return { content: null, problem: (error as Error).message };
  }
}
