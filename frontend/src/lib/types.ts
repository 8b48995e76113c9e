/** The grid's value as JSON, the way the Python model `Comparison` writes it. */

export interface ImageFile {
  url?: string | null;
  path?: string;
}

export interface MapData {
  rows: number;
  cols: number;
  dtype: "float32" | "float16" | "uint8";
  /** base64, row by row, little-endian. */
  data: string;
  low: number | null;
  high: number | null;
}

export interface Layer extends MapData {
  key: string;
  label: string;
  unit: string;
  method: string;
  diverging: boolean;
  sinks: string | null;
}

export interface Tokens {
  rows: number;
  cols: number;
  /** base64 uint16, little-endian: who carries each token; 65535 = dropped. */
  assign: string;
}

export interface Word {
  start: number;
  end: number;
  map: MapData;
}

export interface Measured {
  value: number | null;
  low?: number | null;
  high?: number | null;
  n?: number | null;
}

export interface Metric {
  key: string;
  label: string;
  unit: string;
  better: "lower" | "higher" | null;
  digits: number | null;
  help: string;
}

export type Status = "waiting" | "running" | "done" | "failed" | "stopped";

export interface Cell {
  id: string;
  title: string;
  subtitle: string;
  status: Status;
  answer: string;
  correct: boolean | null;
  error: string | null;
  warnings: string[];
  metrics: Record<string, number | Measured | null>;
  layers: Layer[];
  tokens: Tokens | null;
  words: Word[];
  image: ImageFile | null;
}

export type Fact = string | number | boolean | null;

export interface ViewData {
  layer?: string | null;
  colormap?: ColormapName | null;
  opacity?: number | null;
  normalize?: Normalize | null;
  range?: [number, number] | null;
  zoom?: number | null;
  center?: [number, number] | null;
  solo?: string | null;
}

export interface Comparison {
  image: ImageFile | null;
  query: string;
  expected: string | null;
  reference: string | null;
  stamp: Record<string, Fact>;
  metrics: Metric[];
  cells: Cell[];
  view: ViewData | null;
}

export type ColormapName = "viridis" | "magma" | "cividis" | "inferno" | "grey" | "diverging";

export type Normalize = "shared" | "cell" | "percentile";

/** What `select` tells: the token under the pinned crosshair, in the cell that was clicked. */
export interface Selection {
  cell: string;
  row: number;
  col: number;
  value: number | null;
}
