import { expect, test, vi } from "vitest";
import {
  all,
  button,
  choose,
  find,
  frame,
  give,
  pixel,
  pointer,
  press,
  root,
  show,
  slide,
  tap,
  texts,
} from "./harness.svelte";
import { cell, comparison, layer, tokens } from "./values";

const A = [0, 1, 2, 3, 4, 5];
const one = (numbers = A, rows = 2, cols = 3, rest = {}) =>
  comparison([cell("a", { layers: [layer(numbers, rows, cols)], ...rest })]);
const opaque = (i: number, rows: number, cols: number) =>
  Array.from({ length: rows * cols }, (_, at) => pixel(i, at % cols, Math.floor(at / cols))[3]);
const ends = () => texts("low").concat(texts("high"));
const handles = () => [...root().querySelectorAll<HTMLElement>("footer [role=slider]")];

test("below the threshold's percentile nothing is drawn, in each cell by its own ranks", () => {
  const cells = [
    cell("a", { layers: [layer(A, 2, 3)] }),
    cell("b", {
      layers: [
        layer(
          [...A].map((n) => -10 * n),
          2,
          3,
        ),
      ],
    }),
  ];
  show(comparison(cells));
  slide("Threshold", 60);
  expect(opaque(0, 2, 3)).toEqual([0, 0, 0, 255, 255, 255]);
  expect(opaque(1, 2, 3)).toEqual([255, 255, 255, 0, 0, 0]);
});

test("around zero the threshold takes values by their size", () => {
  const signed = { ...layer([-8, -1, 0, 1, 2, 6], 2, 3), diverging: true };
  show(comparison([cell("a", { layers: [signed] })]), { threshold: 70 });
  expect(opaque(0, 2, 3)).toEqual([255, 0, 0, 0, 0, 255].map((alpha, i) => (i === 4 ? 0 : alpha)));
});

test("by percentile, colours go by rank; around zero, zero stays in the middle", () => {
  show(one([0, 1, 100], 1, 3), { colormap: "grey", normalize: "percentile" });
  expect([0, 1, 2].map((x) => pixel(0, x, 0)[0])).toEqual([85, 170, 255]);
  expect(ends()).toEqual(["p0", "p100"]);
  const signed = { ...layer([-4, 0, 1], 1, 3), diverging: true };
  give(comparison([cell("a", { layers: [signed] })]));
  const middle = [244, 244, 242];
  pixel(0, 1, 0)
    .slice(0, 3)
    .forEach((channel, i) => expect(Math.abs(channel - middle[i]!)).toBeLessThan(4));
  expect(pixel(0, 0, 0).slice(0, 3)).toEqual([35, 79, 148]);
});

test("smooth runs from token to token, and exact cells are the default", () => {
  show(one([0, 1], 1, 2), { colormap: "grey" });
  const canvas = () => all("map")[0] as HTMLCanvasElement;
  expect([canvas().width, getComputedStyle(canvas()).imageRendering]).toEqual([2, "pixelated"]);
  const [smooth] = [...root().querySelectorAll<HTMLInputElement>("input[value=smooth]")];
  tap(smooth!);
  expect(canvas().width).toBeGreaterThan(2);
  const row = Array.from({ length: canvas().width }, (_, x) => pixel(0, x, 0)[0]!);
  expect(row).toEqual([...row].sort((a, b) => a - b));
  expect(new Set(row).size).toBeGreaterThan(4);
});

test("the ends of the scale are handles: dragged, by keyboard, and set back", () => {
  show(one([0, 10, 5, 5], 2, 2), { colormap: "grey" });
  const [low, high] = handles();
  for (let i = 0; i < 5; i++) press(low!, "PageUp");
  expect(ends()).toEqual(["5", "10"]);
  expect(pixel(0, 0, 1)[0]).toBe(0);
  expect(low!.getAttribute("aria-valuetext")).toBe("5");
  const bar = low!.parentElement!;
  bar.setPointerCapture = () => {};
  const box = bar.getBoundingClientRect();
  const place = (x: number) => ({
    clientX: box.left + x * box.width,
    clientY: box.top,
    bubbles: true,
  });
  pointer(bar, "pointerdown", place(0.95), 1);
  pointer(bar, "pointermove", place(0.8), 1);
  pointer(bar, "pointerup", place(0.8), 0);
  expect(ends()).toEqual(["5", "8"]);
  press(high!, "Home");
  expect(Number(texts("high")[0])).toBeGreaterThan(5);
  tap(button("whole range"));
  expect(ends()).toEqual(["0", "10"]);
});

test("the ends never meet, and around zero both move alike", () => {
  const signed = { ...layer([-4, 0, 4], 1, 3), diverging: true };
  show(comparison([cell("a", { layers: [signed] })]));
  press(handles()[0]!, "PageUp");
  press(handles()[0]!, "PageUp");
  expect(ends()).toEqual(["−2.4", "2.4"]);
  let reach = 2.4;
  for (let i = 0; i < 9; i++) {
    press(handles()[0]!, "PageUp");
    const now = Number(ends()[1]);
    expect(now).toBeLessThanOrEqual(reach);
    reach = now;
  }
  expect(reach).toBeGreaterThan(0);
});

test("a value can ask for the ends, also beyond its data; they are the layer's own", () => {
  const layers = [layer([0, 10], 1, 2), layer([0, 3], 1, 2, "other")];
  const value = comparison([cell("a", { layers })], { view: { range: [5, 20] } });
  show(value, { colormap: "grey" });
  expect(ends()).toEqual(["5", "20"]);
  expect(pixel(0, 1, 0)[0]).toBe(85);
  press(handles()[1]!, "End");
  press(handles()[0]!, "Home");
  expect(ends()).toEqual(["0", "20"]);
  choose("Layer", "other");
  expect(ends()).toEqual(["0", "3"]);
  choose("Layer", "relevance");
  expect(ends()).toEqual(["0", "20"]);
});

