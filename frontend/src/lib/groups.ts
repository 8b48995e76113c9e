/** Merged tokens: the groups that became one token, and the lines around them. */

import { DROPPED } from "./tokens";

/** The flat indices of the tokens that carry others besides themselves, in order. */
export function carriers(assign: Uint16Array): number[] {
  const found: number[] = [];
  sizes(assign).forEach((size, i) => {
    if (size > 1) found.push(i);
  });
  return found;
}

function sizes(assign: Uint16Array): Uint16Array {
  const result = new Uint16Array(assign.length);
  for (const carrier of assign) if (carrier !== DROPPED) result[carrier]!++;
  return result;
}

/**
 * An SVG path, one unit a token, along every edge between a merged group and what is not of it.
 *
 * An edge between two groups is drawn once. Tokens alone and dropped ones have no outline.
 */
export function groupOutline(assign: Uint16Array, rows: number, cols: number): string {
  const size = sizes(assign);
  const group = (row: number, col: number) => {
    if (row < 0 || row >= rows || col < 0 || col >= cols) return DROPPED;
    const carrier = assign[row * cols + col]!;
    return size[carrier]! > 1 ? carrier : DROPPED;
  };
  let path = "";
  for (let row = 0; row <= rows; row++) {
    const edge = (col: number) => group(row - 1, col) !== group(row, col);
    for (const [from, to] of runs(cols, edge)) path += `M${from} ${row}H${to}`;
  }
  for (let col = 0; col <= cols; col++) {
    const edge = (row: number) => group(row, col - 1) !== group(row, col);
    for (const [from, to] of runs(rows, edge)) path += `M${col} ${from}V${to}`;
  }
  return path;
}

function runs(count: number, wanted: (at: number) => boolean): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (let at = 0; at < count; at++) {
    if (!wanted(at)) continue;
    const last = found.at(-1);
    if (last?.[1] === at) last[1] = at + 1;
    else found.push([at, at + 1]);
  }
  return found;
}
