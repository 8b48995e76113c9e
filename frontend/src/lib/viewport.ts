/**
 * One view for every cell, in normalised image coordinates: `x` and `y` (0 to 1) are the point of
 * the picture in the middle of the frame, `zoom` is 1 when the whole picture is seen.
 */

export interface Viewport {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const HOME: Viewport = { zoom: 1, x: 0.5, y: 0.5 };
export const NEAREST = 32;

/**
 * The nearest view that keeps the frame full of picture and the zoom from 1 to 32. `nearest` is the
 * largest zoom that any cell adds: with it the middle may go further out than the zoom alone lets it.
 */
export function clamp({ zoom, x, y }: Viewport, nearest = 1): Viewport {
  const within = Math.min(NEAREST, Math.max(1, zoom));
  const margin = 0.5 / (within * nearest);
  return { zoom: within, x: bound(x, margin), y: bound(y, margin) };
}

function bound(at: number, margin: number): number {
  return Math.min(1 - margin, Math.max(margin, at));
}

/** The point of the picture at a place of the frame (0 to 1 from the left and from the top). */
export function toPicture(view: Viewport, frame: Point): Point {
  return { x: view.x + (frame.x - 0.5) / view.zoom, y: view.y + (frame.y - 0.5) / view.zoom };
}

/** The place of the frame where a point of the picture is seen. */
export function toFrame(view: Viewport, picture: Point): Point {
  return {
    x: (picture.x - view.x) * view.zoom + 0.5,
    y: (picture.y - view.y) * view.zoom + 0.5,
  };
}

/** Zoom by a factor so that what is seen at a place of the frame stays there. */
export function zoomAbout(view: Viewport, factor: number, frame: Point): Viewport {
  const fixed = toPicture(view, frame);
  const zoom = Math.min(NEAREST, Math.max(1, view.zoom * factor));
  return clamp({
    zoom,
    x: fixed.x - (frame.x - 0.5) / zoom,
    y: fixed.y - (frame.y - 0.5) / zoom,
  });
}

/** Move the picture with the pointer, by a part of the frame's width and height. */
export function panBy(view: Viewport, dx: number, dy: number): Viewport {
  return clamp({ ...view, x: view.x - dx / view.zoom, y: view.y - dy / view.zoom });
}

/** The CSS variables that place a picture: percentages of its own size, then its scale. */
export function placement(view: Viewport): { left: number; top: number; scale: number } {
  const { zoom } = view;
  return { left: (0.5 - view.x * zoom) * 100, top: (0.5 - view.y * zoom) * 100, scale: zoom };
}

/** 1, 2, 4 … 32: the power of two at or below the zoom, for what is drawn in steps of it. */
export function octave(zoom: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, zoom)));
}

/** How one cell's view differs from the shared one: a factor of its zoom, and a way to go. */
export interface Offset {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

/** What leads from the shared view to a cell's own. */
export function offsetBetween(shared: Viewport, own: Viewport): Offset {
  return { zoom: own.zoom / shared.zoom, x: own.x - shared.x, y: own.y - shared.y };
}

/** The shared view as a cell with this offset sees it. */
export function withOffset(shared: Viewport, offset: Offset): Viewport {
  return clamp({
    zoom: shared.zoom * offset.zoom,
    x: shared.x + offset.x,
    y: shared.y + offset.y,
  });
}

/**
 * The shared view after a cell has moved from `before` to `after`, so that every cell moves as much;
 * `nearest` as in `clamp`.
 */
export function moveShared(
  shared: Viewport,
  before: Viewport,
  after: Viewport,
  nearest: number,
): Viewport {
  const zoom = (shared.zoom * after.zoom) / before.zoom;
  return clamp(
    { zoom, x: shared.x + after.x - before.x, y: shared.y + after.y - before.y },
    nearest,
  );
}
