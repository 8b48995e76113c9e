/** The keys of the grid; they act only while the focus is inside it. */

import type { GridState } from "./grid.svelte";

const STEP = 0.1;

const ARROWS: Record<string, [dx: number, dy: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

type Press = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "repeat">;

/** What a key does that is not the grid's own affair. */
export interface Around {
  full(): void;
  table(): void;
  help(): void;
  reference(key: string): void;
}

/** Do what a key asks for in the cell `key` (null outside all); gives whether it was one of the grid's. */
export function press(event: Press, grid: GridState, key: string | null, around: Around): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const arrow = ARROWS[event.key];
  if (arrow) {
    if (grid.region.step(arrow, grid.sight.of(key ?? undefined).zoom, event.shiftKey)) return true;
    if (event.shiftKey) stepCrosshair(grid, arrow, key);
    else grid.sight.pan(-arrow[0] * STEP, -arrow[1] * STEP, key ?? undefined);
    return true;
  }
  if (/^[1-8]$/.test(event.key)) return alone(grid, Number(event.key));
  if (event.key === "Escape") return letGo(grid);
  const name = event.key.toLowerCase();
  const act = ACTS[name] ?? (grid.byKey.size > 1 ? COMPARING[name] : undefined);
  if (!act) return false;
  act(grid, key, around, event);
  return true;
}

type Act = (grid: GridState, key: string | null, around: Around, event: Press) => void;

const ACTS: Record<string, Act> = {
  "+": (grid, key) => grid.sight.zoomBy(1.5, undefined, key ?? undefined),
  "=": (grid, key) => grid.sight.zoomBy(1.5, undefined, key ?? undefined),
  "-": (grid, key) => grid.sight.zoomBy(1 / 1.5, undefined, key ?? undefined),
  "0": (grid, key) => grid.sight.reset(key ?? undefined),
  ",": (grid, key) => grid.words.step(-1, key),
  ".": (grid, key) => grid.words.step(1, key),
  m: (grid) => grid.region.toggle(),
  f: (_, __, around) => around.full(),
  t: (_, __, around) => around.table(),
  "?": (_, __, around) => around.help(),
};

/** Keys that mean nothing with one cell. */
const COMPARING: Record<string, Act> = {
  l: (grid) => (grid.sight.linked.current = !grid.sight.linked.current),
  d: (grid) => (grid.drawing.difference.current = !grid.drawing.difference.current),
  s: (grid) => grid.reveal.toggleSwipe(),
  b: (grid, _, __, event) => {
    if (!event.repeat) grid.reveal.hold(matchMedia("(prefers-reduced-motion: reduce)").matches);
  },
  r: (grid, key, around) => {
    if (key !== null && !grid.ballot.hides) around.reference(key);
  },
};

function alone({ arrangement }: GridState, number: number): boolean {
  const key = arrangement.all[number - 1];
  if (key === undefined) return false;
  arrangement.toggleSolo(key);
  return true;
}

/** One step back at a time: from a region that is being marked, from a word, from a cell alone, from a pinned crosshair. */
function letGo(grid: GridState): boolean {
  if (grid.region.letGo()) return true;
  if (grid.words.clear() || grid.arrangement.leaveSolo()) return true;
  if (!grid.crosshair.pinned) return false;
  grid.crosshair.unpin();
  return true;
}

function stepCrosshair(grid: GridState, [dx, dy]: [number, number], key: string | null): void {
  const { rows = 0, cols = 0 } = grid.state(key) ?? grid.cells[0] ?? {};
  if (!rows || !cols) return;
  const { at } = grid.crosshair;
  const from = at ?? grid.sight.of(key ?? undefined);
  const col = bound(Math.floor(from.x * cols) + (at ? dx : 0), cols);
  const row = bound(Math.floor(from.y * rows) + (at ? dy : 0), rows);
  grid.crosshair.pin({ x: (col + 0.5) / cols, y: (row + 0.5) / rows });
}

function bound(at: number, count: number): number {
  return Math.min(count - 1, Math.max(0, at));
}
