/** A comparison as one picture, for a slide or a paper: titles, pictures, answers, figures, legend. */

import { columnCount } from "../../lib/layout";
import type { GridState } from "../grid.svelte";
import { partsOf } from "./cell";
import { legendOf } from "./legend";
import { EDGE, FAINT, font, GAP, WIDTH, write, type Part } from "./pen";
import { loadImage } from "./picture";
import { wrapped } from "./text";

/** Pixels of the picture for one of the layout's. */
const SHARPNESS = 2;

/** The sheet of the cells that are shown, as a PNG file. Throws a sentence where it cannot be made. */
export async function sheet(grid: GridState): Promise<Blob> {
  const keys = grid.arrangement.shown;
  const images = await loadImages(grid, keys);
  const canvas = document.createElement("canvas");
  const on = canvas.getContext("2d")!;
  const cells = keys.map((key) => partsOf(on, grid, key, images.get(key) ?? null));
  const columns = columnCount(cells.length, 4 * WIDTH);
  const rows: Part[][][] = [];
  for (let i = 0; i < cells.length; i += columns) rows.push(cells.slice(i, i + columns));
  const heights = rows.map((row) =>
    row[0]!.map((_, part) => Math.max(...row.map((cell) => cell[part]!.height))),
  );
  const width = 2 * EDGE + columns * WIDTH + (columns - 1) * GAP;
  const question = questionOf(on, grid, width - 2 * EDGE);
  const legend = legendOf(on, grid, width - 2 * EDGE);
  const sum = (parts: number[]): number => parts.reduce((all, height) => all + height, 0);
  const height =
    2 * EDGE + question.height + sum(heights.map((row) => sum(row) + GAP)) + legend.height;

  canvas.width = width * SHARPNESS;
  canvas.height = height * SHARPNESS;
  on.scale(SHARPNESS, SHARPNESS);
  on.fillStyle = "white";
  on.fillRect(0, 0, width, height);
  let y = EDGE;
  question.draw(EDGE, y);
  y += question.height;
  rows.forEach((row, r) => {
    row.forEach((cell, column) => {
      let top = y;
      cell.forEach((part, p) => {
        part.draw(EDGE + column * (WIDTH + GAP), top);
        top += heights[r]![p]!;
      });
    });
    y += sum(heights[r]!) + GAP;
  });
  legend.draw(EDGE, y);
  return new Promise((resolve, reject) => {
    const none = () => reject(new Error("the picture would be too large."));
    canvas.toBlob((blob) => (blob ? resolve(blob) : none()), "image/png");
  });
}

async function loadImages(
  grid: GridState,
  keys: readonly string[],
): Promise<Map<string, HTMLImageElement>> {
  const loading = new Map<string, Promise<HTMLImageElement>>();
  const found = new Map<string, HTMLImageElement>();
  for (const key of keys) {
    const url = grid.byKey.get(key)?.image?.url ?? grid.value.image?.url;
    if (!url) continue;
    if (!loading.has(url)) loading.set(url, loadImage(url));
    found.set(key, await loading.get(url)!);
  }
  return found;
}

function questionOf(on: CanvasRenderingContext2D, grid: GridState, width: number): Part {
  const { query, expected } = grid.value;
  const face = font(20, 600);
  on.font = face;
  const lines = query ? wrapped(on, query, width, 3) : [];
  return {
    height: lines.length * 27 + (expected ? 22 : 0) + (lines.length || expected ? 14 : 0),
    draw(x, y) {
      lines.forEach((line, i) => write(on, line, x, y + i * 27, { font: face }));
      if (expected) write(on, `expected ${expected}`, x, y + lines.length * 27, { colour: FAINT });
    },
  };
}
