/** A region on the picture: drawn, told, moved by keys, and its shares in every cell. */

import { flushSync } from "svelte";
import { expect, test } from "vitest";
import {
  all,
  ask,
  at,
  button,
  click,
  find,
  frame,
  give,
  placed,
  point,
  pointer,
  press,
  show,
  tap,
  texts,
  told,
} from "./harness.svelte";
import { cell, comparison, layer, tokens } from "./values";

const DROPPED = 65535;
/** Four columns: all relevance left of the middle in one cell, a tenth of it in the other. */
const two = (rest = {}) =>
  comparison(
    [
      cell("a", {
        layers: [layer([3, 1, 0, 0, 3, 1, 0, 0], 2, 4)],
        tokens: tokens([0, 1, 2, 3, 4, 5, 6, 7], 2, 4),
      }),
      cell("b", {
        layers: [layer([0.5, 0, 4.5, 0, 0.5, 0, 4.5, 0], 2, 4)],
        tokens: tokens([0, DROPPED, 2, 3, DROPPED, DROPPED, DROPPED, 7], 2, 4),
      }),
    ],
    rest,
  );
const LEFT: [number, number, number, number] = [0, 0, 0.5, 1];

type Place = [x: number, y: number];

function drag(i: number, from: Place, ...through: Place[]): void {
  const target = frame(i);
  target.setPointerCapture = () => {};
  pointer(target, "pointerdown", at(i, ...from), 1);
  for (const place of through) pointer(target, "pointermove", at(i, ...place), 1);
}

function drop(i: number, place: Place): void {
  pointer(frame(i), "pointerup", at(i, ...place), 0);
}

function draw(i: number, from: Place, to: Place): void {
  drag(i, from, to);
  drop(i, to);
}

const region = () => ask().view!.region;
const close = (...corners: number[]) => corners.map((corner) => expect.closeTo(corner, 2));

test("every cell says what share of its map and of its kept tokens lies in a region", () => {
  show(two({ view: { region: LEFT } }));
  expect(texts("region-shares")).toEqual([
    "In the region: 100 % of relevance 50 % of kept 50 % of image",
    "In the region: 10 % of relevance 25 % of kept 50 % of image",
  ]);
  expect(all("region")).toHaveLength(2);
});

test("a drag draws while marking is on, and moves the picture again when it is off", () => {
  show(two({ view: { zoom: 2 } }));
  const before = placed();
  tap(button("Region"));
  draw(1, [0.25, 0.25], [0.75, 0.5]);
  expect(placed()).toEqual(before);
  expect(region()).toEqual(close(0.375, 0.375, 0.625, 0.5));
  tap(button("Region"));
  draw(1, [0.25, 0.25], [0.75, 0.5]);
  expect(placed()).not.toEqual(before);
  expect(region()).toEqual(close(0.375, 0.375, 0.625, 0.5));
});

test("shares follow while the box is drawn", () => {
  show(two());
  tap(button("Region"));
  expect(texts("region-shares")[1]).toBe("In the region: – of relevance – of kept – of image");
  drag(0, [0, 0], [0.25, 1]);
  expect(texts("region-shares")[0]).toBe(
    "In the region: 75 % of relevance 25 % of kept 25 % of image",
  );
  pointer(frame(0), "pointermove", at(0, 0.5, 1), 1);
  expect(texts("region-shares")[0]).toContain("100 % of relevance");
  drop(0, [0.5, 1]);
});

test("nothing is laid out anew by a box that is drawn", () => {
  show(two());
  tap(button("Region"));
  const places = () =>
    [...all("picture"), ...all("region-shares"), ...document.querySelectorAll(".below")].map((e) =>
      JSON.stringify(e.getBoundingClientRect()),
    );
  const before = places();
  drag(0, [0.1, 0.1], [0.9, 0.9]);
  expect(places()).toEqual(before);
  drop(0, [0.9, 0.9]);
  expect(places()).toEqual(before);
});

test("a drag outside ends at the picture's edge", () => {
  show(two());
  tap(button("Region"));
  draw(0, [0.5, 0.5], [3, -2]);
  expect(region()).toEqual(close(0.5, 0, 1, 0.5));
});

test("a click takes the box away and pins nothing; a double click zooms and leaves it", () => {
  show(two({ view: { region: LEFT } }));
  tap(button("Region"));
  click(0, 0.5, 0.5);
  expect(region()).toBeNull();
  expect(all("region")).toHaveLength(0);
  const options = { ...at(0, 0.5, 0.5), detail: 2 };
  frame(0).dispatchEvent(new MouseEvent("dblclick", options));
  flushSync();
  expect(region()).toEqual(LEFT);
  expect(texts("zoom")).toEqual(["2.0×"]);
  expect(told.select).not.toHaveBeenCalled();
});

test("the box stays while marking is off, and a click pins as ever", () => {
  show(two({ view: { region: LEFT } }));
  click(0, 0.9, 0.9);
  expect(region()).toEqual(LEFT);
  expect(texts("readout")[0]).toContain("row 1 col 3");
  press(frame(0), "Escape");
  expect(region()).toEqual(LEFT);
});

