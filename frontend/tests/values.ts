/** Small values for the tests, built the way Python writes them. */

import type { Cell, Comparison, Layer } from "../src/lib/types";

function base64(bytes: ArrayBufferLike): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

export function layer(numbers: number[], rows: number, cols: number, key = "relevance"): Layer {
  const known = numbers.filter(Number.isFinite);
  return {
    key,
    label: "",
    unit: "",
    method: "",
    diverging: false,
    sinks: null,
    rows,
    cols,
    dtype: "float32",
    data: base64(Float32Array.from(numbers).buffer),
    low: known.length ? Math.min(...known) : null,
    high: known.length ? Math.max(...known) : null,
  };
}

export function tokens(assign: number[], rows: number, cols: number): Cell["tokens"] {
  return { rows, cols, assign: base64(Uint16Array.from(assign).buffer) };
}

export function cell(id: string, rest: Partial<Cell> = {}): Cell {
  return {
    id,
    title: id,
    subtitle: "",
    status: "done",
    answer: "",
    correct: null,
    error: null,
    warnings: [],
    metrics: {},
    layers: [],
    tokens: null,
    words: [],
    image: null,
    ...rest,
  };
}

export function comparison(cells: Cell[], rest: Partial<Comparison> = {}): Comparison {
  return {
    image: null,
    query: "",
    expected: null,
    reference: null,
    stamp: {},
    metrics: [],
    cells,
    view: null,
    ...rest,
  };
}
