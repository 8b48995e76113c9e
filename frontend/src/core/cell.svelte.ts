/** One cell's maps and tokens, decoded once for as long as their bytes stay the same. */

import { overlap, spearman } from "../lib/agreement";
import { align } from "../lib/align";
import { formatValue } from "../lib/figures";
import { mean, minus, onGridOf, type Grid } from "../lib/grids";
import { decodeBytes, decodeMap } from "../lib/maps";
import { area, inside, weights, type Shares } from "../lib/region";
import { extent, percentiles, positions, signedRanks, symmetric, type Range } from "../lib/scale";
import { wordSpans, type Span } from "../lib/spans";
import { DROPPED, tokenAt } from "../lib/tokens";
import type { Cell, MapData, Selection } from "../lib/types";
import type { Point } from "../lib/viewport";
import { attempt, type Decoded } from "./attempt";
import type { GridState } from "./grid.svelte";
import { TokenState } from "./tokens.svelte";

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
  readonly key: string;
  readonly tokens: TokenState;

  constructor(grid: GridState, key: string, cell: () => Cell) {
    this.#grid = grid;
    this.key = key;
    this.#cell = cell;
    this.tokens = new TokenState(() => ({
      rows: this.rows,
      cols: this.cols,
      assign: this.#cell().tokens?.assign ?? null,
    }));
  }

  get id(): string {
    return this.#cell().id;
  }

  isReference = $derived.by(() => this.#grid.referenceKey === this.key);
  #reference: CellState | null = $derived.by(
    () => this.#grid.state(this.#grid.referenceKey) ?? null,
  );

  // Every yield replaces the whole value. What is decoded and drawn hangs on these primitives,
  // so that text that streams in redraws nothing.
  #layer = $derived.by(() =>
    this.#cell().layers.find(({ key }) => key === this.#grid.drawing.layer),
  );
  #data = $derived.by(() => this.#layer?.data ?? null);
  #dtype = $derived.by(() => this.#layer?.dtype ?? "float32");
  #low = $derived.by(() => this.#layer?.low ?? null);
  #high = $derived.by(() => this.#layer?.high ?? null);
  #diverging = $derived.by(() => this.#layer?.diverging ?? false);
  #sinks = $derived.by(() => this.#layer?.sinks ?? null);

  /** The token grid: all maps of a cell lie on it. */
  #shape = $derived.by(() => {
    const { layers, tokens, words } = this.#cell();
    return this.#layer ?? tokens ?? layers[0] ?? words[0]?.map ?? null;
  });
  rows = $derived.by(() => this.#shape?.rows ?? 0);
  cols = $derived.by(() => this.#shape?.cols ?? 0);

  // ---- words
  #answer = $derived.by(() => this.#cell().answer);
  #places = $derived.by(() =>
    JSON.stringify(this.#cell().words.map(({ start, end }) => [start, end])),
  );
  /** The words of the answer that have maps. */
  spans: Span[] = $derived.by(() => {
    const places: [start: number, end: number][] = JSON.parse(this.#places);
    return wordSpans(
      this.#answer,
      places.map(([start, end]) => ({ start, end })),
    );
  });
  texts: string[] = $derived.by(() => this.spans.map(({ text }) => text));
  /** For each word of the cell that is pointed into, the word of this answer that goes with it. */
  #aligned = $derived.by(() => {
    const source = this.#grid.words.source;
    return source === null || source === this ? null : align(source.texts, this.texts);
  });
  /** The place of this cell's word while words are shown; null when it has none that goes with it. */
  word = $derived.by<number | null>(() => {
    const { source, index } = this.#grid.words;
    if (source === null) return null;
    return source === this ? index : (this.#aligned?.[index] ?? null);
  });

  #wordData = $derived.by(() => {
    const members = this.word === null ? [] : (this.spans[this.word]?.members ?? []);
    if (!members.length) return null;
    return JSON.stringify(members.map((member) => this.#cell().words[member]?.map));
  });
  #wordMap = $derived.by<Decoded<Grid>>(() => {
    const maps: MapData[] | null = this.#wordData && JSON.parse(this.#wordData);
    return attempt(maps, (maps) => mean(maps.map((map) => decoded(map, "The word's map"))));
  });

  // ---- maps
  #layerMap = $derived.by<Decoded<Grid>>(() => {
    const [data, rows, cols] = [this.#data, this.rows, this.cols];
    const rest = { dtype: this.#dtype, low: this.#low, high: this.#high };
    return attempt(data, (data) => {
      const map: MapData = { rows, cols, data, ...rest };
      return decoded(map, "The map");
    });
  });
  #skip = $derived.by(() =>
    attempt(this.#sinks, (sinks) => decodeBytes(sinks, this.rows * this.cols, "The sinks mask")),
  );
  #showsWords = $derived.by(() => this.#grid.drawing.word !== null);
  #source = $derived.by(() => (this.#showsWords ? this.#wordMap : this.#layerMap));

  /** The layer's or the word's own values. */
  raw = $derived.by<Grid | null>(() => this.#source.content);

  /** What is drawn: the values, or what they are more or less than the reference's, on its grid. */
  map = $derived.by<Grid | null>(() => {
    if (!this.#grid.drawing.difference.current) return this.raw;
    const other = this.#reference?.raw;
    return this.isReference || !this.raw || !other ? null : minus(this.raw, other);
  });

  /** Whether the map was resampled to the reference's grid. */
  isResampled = $derived.by(
    () => this.map !== null && (this.map.rows !== this.rows || this.map.cols !== this.cols),
  );

  #mask = $derived.by(() => (this.#showsWords || this.isResampled ? null : this.#skip.content));
  #ranks = $derived.by(() => (this.map ? percentiles(this.map.values) : null));
  /** By rank around zero where the scale runs both ways: the middle stays zero. */
  #ranked = $derived.by(() => {
    if (!this.map) return null;
    return this.#grid.drawing.diverging ? signedRanks(this.map.values) : this.#ranks;
  });
  /** How strong each value is within the map, 0 to 1: its rank, or the rank of its size. */
  #strength = $derived.by(() => {
    if (!this.map) return null;
    return this.#grid.drawing.diverging ? percentiles(this.map.values.map(Math.abs)) : this.#ranks;
  });

  /** The range of the values that are drawn; what the value says it is where it says so. */
  extent = $derived.by<Range | null>(() => {
    if (!this.map) return null;
    const own = !this.#showsWords && !this.#grid.drawing.difference.current;
    const [low, high] = [this.#low, this.#high];
    if (own && low !== null && high !== null) return [low, high];
    return extent(this.map.values, this.#mask);
  });

  /** Each value's place on the scale; NaN where nothing is drawn. */
  positions = $derived.by<Float32Array | null>(() => {
    const { drawing } = this.#grid;
    const placed = this.map && this.#place(this.map.values);
    if (!placed) return null;
    const least = drawing.threshold.current / 100;
    const strength = least > 0 ? this.#strength : null;
    const hidden = drawing.tokens.current ? this.tokens.assign : null;
    if (!strength && !hidden) return placed;
    return placed.map((place, i) => {
      if (strength && strength[i]! < least) return NaN;
      // A dropped token is hatched: a colour under the hatch would look like a low value.
      return hidden && hidden[this.#tokenOf(i)] === DROPPED ? NaN : place;
    });
  });

  #place(values: Float32Array): Float32Array | null {
    const { drawing } = this.#grid;
    const window: Range = [drawing.windowLow, drawing.windowHigh];
    if (drawing.normalize.current === "percentile") {
      return this.#ranked && positions(this.#ranked, window);
    }
    const whole = drawing.normalize.current === "shared" ? drawing.axis : this.#ownAxis;
    if (!whole) return null;
    const span = whole[1] - whole[0];
    return positions(values, [whole[0] + window[0] * span, whole[0] + window[1] * span]);
  }

  #ownAxis = $derived.by<Range | null>(() => {
    const own = this.map && extent(this.map.values, this.#mask);
    return own && this.#grid.drawing.diverging ? symmetric(own) : own;
  });

  /** The token under the middle of a value of the map, which may lie on another grid. */
  #tokenOf(i: number): number {
    const { rows, cols } = this.map!;
    if (rows === this.rows && cols === this.cols) return i;
    const at = [(Math.floor(i / cols) + 0.5) / rows, ((i % cols) + 0.5) / cols] as const;
    const [row, col] = tokenAt(at[1], at[0], this.rows, this.cols);
    return row * this.cols + col;
  }

  // ---- against the reference
  /** Intersection over union of the kept tokens with the reference's, 0 to 1. */
  overlap = $derived.by<number | null>(() => {
    const other = this.#reference;
    if (this.isReference || !this.tokens.keptMask || !other?.tokens.keptMask) return null;
    const grid = ({ rows, cols }: CellState, kept: Uint8Array) => ({ rows, cols, kept });
    return overlap(grid(this, this.tokens.keptMask), grid(other, other.tokens.keptMask));
  });

  /** Spearman's rank correlation of the map with the reference's, and over how many values. */
  correlation = $derived.by(() => {
    const other = this.#reference?.raw;
    if (this.isReference || !this.raw || !other) return null;
    return spearman(onGridOf(this.raw, other), other.values);
  });

  // ---- in the region
  #weights = $derived.by(() => {
    const words = this.#showsWords;
    return (
      this.raw &&
      weights(this.raw.values, !words && this.#diverging, words ? null : this.#skip.content)
    );
  });
  /** What of the cell's own values and tokens lies in the region; null without one. */
  shares = $derived.by<Shares | null>(() => {
    const { box } = this.#grid.region;
    if (!box) return null;
    const { raw, tokens } = this;
    return {
      relevance: raw && inside(this.#weights!, raw.rows, raw.cols, box),
      kept: tokens.keptMask && inside(tokens.keptMask, this.rows, this.cols, box),
      area: area(box),
    };
  });

  // ---- what cannot be shown
  /** What is wrong with this cell, in a sentence. */
  problem = $derived.by(() => this.#source.problem ?? this.tokens.problem ?? this.#skip.problem);

  /** Why no map is drawn although the grid has some, in a few words; empty when there is no reason. */
  lack = $derived.by(() => {
    const { drawing, words } = this.#grid;
    const { status } = this.#cell();
    if (this.map || this.problem || status === "waiting" || status === "running") return "";
    if (words.text !== null) {
      return this.word === null ? `no word here goes with “${words.text}”` : "";
    }
    if (drawing.layer === null || status === "failed") return "";
    if (this.raw === null) return `no ${drawing.label} here`;
    if (this.isReference) return "the reference";
    return `the reference has no ${drawing.label}`;
  });

  hasGaps = $derived.by(() => this.map?.values.some(Number.isNaN) ?? false);

  // ---- under the crosshair
  /** The flat index of the token under the crosshair; -1 for none. */
  target = $state(-1);
  /** The flat index of the value under it, which lies on the map's own grid. */
  #spot = $state(-1);
  /** Whether a token is under it. */
  isAimed = $state(false);

  /** Find what is under the crosshair: signals tell it only where it is another token or value. */
  aim(at: Point | null): void {
    this.target = under(at, this);
    this.#spot = under(at, this.map);
    this.isAimed = this.target >= 0;
  }

  /** What the readout hangs on, for those who put off reading it. */
  get readFrom(): unknown[] {
    return [this.target, this.#spot, this.map, this.#mask, this.tokens.assign];
  }

  readout = $derived.by<Readout | null>(() => {
    const i = this.target;
    if (i < 0) return null;
    const [row, col] = [Math.floor(i / this.cols), i % this.cols];
    const value = this.map?.values[this.#spot] ?? null;
    const rank = this.#ranks?.[this.#spot] ?? NaN;
    const parts = [
      value === null ? "" : formatValue(value),
      Number.isNaN(rank) ? "" : `p${Math.round(rank * 100)}`,
      this.#mask?.[i] ? "sink" : "",
      this.tokens.fate(i),
    ];
    return { row, col, value, parts: parts.filter(Boolean) };
  });

  /** The cell's token and value at a point of the picture; null where it has no grid. */
  at(x: number, y: number): Selection | null {
    if (!this.rows || !this.cols) return null;
    const [row, col] = tokenAt(x, y, this.rows, this.cols);
    let value = NaN;
    if (this.map) {
      const [mapRow, mapCol] = tokenAt(x, y, this.map.rows, this.map.cols);
      value = this.map.values[mapRow * this.map.cols + mapCol]!;
    }
    return { cell: this.id, row, col, value: Number.isNaN(value) ? null : value };
  }
}

function under(at: Point | null, on: { rows: number; cols: number } | null): number {
  if (!at || !on?.rows || !on.cols) return -1;
  const [row, col] = tokenAt(at.x, at.y, on.rows, on.cols);
  return row * on.cols + col;
}

function decoded(map: MapData, name: string): Grid {
  return { rows: map.rows, cols: map.cols, values: decodeMap(map, name) };
}
