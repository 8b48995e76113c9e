/** The grid's value as JSON, the way the Python model `Comparison` writes it. */

export interface ImageFile {
  url?: string | null;
  path?: string;
  orig_name?: string | null;
  mime_type?: string | null;
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
  /** Conditions of its own. */
  stamp?: Record<string, Fact>;
}

export type Fact = string | number | boolean | null;

/** How a comparison is looked at; what is missing or null is left to the component and its user. */
export interface ViewData {
  layer?: string | null;
  colormap?: ColormapName | null;
  opacity?: number | null;
  /** A percentile, 0 to 100: what lies below it in its map is not drawn. */
  threshold?: number | null;
  normalize?: Normalize | null;
  /** The ends of the shared scale, in the layer's unit. */
  range?: [number, number] | null;
  smooth?: boolean | null;
  tokens?: boolean | null;
  difference?: boolean | null;
  /** Where the swipe handle stands, 0 to 1; null for none. */
  swipe?: number | null;
  answers?: Answers | null;
  deltas?: Deltas | null;
  sort?: string | null;
  order?: string[] | null;
  hidden?: string[] | null;
  zoom?: number | null;
  center?: [number, number] | null;
  linked?: boolean | null;
  /** A box marked on the picture: left, top, right, bottom, 0 to 1; null for none. */
  region?: [number, number, number, number] | null;
  solo?: string | null;
  /** The page's own mark on a view that it told, by which it knows what was changed since. */
  told?: string | null;
}

export interface Comparison {
  schema_version?: number;
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

/** How an answer shows its difference to the reference's: not, by marks, or by nothing else. */
export type Answers = "plain" | "marked" | "changes";

/** How a figure's difference to the reference's is given. */
export type Deltas = "absolute" | "percent" | "ratio";

/** What `select` tells: the token under the pinned crosshair, in the cell that was clicked. */
export interface Selection {
  cell: string;
  row: number;
  col: number;
  value: number | null;
}

/** What `vote` tells. */
export interface Vote {
  verdict: "best" | "tie" | "bad";
  /** The best cells; empty for a tie, and where all are bad. */
  chosen: string[];
  /** Every cell as it was shown, from left to right. */
  order: string[];
  blind: boolean;
}

/** What a function that takes the grid is told beside the value; nothing where nothing is shown. */
export type Told = Partial<Pick<Comparison, "reference" | "view">>;

/** What an app sets on the component; a value's own `view` comes before it. */
export interface Options {
  layer?: string | null;
  colormap?: ColormapName;
  opacity?: number;
  threshold?: number;
  normalize?: Normalize;
  smooth?: boolean;
  linked?: boolean;
  difference?: boolean;
  answers?: Answers;
  deltas?: Deltas;
  columns?: number | null;
  height?: number | string | null;
  voting?: boolean;
  blind?: boolean;
  seed?: number | null;
}
