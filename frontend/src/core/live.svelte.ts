/** A value whose answers grow in place, so that text that streams in redraws nothing but text. */

import type { Cell, Comparison } from "../lib/types";

/**
 * A copy of a value that is replaced as a whole, but for its answers: each is a signal of its own.
 *
 * Gradio keeps what is a plain object in a deep proxy of Svelte's, and copies all that such a proxy
 * holds whenever anything of its component changes; so this is none.
 */
export function live(value: Comparison): Comparison {
  const cells = hasCells(value) ? { cells: value.cells.map(liveCell) } : {};
  return Object.assign(Object.create(LIVE), copy(value), cells);
}
const LIVE = {};

/** Give a live value the answers of one that differs in nothing else; false where more differs. */
export function grow(shown: Comparison, value: Comparison): boolean {
  if (!hasCells(shown) || !hasCells(value)) return false;
  if (!isSame(withoutAnswers(shown), withoutAnswers(value))) return false;
  shown.cells.forEach((cell, i) => (cell.answer = value.cells[i]!.answer));
  return true;
}

/** A copy of plain data. */
export function copy<T>(value: T): T;
export function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copy(part)]));
}

function liveCell(cell: Cell): Cell {
  let answer = $state(cell.answer);
  return Object.defineProperty(copy(cell), "answer", {
    get: () => answer,
    set: (text: string) => (answer = text),
    enumerable: true,
  });
}

/** Whether a value, which may be anything, has cells to be looked at. */
function hasCells({ cells }: { cells: unknown }): boolean {
  return Array.isArray(cells) && cells.every((cell) => typeof cell === "object" && cell !== null);
}

function withoutAnswers(value: Comparison): unknown {
  return { ...value, cells: value.cells.map((cell) => ({ ...cell, answer: null })) };
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key as never], b[key as never]))
  );
}
