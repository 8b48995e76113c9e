/** Mouse, touch and wheel on a picture, told as points of its frame (0 to 1). */

import type { Point } from "../lib/viewport";

export interface Gestures {
  hover(at: Point | null): void;
  /** Gives what takes it back, for it may be the first of a double click. */
  click(at: Point): () => void;
  doubleClick(at: Point, back: boolean): void;
  pan(dx: number, dy: number): void;
  /** A drag begins here: gives whether it draws; else it pans. */
  draw(from: Point): boolean;
  /** What is drawn reaches to here. */
  reach(to: Point): void;
  /** What was drawn is done, or not to be. */
  drawn(done: boolean): void;
  zoom(factor: number, at: Point): void;
  /** A wheel without Ctrl or ⌘, which scrolls the page. */
  plainWheel(): void;
}

/** The key that makes the wheel zoom, as this machine writes it. */
export const ZOOM_KEY = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";

const DRAG_AFTER = 4;

/** Whether something on the frame, such as a handle, takes this gesture for itself. */
function isTaken(event: Event): boolean {
  return (event.target as Element).closest?.("[data-own-gestures]") != null;
}

/** The nearest place of the frame. */
function within({ x, y }: Point): Point {
  return { x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) };
}

/** Listen to the gestures on a frame; gives the function that stops it. */
export function listen(frame: HTMLElement, gestures: Gestures): () => void {
  const down = new Map<number, Point>();
  let pressed: Point | null = null;
  let dragging = false;
  let drawing = false;
  let takeBack: (() => void) | null = null;

  function place(event: { clientX: number; clientY: number }): Point {
    const box = frame.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  function isFar(event: PointerEvent): boolean {
    const box = frame.getBoundingClientRect();
    const at = place(event);
    const [dx, dy] = [at.x - (pressed?.x ?? at.x), at.y - (pressed?.y ?? at.y)];
    return Math.hypot(dx * box.width, dy * box.height) > DRAG_AFTER;
  }

  function pointerdown(event: PointerEvent): void {
    if (event.button !== 0 || isTaken(event)) return;
    const at = place(event);
    down.set(event.pointerId, at);
    if (down.size === 1) {
      pressed = at;
      dragging = false;
    } else {
      dragging = true;
      stopDrawing(false);
      for (const id of down.keys()) frame.setPointerCapture(id);
    }
  }

  function pointermove(event: PointerEvent): void {
    // A release that no page was told of: above a menu, or another window.
    if (!event.buttons && down.delete(event.pointerId)) stopDrawing(true);
    const before = down.get(event.pointerId);
    const at = place(event);
    if (!before) {
      gestures.hover(at);
      return;
    }
    if (down.size === 1) {
      if (!dragging) {
        if (!isFar(event)) return;
        dragging = true;
        // Only now: captured from the press on, a click would be lost.
        frame.setPointerCapture(event.pointerId);
        drawing = gestures.draw(pressed!);
      }
      if (drawing) gestures.reach(within(at));
      else gestures.pan(at.x - before.x, at.y - before.y);
      if (event.pointerType === "mouse" && !drawing) gestures.hover(at);
    } else if (down.size === 2) {
      pinch(event.pointerId, before, at);
    }
    down.set(event.pointerId, at);
  }

  function pinch(id: number, before: Point, at: Point): void {
    const other = [...down].find(([key]) => key !== id)![1];
    const factor = distance(at, other) / Math.max(distance(before, other), 1e-3);
    gestures.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    gestures.zoom(factor, { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
  }

  function distance(a: Point, b: Point): number {
    return Math.hypot((a.x - b.x) * frame.clientWidth, (a.y - b.y) * frame.clientHeight);
  }

  function release(event: PointerEvent): void {
    if (down.delete(event.pointerId)) stopDrawing(event.type === "pointerup");
  }

  function stopDrawing(done: boolean): void {
    if (drawing) gestures.drawn(done);
    drawing = false;
  }

  function pointerleave(event: PointerEvent): void {
    if (event.pointerType !== "touch" && !down.size) gestures.hover(null);
  }

  function click(event: MouseEvent): void {
    // The later clicks in one place are the double click's.
    if (event.detail < 2 && !isTaken(event))
      takeBack = dragging ? null : gestures.click(place(event));
  }

  function dblclick(event: MouseEvent): void {
    takeBack?.();
    takeBack = null;
    if (isTaken(event)) return;
    gestures.doubleClick(place(event), event.shiftKey);
  }

  function wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) {
      gestures.plainWheel();
      return;
    }
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
    // A notch of a wheel is about 100 pixels, a step of a trackpad's pinch only a few.
    const step = Math.min(50, Math.max(-50, pixels));
    gestures.zoom(Math.exp(-step * 0.006), place(event));
  }

  const stop = new AbortController();
  const { signal } = stop;
  frame.addEventListener("pointerdown", pointerdown, { signal });
  frame.addEventListener("pointermove", pointermove, { signal });
  // On the window: until it drags, a press is not captured, and may end outside the frame.
  window.addEventListener("pointerup", release, { signal });
  window.addEventListener("pointercancel", release, { signal });
  frame.addEventListener("pointerleave", pointerleave, { signal });
  frame.addEventListener("click", click, { signal });
  frame.addEventListener("dblclick", dblclick, { signal });
  frame.addEventListener("wheel", wheel, { signal, passive: false });
  return () => stop.abort();
}
