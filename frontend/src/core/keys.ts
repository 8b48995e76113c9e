/** The keys of the grid; they act only while the focus is inside it. */

import type { Arrangement } from "./arrangement.svelte";
import type { GridState } from "./grid.svelte";

const STEP = 0.1;

const ARROWS: Record<string, [dx: number, dy: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * Do what a key asks for; gives whether it was one of the grid's. `tokens` is the grid [rows, cols]
 * that Shift with an arrow steps the crosshair over.
 */
export function press(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">,
  grid: GridState,
  arrangement: Arrangement,
  tokens: [rows: number, cols: number],
): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const arrow = ARROWS[event.key];
  if (arrow && event.shiftKey) stepCrosshair(grid, arrow, tokens);
  else if (arrow) grid.pan(-arrow[0] * STEP, -arrow[1] * STEP);
  else if (event.key === "+" || event.key === "=") grid.zoomBy(1.5);
  else if (event.key === "-") grid.zoomBy(1 / 1.5);
  else if (event.key === "0") grid.reset();
  else if (/^[1-8]$/.test(event.key)) return alone(arrangement, Number(event.key));
  else if (event.key === "Escape" && arrangement.leaveSolo()) return true;
  else if (event.key === "Escape" && grid.pinned) grid.unpin();
  else return false;
  return true;
}

function alone(arrangement: Arrangement, number: number): boolean {
  const key = arrangement.all[number - 1];
  if (key === undefined) return false;
  arrangement.toggleSolo(key);
  return true;
}

function stepCrosshair(
  grid: GridState,
  [dx, dy]: [number, number],
  [rows, cols]: [number, number],
) {
  if (!rows || !cols) return;
  const from = grid.crosshair ?? { x: grid.view.x, y: grid.view.y };
  const col = bound(Math.floor(from.x * cols) + (grid.crosshair ? dx : 0), cols);
  const row = bound(Math.floor(from.y * rows) + (grid.crosshair ? dy : 0), rows);
  grid.pin({ x: (col + 0.5) / cols, y: (row + 0.5) / rows });
}

function bound(at: number, count: number): number {
  return Math.min(count - 1, Math.max(0, at));
}