test("a range that is asked for anew comes before the ends that a person set", () => {
  const layers = [layer([0, 10], 1, 2), layer([0, 3], 1, 2, "other")];
  const value = (range: [number, number]) =>
    comparison([cell("a", { layers })], { view: { layer: "relevance", range } });
  show(value([2, 8]));
  press(handles()[0]!, "Home");
  expect(ends()).toEqual(["0", "8"]);
  give(value([2, 8]));
  expect(ends()).toEqual(["0", "8"]);
  give(value([1, 9]));
  expect(ends()).toEqual(["1", "9"]);
  give({ ...value([1, 9]), view: { layer: "other" } });
  expect(ends()).toEqual(["0", "3"]);
});

test("the ends that a person set stay where they are when larger values come", () => {
  show(one([0, 10, 5, 5], 2, 2));
  for (let i = 0; i < 5; i++) press(handles()[0]!, "PageUp");
  give(
    comparison([
      ...one([0, 10, 5, 5], 2, 2).cells,
      cell("b", { layers: [layer([0, 100, 1, 1], 2, 2)] }),
    ]),
  );
  expect(ends()).toEqual(["5", "10"]);
});

test("the legend is there without a value too, and in the layer's unit", () => {
  const unit = { ...layer([1, 2], 1, 2), unit: "bits", label: "information" };
  show(comparison([cell("a", { layers: [unit] })]));
  expect(find("footer").textContent).toContain("information, bits");
  give(comparison([cell("a", { layers: [layer([NaN, NaN], 1, 2)] })]));
  expect(find("footer").textContent).toContain("no values yet");
  expect(find("footer").textContent).toContain("no value");
});

test("tokens that were merged are outlined as groups, with a dot on the one that carries them", () => {
  // Two by three: the left square of four is one token, the right two stay.
  const merged = tokens([0, 0, 2, 0, 0, 5], 2, 3);
  show(one(A, 2, 3, { tokens: merged }));
  const paths = [...all("groups")[0]!.querySelectorAll("path")].map((path) =>
    path.getAttribute("d"),
  );
  expect(paths[1]).toBe("M0 0H2M0 2H2M0 0V2M2 0V2");
  expect(paths[3]).toBe("M0.5 0.5h0");
  expect(texts("kept")).toEqual(["3 of 6 (50 %)"]);
  expect(find("footer").textContent).toContain("merged");
  tap(button("Tokens"));
  expect(all("groups")).toHaveLength(0);
  expect(find("footer").textContent).not.toContain("merged");
});

test("the readout says into which token one was merged", () => {
  show(one(A, 2, 3, { tokens: tokens([0, 0, 65535, 0, 0, 5], 2, 3) }));
  press(frame(0), "ArrowRight", true);
  expect(texts("readout")).toEqual(["row 1 col 1 4.000 p83 merged into row 0 col 0"]);
  press(frame(0), "ArrowUp", true);
  press(frame(0), "ArrowRight", true);
  expect(texts("readout")).toEqual(["row 0 col 2 2.000 p50 dropped"]);
});

test("lines between tokens are there when they are near enough", () => {
  const many = Array.from({ length: 64 * 64 }, (_, i) => i);
  show(comparison(["a", "b", "c", "d"].map((id) => cell(id, { layers: [layer(many, 64, 64)] }))));
  expect(all("lattice")).toHaveLength(0);
  for (let i = 0; i < 4; i++) press(frame(0), "+");
  expect(all("lattice")).toHaveLength(4);
});

test("tokens are exact on a grid that is not square", () => {
  const numbers = Array.from({ length: 3 * 20 }, (_, i) => i);
  const assign = numbers.map((i) => (i % 20 === 19 ? 65535 : i));
  show(one(numbers, 3, 20, { tokens: tokens(assign, 3, 20) }));
  expect(opaque(0, 3, 20)).toEqual(assign.map((carrier) => (carrier === 65535 ? 0 : 255)));
  expect(texts("kept")).toEqual(["57 of 60 (95 %)"]);
  const box = frame(0).getBoundingClientRect();
  expect(box.width / box.height).toBeCloseTo(20 / 3, 1);
});

test("a sink is left out of the scale and named under the crosshair", () => {
  const sinks = btoa(String.fromCharCode(1, 0, 0, 0, 0, 0));
  const value = one([100, 1, 2, 3, 4, 5], 2, 3);
  value.cells[0]!.layers = [{ ...value.cells[0]!.layers[0]!, low: 1, high: 5, sinks }];
  show(value);
  expect(ends()).toEqual(["1", "5"]);
  press(frame(0), "ArrowUp", true);
  for (let i = 0; i < 3; i++) press(frame(0), "ArrowLeft", true);
  press(frame(0), "ArrowUp", true);
  expect(texts("readout")).toEqual(["row 0 col 0 100.0 p100 sink"]);
});

test("only maps that are seen to change are drawn anew", () => {
  const cells = [...one().cells, cell("b", { answer: "x", layers: [layer([1, 2], 1, 2)] })];
  show(comparison(cells), { normalize: "cell" });
  const draw = vi.spyOn(CanvasRenderingContext2D.prototype, "putImageData");
  const other = [cells[0]!, { ...cells[1]!, layers: [layer([2, 1], 1, 2)] }];
  give(comparison(other));
  expect(draw).toHaveBeenCalledTimes(1);
  choose("Colours", "magma");
  expect(draw).toHaveBeenCalledTimes(3);
  choose("Answers", "plain");
  press(frame(0), "+");
  expect(draw).toHaveBeenCalledTimes(3);
  draw.mockRestore();
});
