import { expect, test } from "vitest";
import {
  all,
  at,
  button,
  frame,
  give,
  placed,
  point,
  pointer,
  press,
  root,
  set,
  show,
  tap,
  texts,
  wheel,
} from "./harness.svelte";
import { cell, comparison, layer } from "./values";

const A = [0, 1, 2, 3, 4, 5];
const three = (rest = {}) =>
  comparison(
    ["a", "b", "c"].map((id) => cell(id, { layers: [layer(A, 2, 3)] })),
    rest,
  );
const HOME = "matrix(1, 0, 0, 1, 0, 0)";

test("what a value without cells asks for holds for the cells that come", () => {
  show(comparison([], { view: { colormap: "magma" } }));
  give(comparison([cell("a", { layers: [layer([0, 1, 2, 4], 2, 2)] })]));
  expect(root().querySelector<HTMLSelectElement>("select[aria-label=Colours]")!.value).toBe(
    "magma",
  );
});

test("while cells are not linked, each moves alone and keeps its own place", () => {
  show(three());
  tap(button("Linked"));
  wheel(1, -100, true);
  const [first, second, third] = placed();
  expect([first, third]).toEqual([HOME, HOME]);
  expect(second).not.toBe(HOME);
  press(frame(2), "+");
  expect(placed()[1]).toBe(second);
  expect(placed()[2]).not.toBe(HOME);
});

test("linked again, all move together and the offset of each stays", () => {
  show(three({ view: { zoom: 2 } }));
  press(frame(1), "l");
  press(frame(1), "ArrowRight");
  const apart = placed();
  press(frame(1), "l");
  expect(placed()).toEqual(apart);
  press(frame(0), "ArrowDown");
  const moved = placed();
  expect(moved[0]).toBe(moved[2]);
  const by = (from: string, to: string) => new DOMMatrix(to).f - new DOMMatrix(from).f;
  expect(by(apart[1]!, moved[1]!)).toBeCloseTo(by(apart[0]!, moved[0]!), 3);
  expect(by(apart[0]!, moved[0]!)).toBeLessThan(0);
});

test("a cell near another's whole picture can be moved when linked, and drags nothing along", () => {
  show(three());
  press(frame(1), "l");
  for (let i = 0; i < 3; i++) press(frame(1), "+");
  press(frame(1), "l");
  const before = placed();
  press(frame(1), "ArrowRight");
  expect(placed()[0]).toBe(HOME);
  expect(placed()[1]).not.toBe(before[1]);
  press(frame(1), "ArrowLeft");
  expect(placed()).toEqual(before);
});

test("a cell that was moved alone says so, and a click gives it the shared view again", () => {
  show(three());
  tap(button("Linked"));
  wheel(1, -100, true);
  expect(frame(0).textContent).not.toContain("own view");
  tap(button("own view ↺"));
  expect(placed()).toEqual([HOME, HOME, HOME]);
  expect(frame(1).textContent).not.toContain("own view");
});

test("0 shows the whole picture: of a cell while it is not linked, else of all", () => {
  show(three({ view: { zoom: 4 } }));
  press(frame(1), "l");
  press(frame(1), "0");
  expect(placed().map((place) => place === HOME)).toEqual([false, true, false]);
  press(frame(1), "l");
  press(frame(0), "0");
  expect(placed()).toEqual([HOME, HOME, HOME]);
  expect(frame(1).textContent).not.toContain("own view");
});

test("the crosshair is at one point of the picture, however each cell is moved", () => {
  show(three());
  press(frame(1), "l");
  for (let i = 0; i < 2; i++) wheel(1, -100, true);
  point(0, 0.9, 0.9);
  expect(new Set(texts("readout"))).toEqual(new Set(["row 1 col 2 5.000 p100"]));
});

test("cells of other image sizes and grids line up by themselves", () => {
  const fine = Array.from({ length: 24 }, (_, i) => i);
  const cells = [
    cell("a", { layers: [layer(A, 2, 3)] }),
    cell("b", { layers: [layer(fine, 6, 4)] }),
  ];
  show(comparison(cells));
  wheel(0, -100, true);
  const [a, b] = placed().map((place) => new DOMMatrix(place));
  const [wide, tall] = [frame(1).clientWidth / frame(0).clientWidth, a!.a / b!.a];
  expect(b!.e).toBeCloseTo(a!.e * wide, 1);
  expect(tall).toBe(1);
});

test("the app and the value say whether cells are linked; the person's choice outlives a value", () => {
  show(three(), { linked: false });
  expect(button("Not linked").getAttribute("aria-pressed")).toBe("false");
  tap(button("Not linked"));
  give(three());
  expect(button("Linked")).toBeDefined();
  set({ linked: true });
  give(three({ view: { linked: false } }));
  expect(button("Not linked")).toBeDefined();
});

test("a drag that is on when the value changes goes on", () => {
  show(three({ view: { zoom: 4 } }));
  const target = frame(0);
  target.setPointerCapture = () => {};
  pointer(target, "pointerdown", at(0, 0.5, 0.5), 1);
  pointer(target, "pointermove", at(0, 0.4, 0.5), 1);
  const half = placed()[0];
  const value = three({ view: { zoom: 4 } });
  value.cells[0]!.answer = "more";
  value.cells[1]!.layers = [layer([...A].reverse(), 2, 3)];
  give(value);
  expect(frame(0)).toBe(target);
  expect(placed()[0]).toBe(half);
  pointer(target, "pointermove", at(0, 0.3, 0.5), 1);
  expect(new DOMMatrix(placed()[2]!).e).toBeLessThan(new DOMMatrix(half!).e);
  pointer(target, "pointerup", at(0, 0.3, 0.5), 0);
  expect(new Set(placed()).size).toBe(1);
});

test("zoom ends at 32 times and at the whole picture", () => {
  show(three());
  for (let i = 0; i < 20; i++) press(frame(0), "+");
  expect(texts("zoom")).toEqual(["32.0×"]);
  expect(button("Zoom in").disabled).toBe(true);
  for (let i = 0; i < 20; i++) press(frame(0), "-");
  expect(texts("zoom")).toEqual(["1.0×"]);
  expect(placed()).toEqual([HOME, HOME, HOME]);
  expect(all("cell")).toHaveLength(3);
});
