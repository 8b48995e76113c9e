/** A cell's picture as it is looked at, on the canvas of a sheet. */

import { drawn, drawnPlaces } from "../../lib/drawn";
import { groupOutline } from "../../lib/groups";
import { toFrame, type Viewport } from "../../lib/viewport";
import type { CellState } from "../cell.svelte";
import type { GridState } from "../grid.svelte";
import { font, write } from "./pen";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The image at this address, ready to be drawn; throws a sentence where it cannot be had. */
export async function loadImage(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => {
    throw new Error("an image cannot be loaded.");
  });
  return image;
}

/** Draw image, map and tokens into a box, through the view of the cell. */
export function drawPicture(
  on: CanvasRenderingContext2D,
  grid: GridState,
  cell: CellState,
  image: HTMLImageElement | null,
  box: Box,
): void {
  const at = placed(grid.sight.of(cell.key), box);
  on.save();
  on.beginPath();
  on.roundRect(box.x, box.y, box.width, box.height, 4);
  on.clip();
  on.fillStyle = "#e8e8ea";
  on.fillRect(box.x, box.y, box.width, box.height);
  if (image) on.drawImage(image, at.x, at.y, at.width, at.height);
  drawMap(on, grid, cell, at);
  if (cell.tokens.assign && grid.drawing.tokens.current) drawTokens(on, cell, at);
  if (cell.lack) drawNote(on, cell.lack, box);
  on.restore();
}

/** Where the whole picture lies, of which the box shows a part. */
function placed(view: Viewport, box: Box): Box {
  const corner = toFrame(view, { x: 0, y: 0 });
  return {
    x: box.x + corner.x * box.width,
    y: box.y + corner.y * box.height,
    width: box.width * view.zoom,
    height: box.height * view.zoom,
  };
}

function drawMap(
  on: CanvasRenderingContext2D,
  { drawing }: GridState,
  { positions, map }: CellState,
  at: Box,
): void {
  if (!positions || !map) return;
  const smooth = drawing.smooth.current;
  const pixels = drawn(drawnPlaces(positions, map.rows, map.cols, smooth), drawing.colormap);
  const small = new OffscreenCanvas(pixels.width, pixels.height);
  small.getContext("2d")!.putImageData(pixels, 0, 0);
  on.save();
  on.globalAlpha = drawing.opacity.current;
  on.imageSmoothingEnabled = smooth;
  on.drawImage(small, at.x, at.y, at.width, at.height);
  on.restore();
}

function drawTokens(on: CanvasRenderingContext2D, cell: CellState, at: Box): void {
  const onPicture = new DOMMatrix([at.width / cell.cols, 0, 0, at.height / cell.rows, at.x, at.y]);
  const path = (drawn: string): Path2D => {
    const found = new Path2D();
    found.addPath(new Path2D(drawn), onPicture);
    return found;
  };
  const dropped = path(cell.tokens.droppedPath);
  fillHatched(on, dropped);
  const groups = path(groupOutline(cell.tokens.assign!, cell.rows, cell.cols));
  on.strokeStyle = "rgb(0 0 0 / 0.5)";
  on.lineWidth = 2.75;
  on.stroke(groups);
  on.strokeStyle = "white";
  on.lineWidth = 1.25;
  on.stroke(groups);
}

function drawNote(on: CanvasRenderingContext2D, text: string, box: Box): void {
  on.font = font(13);
  const wide = Math.min(box.width - 12, on.measureText(text).width + 14);
  const left = box.x + (box.width - wide) / 2;
  const top = box.y + box.height / 2 - 12;
  on.fillStyle = "rgb(24 24 27 / 0.84)";
  on.fillRect(left, top, wide, 24);
  write(on, text, box.x + box.width / 2, top + 5, {
    font: font(13),
    colour: "white",
    align: "center",
  });
}

/** Fill as dropped tokens are: dimmed, and hatched over that. */
export function fillHatched(on: CanvasRenderingContext2D, path: Path2D): void {
  on.fillStyle = "rgb(150 150 150 / 0.745)";
  on.fill(path);
  on.fillStyle = hatch(on);
  on.fill(path);
}

function hatch(on: CanvasRenderingContext2D): CanvasPattern {
  const tile = new OffscreenCanvas(6, 6);
  const pen = tile.getContext("2d")!;
  pen.strokeStyle = "rgb(30 30 34 / 0.62)";
  pen.stroke(new Path2D("M-1 1l2-2M-1 7l8-8M5 7l2-2"));
  return on.createPattern(tile, "repeat")!;
}
