/** What all parts of a sheet share: sizes, inks and a way to write. */

export const WIDTH = 380;
export const GAP = 22;
export const EDGE = 28;

export const INK = "#27272a";
export const FAINT = "#5f5f68";
export const LINE = "#d4d4d8";
export const GOOD = "#15803d";
export const BAD = "#b91c1c";

/** A part of a sheet, as high in every cell of a row as in the highest. */
export interface Part {
  height: number;
  draw(x: number, y: number): void;
}

/** The font of so many pixels. */
export function font(size: number, weight = 400): string {
  return `${weight} ${size}px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif`;
}

export function write(
  on: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  { font: face = font(14), colour = INK, align = "left" as CanvasTextAlign } = {},
): void {
  on.font = face;
  on.fillStyle = colour;
  on.textAlign = align;
  on.textBaseline = "top";
  on.fillText(text, x, y);
}
