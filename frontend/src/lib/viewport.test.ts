import { expect, test } from "vitest";
import { clamp, HOME, octave, panBy, placement, toFrame, toPicture, zoomAbout } from "./viewport";

const NEAR = clamp({ zoom: 4, x: 0.4, y: 0.6 });

test("at home the frame is the picture", () => {
  expect(toPicture(HOME, { x: 0.2, y: 0.9 })).toEqual({ x: 0.2, y: 0.9 });
});

test("frame and picture coordinates undo each other", () => {
  const back = toFrame(NEAR, toPicture(NEAR, { x: 0.1, y: 0.8 }));
  expect(back.x).toBeCloseTo(0.1, 12);
  expect(back.y).toBeCloseTo(0.8, 12);
});

test("zooming keeps what is under the cursor under the cursor", () => {
  const cursor = { x: 0.3, y: 0.7 };
  const before = toPicture(NEAR, cursor);
  const after = toPicture(zoomAbout(NEAR, 1.7, cursor), cursor);
  expect(after.x).toBeCloseTo(before.x, 12);
  expect(after.y).toBeCloseTo(before.y, 12);
});

test("zoom stays from 1 to 32", () => {
  expect(zoomAbout(NEAR, 100, { x: 0.5, y: 0.5 }).zoom).toBe(32);
  expect(zoomAbout(NEAR, 0.01, { x: 0.1, y: 0.1 })).toEqual(HOME);
});

test("the frame is always full of picture", () => {
  const corner = panBy(NEAR, 99, -99);
  expect(toPicture(corner, { x: 0, y: 1 })).toEqual({ x: 0, y: 1 });
});

test("dragging by a tenth of the frame moves the picture by a tenth of what is seen", () => {
  const moved = panBy(NEAR, 0.1, 0);
  expect(moved.x).toBeCloseTo(0.4 - 0.1 / 4, 12);
  expect(moved.y).toBe(NEAR.y);
});

test("placement puts a point of the picture where toFrame says it is", () => {
  const { left, top, scale } = placement(NEAR);
  const point = { x: 0.45, y: 0.55 };
  const seen = toFrame(NEAR, point);
  expect(left / 100 + point.x * scale).toBeCloseTo(seen.x, 12);
  expect(top / 100 + point.y * scale).toBeCloseTo(seen.y, 12);
});

test("octaves are the powers of two at or below the zoom", () => {
  expect([1, 1.9, 2, 5, 32].map(octave)).toEqual([1, 1, 2, 4, 32]);
});
