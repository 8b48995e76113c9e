/** The foot of a sheet: the scale, what the hatch means, and under which conditions it was made. */

import { gradientStops } from "../../lib/colour";
import { conditionsText } from "../../lib/stamp";
import type { GridState } from "../grid.svelte";
import { FAINT, font, INK, write, type Part } from "./pen";
import { fillHatched } from "./picture";
import { wrapped } from "./text";

export function legendOf(on: CanvasRenderingContext2D, grid: GridState, width: number): Part {
  const { drawing } = grid;
  const drawn = drawing.layer !== null || drawing.word !== null;
  const hatched =
    drawing.tokens.current && grid.cells.some(({ tokens }) => tokens.droppedPath !== "");
  const stamp = conditionsText(grid.value.stamp);
  const small = font(13);
  on.font = small;
  const lines = stamp ? wrapped(on, stamp, width, 6) : [];
  const first = drawn || hatched ? 26 : 0;
  return {
    height: first + lines.length * 19,
    draw(x, y) {
      const face = font(14);
      let left = x;
      const say = (text: string, colour: string): void => {
        write(on, text, left, y, { font: face, colour });
        left += on.measureText(text).width + 10;
      };
      if (drawn) {
        for (const [text, colour] of scaleOf(drawing)) {
          if (text !== null) say(text, colour);
          else left = drawBar(on, grid, left, y + 3) + 10;
        }
      }
      if (hatched) {
        const swatch = new Path2D();
        swatch.rect(left + 14, y + 2, 22, 12);
        fillHatched(on, swatch);
        left += 44;
        say("dropped", FAINT);
      }
      lines.forEach((line, i) => {
        write(on, line, x, y + first + i * 19, { font: small, colour: FAINT });
      });
    },
  };
}

/** The words of the legend with their colours; null is where the bar stands. */
function scaleOf(drawing: GridState["drawing"]): [text: string | null, colour: string][] {
  const by = { shared: "", cell: ", each cell on its own scale", percentile: ", by rank" };
  const least = drawing.threshold.current;
  return [
    [drawing.name + by[drawing.normalize.current], FAINT],
    [drawing.textAt(drawing.windowLow), INK],
    [null, INK],
    [drawing.textAt(drawing.windowHigh), INK],
    [least > 0 ? `nothing below p${Math.round(least)}` : "", FAINT],
  ];
}

/** Draw the bar of colours; gives where it ends. */
function drawBar(
  on: CanvasRenderingContext2D,
  { drawing }: GridState,
  left: number,
  top: number,
): number {
  const colours = on.createLinearGradient(left, 0, left + 200, 0);
  for (const [at, colour] of gradientStops(drawing.colormap)) colours.addColorStop(at, colour);
  on.fillStyle = colours;
  on.fillRect(left, top, 200, 10);
  return left + 200;
}
