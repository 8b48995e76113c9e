/** A comparison as one picture, for a slide or a paper: titles, pictures, answers, figures, legend. */

import { gradientStops } from "../../lib/colour";
import { difference, figure, formatEnd, formatFigure } from "../../lib/figures";
import { columnCount } from "../../lib/layout";
import type { GridState } from "../grid.svelte";
import { drawPicture, loadImage } from "./picture";
import { isRightToLeft, wrapped } from "./text";

const WIDTH = 380;
const GAP = 22;
const EDGE = 28;
/** Pixels of the picture for one of the layout's. */
const SHARPNESS = 2;
const MOST_LINES = 8;

const INK = "#27272a";
const FAINT = "#5f5f68";
const LINE = "#d4d4d8";
const GOOD = "#15803d";
const BAD = "#b91c1c";
const FAMILY = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";

/** A part of a cell, which is as high in every cell of a row. */
interface Part {
  height: number;
  draw(x: number, y: number): void;
}

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
  const legend = legendOf(on, grid);
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

function write(
  on: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  { font = `14px ${FAMILY}`, colour = INK, align = "left" as CanvasTextAlign } = {},
): void {
  on.font = font;
  on.fillStyle = colour;
  on.textAlign = align;
  on.textBaseline = "top";
  on.fillText(text, x, y);
}

function questionOf(on: CanvasRenderingContext2D, grid: GridState, width: number): Part {
  const { query, expected } = grid.value;
  const font = `600 20px ${FAMILY}`;
  on.font = font;
  const lines = query ? wrapped(on, query, width, 3) : [];
  return {
    height: lines.length * 27 + (expected ? 22 : 0) + (lines.length || expected ? 14 : 0),
    draw(x, y) {
      lines.forEach((line, i) => write(on, line, x, y + i * 27, { font }));
      if (expected) write(on, `expected ${expected}`, x, y + lines.length * 27, { colour: FAINT });
    },
  };
}

function partsOf(
  on: CanvasRenderingContext2D,
  grid: GridState,
  key: string,
  image: HTMLImageElement | null,
): Part[] {
  const cell = grid.byKey.get(key)!;
  const state = grid.state(key)!;
  const reference = grid.referenceKey === key ? "  · reference" : "";
  const verdict = cell.correct == null ? "" : cell.correct ? "✓ correct" : "✗ wrong";
  const ratio = image
    ? image.naturalWidth / image.naturalHeight
    : state.rows
      ? state.cols / state.rows
      : 4 / 3;
  const tall = Math.min(WIDTH / ratio, 2 * WIDTH);
  on.font = `15px ${FAMILY}`;
  const said = cell.error ?? cell.answer;
  const lines = said ? wrapped(on, said, WIDTH, MOST_LINES) : [];
  const rtl = isRightToLeft(said);
  return [
    {
      height: 24,
      draw(x, y) {
        const font = `600 16px ${FAMILY}`;
        on.font = font;
        const [title = ""] = wrapped(on, (cell.title || cell.id) + reference, WIDTH - 90, 1);
        write(on, title, x, y, { font });
        const colour = cell.correct ? GOOD : BAD;
        write(on, verdict, x + WIDTH, y + 1, { colour, align: "right" });
      },
    },
    {
      height: 22,
      draw(x, y) {
        const small = { font: `13px ${FAMILY}`, colour: FAINT };
        on.font = small.font;
        const [subtitle = ""] = wrapped(on, cell.subtitle, WIDTH - 140, 1);
        write(on, subtitle, x, y, small);
        write(on, state.keptLabel, x + WIDTH, y, { ...small, align: "right" });
      },
    },
    {
      height: tall + 10,
      draw(x, y) {
        const width = Math.min(WIDTH, tall * ratio);
        const left = x + (WIDTH - width) / 2;
        drawPicture(on, grid, state, image, { x: left, y, width, height: tall });
      },
    },
    {
      height: lines.length * 21 + 10,
      draw(x, y) {
        const colour = cell.error ? BAD : INK;
        const align = rtl ? "right" : "left";
        on.direction = rtl ? "rtl" : "ltr";
        lines.forEach((line, i) => {
          const font = `15px ${FAMILY}`;
          write(on, line, rtl ? x + WIDTH : x, y + i * 21, { font, colour, align });
        });
        on.direction = "ltr";
      },
    },
    figuresOf(on, grid, key),
  ];
}

function figuresOf(on: CanvasRenderingContext2D, grid: GridState, key: string): Part {
  const { metrics } = grid.value;
  const cell = grid.byKey.get(key)!;
  return {
    height: metrics.length * 20 + 6,
    draw(x, y) {
      on.strokeStyle = LINE;
      on.strokeRect(x, y, WIDTH, 0);
      metrics.forEach((metric, i) => {
        const top = y + 6 + i * 20;
        const value = figure(cell.metrics[metric.key]);
        const base = grid.reference && figure(grid.reference.metrics[metric.key]);
        write(on, metric.label || metric.key, x, top, { colour: FAINT });
        const text = value === null ? "–" : formatFigure(value, metric);
        write(on, text, x + WIDTH - 90, top, { align: "right" });
        if (value === null || base === null || key === grid.referenceKey) return;
        const change = difference(value, base, metric, grid.deltas.current);
        if (!change) return;
        const colour =
          change.verdict === "better" ? GOOD : change.verdict === "worse" ? BAD : FAINT;
        write(on, change.text, x + WIDTH, top, { colour, align: "right" });
      });
    },
  };
}

function legendOf(on: CanvasRenderingContext2D, { drawing }: GridState): Part {
  const [low, high] = [drawing.valueAt(drawing.windowLow), drawing.valueAt(drawing.windowHigh)];
  const drawn = drawing.layer !== null || drawing.word !== null;
  if (!drawn) return { height: 0, draw() {} };
  const scale = { shared: "", cell: ", each cell on its own scale", percentile: ", by rank" };
  const name =
    drawing.label +
    (drawing.difference.current ? " − reference" : "") +
    (drawing.unit ? `, ${drawing.unit}` : "") +
    scale[drawing.normalize.current];
  return {
    height: 24,
    draw(x, y) {
      on.font = `14px ${FAMILY}`;
      let left = x;
      const say = (text: string, colour: string): void => {
        write(on, text, left, y, { colour });
        left += on.measureText(text).width + 10;
      };
      say(name, FAINT);
      say(low === null ? "lowest" : formatEnd(low), INK);
      const colours = on.createLinearGradient(left, 0, left + 200, 0);
      for (const [at, colour] of gradientStops(drawing.colormap)) colours.addColorStop(at, colour);
      on.fillStyle = colours;
      on.fillRect(left, y + 3, 200, 10);
      left += 210;
      say(high === null ? "highest" : formatEnd(high), INK);
      if (drawing.threshold.current > 0) {
        say(`nothing below p${Math.round(drawing.threshold.current)}`, FAINT);
      }
    },
  };
}
