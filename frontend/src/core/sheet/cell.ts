/** The parts of one cell on a sheet: title, picture, answer, figures. */

import { told } from "../../lib/figures";
import type { GridState } from "../grid.svelte";
import { BAD, FAINT, font, GOOD, INK, LINE, WIDTH, write, type Part } from "./pen";
import { drawPicture } from "./picture";
import { isRightToLeft, wrapped } from "./text";

const MOST_LINES = 8;

/** What stands below each other in a cell; as many parts in every cell. */
export function partsOf(
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
  on.font = font(15);
  const said = cell.error || cell.answer;
  const lines = said ? wrapped(on, said, WIDTH, MOST_LINES) : [];
  const rtl = isRightToLeft(said);
  return [
    {
      height: 24,
      draw(x, y) {
        const face = font(16, 600);
        on.font = face;
        const [title = ""] = wrapped(on, (cell.title || cell.id) + reference, WIDTH - 90, 1);
        write(on, title, x, y, { font: face });
        const colour = cell.correct ? GOOD : BAD;
        write(on, verdict, x + WIDTH, y + 1, { colour, align: "right" });
      },
    },
    {
      height: 22,
      draw(x, y) {
        const small = { font: font(13), colour: FAINT };
        on.font = small.font;
        const [subtitle = ""] = wrapped(on, cell.subtitle, WIDTH - 140, 1);
        write(on, subtitle, x, y, small);
        write(on, state.tokens.label, x + WIDTH, y, { ...small, align: "right" });
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
          const face = font(15);
          write(on, line, rtl ? x + WIDTH : x, y + i * 21, { font: face, colour, align });
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
      const reference = key === grid.referenceKey ? null : grid.reference;
      metrics.forEach((metric, i) => {
        const top = y + 6 + i * 20;
        const { text, change } = told(cell, reference, metric, grid.deltas.current);
        write(on, metric.label || metric.key, x, top, { colour: FAINT });
        write(on, text, x + WIDTH - 90, top, { align: "right" });
        if (!change) return;
        const colour =
          change.verdict === "better" ? GOOD : change.verdict === "worse" ? BAD : FAINT;
        write(on, change.text, x + WIDTH, top, { colour, align: "right" });
      });
    },
  };
}
