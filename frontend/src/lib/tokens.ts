/** The token grid: which tokens are kept, dropped or merged, and where they lie on the picture. */

import { formatShare } from "./figures";
import { decodeBytes } from "./maps";
import type { Tokens } from "./types";

export const DROPPED = 65535;

/** The flat index of the token that carries each one, or DROPPED. */
export function decodeAssign({ rows, cols, assign }: Tokens): Uint16Array {
  const bytes = decodeBytes(assign, rows * cols * 2, "The token assignment");
  const view = new DataView(bytes.buffer);
  return Uint16Array.from({ length: rows * cols }, (_, i) => view.getUint16(i * 2, true));
}

export type Fate = "kept" | "dropped" | "merged";

/** What became of token `i`. */
export function fate(assign: Uint16Array, i: number): Fate {
  if (assign[i] === DROPPED) return "dropped";
  return assign[i] === i ? "kept" : "merged";
}

/** How many tokens are kept as themselves. */
export function keptCount(assign: Uint16Array): number {
  return assign.reduce((count, carrier, i) => count + (carrier === i ? 1 : 0), 0);
}

/** `98 of 196 (50 %)`; all of them is just `196 of 196`. */
export function keptLabel(kept: number, total: number): string {
  if (kept === total) return `${kept} of ${total}`;
  return `${kept} of ${total} (${formatShare(kept / total)})`;
}

/** The token at a point of the picture (0 to 1 from the left and from the top). */
export function tokenAt(x: number, y: number, rows: number, cols: number): [number, number] {
  return [index(y, rows), index(x, cols)];
}

function index(at: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(at * count)));
}

/** An SVG path, one unit a token, over the tokens that `wanted` picks; a row's run is one box. */
export function tokenPath(rows: number, cols: number, wanted: (index: number) => boolean): string {
  let path = "";
  for (let row = 0; row < rows; row++) {
    let start = -1;
    for (let col = 0; col <= cols; col++) {
      const inside = col < cols && wanted(row * cols + col);
      if (inside && start < 0) start = col;
      if (!inside && start >= 0) {
        path += `M${start} ${row}H${col}V${row + 1}H${start}Z`;
        start = -1;
      }
    }
  }
  return path;
}