test("Escape goes back: to the box before, to none, to moving the picture", () => {
  show(two({ view: { region: LEFT } }));
  press(frame(0), "m");
  drag(0, [0.2, 0.2], [0.4, 0.4]);
  press(frame(0), "Escape");
  expect(region()).toEqual(LEFT);
  pointer(frame(0), "pointermove", at(0, 0.8, 0.8), 1);
  drop(0, [0.8, 0.8]);
  expect(region()).toEqual(LEFT);
  press(frame(0), "Escape");
  expect(region()).toBeNull();
  expect(button("Region").getAttribute("aria-pressed")).toBe("true");
  press(frame(0), "Escape");
  expect(button("Region").getAttribute("aria-pressed")).toBe("false");
});

test("a second finger makes a pinch of it: the box before stays", () => {
  show(two({ view: { region: LEFT } }));
  tap(button("Region"));
  drag(0, [0.6, 0.4], [0.7, 0.5]);
  expect(region()).not.toEqual(LEFT);
  const zoom = texts("zoom");
  pointer(frame(0), "pointerdown", at(0, 0.8, 0.5), 1, 2);
  expect(region()).toEqual(LEFT);
  pointer(frame(0), "pointermove", at(0, 0.9, 0.5), 1, 2);
  expect(texts("zoom")).not.toEqual(zoom);
  expect(region()).toEqual(LEFT);
});

test("a drag that the browser takes for itself leaves the box before", () => {
  show(two({ view: { region: LEFT } }));
  tap(button("Region"));
  drag(0, [0.6, 0.4], [0.7, 0.5]);
  pointer(frame(0), "pointercancel", at(0, 0.7, 0.5), 0);
  expect(region()).toEqual(LEFT);
});

test("by keys a box is made around the crosshair, moved, resized and taken away", () => {
  show(two());
  press(frame(0), "m");
  press(frame(0), "Enter");
  expect(region()).toEqual(close(0.375, 0.375, 0.625, 0.625));
  press(frame(0), "ArrowRight");
  press(frame(0), "ArrowUp");
  expect(region()).toEqual(close(0.395, 0.355, 0.645, 0.605));
  press(frame(0), "ArrowRight", true);
  press(frame(0), "ArrowDown", true);
  press(frame(0), "ArrowDown", true);
  expect(region()).toEqual(close(0.395, 0.355, 0.665, 0.645));
  point(0, 0, 0);
  press(frame(0), "Enter");
  expect(region()).toEqual([0, 0, 0.25, 0.25]);
  press(frame(0), "Escape");
  const before = placed();
  for (const key of ["+", "ArrowRight"]) press(frame(0), key);
  expect(placed()).not.toEqual(before);
});

test("what lies in a region that keys made is told to a screen reader", () => {
  show(two());
  frame(1).focus();
  // A quarter of the width and height in the middle: half of each token's width, a quarter of its
  // height, so 2 · 4.5 / 8 of 10 and 1 / 8 of 4 tokens.
  press(frame(1), "m");
  press(frame(1), "Enter");
  expect(texts("read")).toEqual(["11 % of relevance, 3 % of kept tokens, 6 % of the image"]);
  press(frame(1), "t");
  const row = [...all("table")[0]!.querySelectorAll("tr")].at(-1)!;
  expect(row.textContent).toContain("11 % of relevance, 3 % of kept tokens, 6 % of the image");
});

test("a value may ask for a region and take it away; what a person drew outlives its yields", () => {
  show(two());
  give(two({ view: { region: LEFT } }));
  expect(region()).toEqual(LEFT);
  tap(button("Region"));
  draw(0, [0.5, 0.5], [1, 1]);
  const drawn = region();
  give(two({ view: { region: LEFT } }));
  expect(region()).toEqual(drawn);
  const value = ask();
  value.view!.region = null;
  give(value);
  expect(region()).toBeNull();
});

test("while differences are drawn, the shares are of each cell's own map, which is said", () => {
  show(two({ view: { region: LEFT, difference: true } }));
  expect(texts("region-shares")[1]).toContain("10 % of own relevance");
});

test("for a word, the shares are those of its map", () => {
  const value = two({ view: { region: LEFT } });
  const word = { start: 0, end: 3, map: layer([1, 0, 0, 3, 0, 0, 0, 0], 2, 4) };
  Object.assign(value.cells[0]!, { answer: "red", words: [word] });
  show(value);
  press(frame(0), ".");
  expect(texts("region-shares")).toEqual([
    "In the region: 25 % of “red” 50 % of kept 50 % of image",
    "In the region: – of “red” 25 % of kept 50 % of image",
  ]);
});

test("what is not there has no share, and no place where no cell has it", () => {
  const value = two({ view: { region: LEFT } });
  value.cells[1] = cell("b", { status: "failed" });
  for (const one of value.cells) one.tokens = null;
  show(value);
  expect(texts("region-shares")).toEqual([
    "In the region: 100 % of relevance 50 % of image",
    "In the region: – of relevance 50 % of image",
  ]);
});

test("a blind comparison does not tell how many tokens are kept where", () => {
  show(two({ view: { region: LEFT } }), { voting: true, blind: true });
  expect(texts("region-shares").join()).not.toContain("kept");
});

test("the box lies on the picture however it is looked at", () => {
  show(two({ view: { region: LEFT, zoom: 4, center: [0.5, 0.5] } }));
  const box = find<HTMLElement>("[data-testid=region] path").getBoundingClientRect();
  const picture = frame(0).getBoundingClientRect();
  expect(box.right).toBeCloseTo(picture.left + picture.width / 2, 0);
  expect(box.left).toBeCloseTo(picture.left - 1.5 * picture.width, 0);
});
