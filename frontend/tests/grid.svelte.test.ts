import { flushSync } from "svelte";
import { expect, test, vi } from "vitest";
import {
  all,
  at,
  button,
  choose,
  click,
  find,
  frame,
  frames,
  give,
  pixel,
  placed,
  point,
  pointer,
  press,
  root,
  show,
  slide,
  tap,
  text,
  texts,
  told,
  wheel,
} from "./harness.svelte";
import { cell, comparison, layer, tokens } from "./values";

const A = [0, 1, 2, 3, 4, 5];
const B = [10, 8, 6, 4, 2, 0];
const two = () =>
  comparison([
    cell("a", { layers: [layer(A, 2, 3)], tokens: tokens([0, 1, 2, 65535, 4, 5], 2, 3) }),
    cell("b", { layers: [layer(B, 2, 3)] }),
  ]);

/** What a browser sends for two clicks in one place. */
function doubleClick(i: number, x: number, y: number) {
  click(i, x, y, 1);
  click(i, x, y, 2);
  frame(i).dispatchEvent(new MouseEvent("dblclick", { ...at(i, x, y), detail: 2 }));
  flushSync();
}

test("each token is one pixel of the map, coloured on the scale of all cells", () => {
  show(two(), { colormap: "grey" });
  expect(pixel(0, 0, 0)).toEqual([0, 0, 0, 255]);
  expect(pixel(1, 0, 0)).toEqual([255, 255, 255, 255]);
  expect(pixel(0, 2, 1)).toEqual([128, 128, 128, 255]);
  expect(texts("low").concat(texts("high"))).toEqual(["0", "10"]);
});

test("a scale per cell gives each its own ends", () => {
  show(two(), { colormap: "grey", normalize: "cell" });
  expect(pixel(0, 2, 1)).toEqual([255, 255, 255, 255]);
});

test("a dropped token is hatched and has no colour of the scale, until tokens are not shown", () => {
  show(two(), { colormap: "grey" });
  expect(pixel(0, 0, 1)[3]).toBe(0);
  expect(all("dropped")).toHaveLength(1);
  expect(texts("kept")).toEqual(["5 of 6 (83 %)"]);
  tap(button("Tokens"));
  expect(pixel(0, 0, 1)[3]).toBe(255);
  expect(all("dropped")).toHaveLength(0);
});

test("the crosshair in one cell reads every cell's own value", () => {
  show(two());
  point(1, 0.5, 0.75);
  expect(texts("readout")).toEqual(["row 1 col 1 4.000 p83 kept", "row 1 col 1 2.000 p33"]);
});

test("cells with another token grid read the same point on theirs", () => {
  const fine = Array.from({ length: 24 }, (_, i) => i);
  show(
    comparison([
      cell("a", { layers: [layer(A, 2, 3)] }),
      cell("b", { layers: [layer(fine, 4, 6)] }),
    ]),
  );
  point(0, 0.9, 0.9);
  expect(texts("readout")).toEqual(["row 1 col 2 5.000 p100", "row 3 col 5 23.000 p100"]);
});

test("zooming in one cell zooms all about the same point", () => {
  show(two());
  expect(wheel(0, -100, true)).toBe(true);
  const zoom = Math.exp(0.3);
  expect(texts("zoom")).toEqual([`${zoom.toFixed(1)}×`]);
  const [first, second] = placed();
  expect(second).toBe(first);
  const matrix = new DOMMatrix(first);
  const width = frame(0).clientWidth;
  expect(matrix.a).toBeCloseTo(zoom, 3);
  expect(matrix.e + 0.25 * width * zoom).toBeCloseTo(0.25 * width, 0);
});

test("a plain wheel is left to the page, and a hint says what zooms", () => {
  show(two());
  expect(wheel(0, -100, false)).toBe(false);
  expect(texts("zoom")).toEqual(["1.0×"]);
  expect(frame(0).textContent).toContain("wheel zooms");
});

test("keys pan, zoom and reset while the focus is inside, and only then", () => {
  show(two());
  press(document.body, "+");
  expect(texts("zoom")).toEqual(["1.0×"]);
  press(frame(0), "+");
  expect(texts("zoom")).toEqual(["1.5×"]);
  const before = placed()[1];
  press(frame(0), "ArrowRight");
  expect(placed()[1]).not.toBe(before);
  press(frame(0), "0");
  expect(texts("zoom")).toEqual(["1.0×"]);
});

test("Shift with an arrow steps the crosshair over the tokens, and Enter tells where it is", () => {
  show(two());
  press(frame(1), "ArrowRight", true);
  press(frame(1), "ArrowRight", true);
  expect(texts("readout")[1]).toBe("row 1 col 2 0.000 p17");
  press(frame(1), "Enter");
  expect(told.select).toHaveBeenCalledExactlyOnceWith({ cell: "b", row: 1, col: 2, value: 0 });
});

test.each(["Enter", " "])("%j pins the crosshair where the mouse left it, and tells it", (key) => {
  show(two());
  point(0, 0.9, 0.1);
  press(frame(1), key);
  expect(told.select).toHaveBeenCalledExactlyOnceWith({ cell: "b", row: 0, col: 2, value: 6 });
  point(0, 0.1, 0.9);
  expect(texts("readout")[1]).toMatch(/^row 0 col 2/);
});

test("a click pins the crosshair and tells the token; a click on the same token lets go", () => {
  show(two());
  click(0, 0.1, 0.1);
  point(1, 0.9, 0.9);
  expect(texts("readout")[0]).toMatch(/^row 0 col 0/);
  vi.runAllTimers();
  expect(told.select).toHaveBeenCalledExactlyOnceWith({ cell: "a", row: 0, col: 0, value: 0 });
  click(1, 0.1, 0.1);
  vi.runAllTimers();
  expect(texts("readout")).toEqual([]);
  expect(told.select).toHaveBeenCalledOnce();
});

test("two clicks in haste on two tokens tell both", () => {
  show(two());
  click(0, 0.1, 0.1);
  click(0, 0.9, 0.1);
  vi.runAllTimers();
  expect(told.select.mock.calls.map(([{ col }]) => col)).toEqual([0, 2]);
});

test("a double click only zooms: it tells no token and leaves the pin as it was", async () => {
  show(two());
  doubleClick(0, 0.5, 0.9);
  point(0, 0.9, 0.1);
  expect(texts("readout")[0]).toMatch(/^row 0 col 2/);
  click(0, 0.9, 0.1);
  vi.runAllTimers();
  told.select.mockClear();
  doubleClick(1, 0.1, 0.9);
  doubleClick(1, 0.9, 0.1);
  vi.runAllTimers();
  expect(texts("zoom")).toEqual(["8.0×"]);
  expect(told.select).not.toHaveBeenCalled();
  await frames(1);
  expect(texts("readout")[0]).toMatch(/^row 0 col 2/);
  press(frame(0), "0");
  point(0, 0.1, 0.9);
  await frames(1);
  expect(texts("readout")[0]).toMatch(/^row 0 col 2/);
});

test("a press that leaves the picture at once and ends outside never drags it", () => {
  show(two());
  const before = placed()[0];
  for (const [ends, buttons] of [
    [null, 0],
    [document.body, 1],
  ] as const) {
    pointer(frame(0), "pointerdown", at(0, 0.01, 0.5), 1);
    if (ends) pointer(ends, "pointerup", at(0, -0.1, 0.5), 0);
    pointer(frame(0), "pointermove", at(0, 0.9, 0.5), buttons);
    flushSync();
    expect(placed()[0]).toBe(before);
    expect(texts("readout")[0]).toMatch(/^row 1 col 2/);
  }
});

test("text that streams in redraws no map, remounts nothing and keeps the view", () => {
  show(two());
  wheel(0, -100, true);
  const canvases = all("map");
  const draw = vi.spyOn(CanvasRenderingContext2D.prototype, "putImageData");
  for (const answer of ["The", "The star", "The star is red."]) {
    const value = two();
    value.cells[0]!.answer = answer;
    give(value);
  }
  expect(texts("answer")).toEqual(["The star is red."]);
  expect(draw).not.toHaveBeenCalled();
  expect(all("map")).toEqual(canvases);
  expect(texts("zoom")).toEqual(["1.3×"]);
  draw.mockRestore();
});

test("while a word is held on to, text that streams in redraws no map either", () => {
  const value = (answer: string) => {
    const words = [{ start: 0, end: 3, map: layer(A, 2, 3) }];
    return comparison(
      ["a", "b"].map((id) => cell(id, { answer, words, layers: [layer(B, 2, 3)] })),
    );
  };
  show(value("The"));
  press(frame(0), ".");
  const draw = vi.spyOn(CanvasRenderingContext2D.prototype, "putImageData");
  for (const answer of ["The star", "The star is red."]) give(value(answer));
  expect(draw).not.toHaveBeenCalled();
  draw.mockRestore();
});

test("a map that changes is redrawn in its own cell only", () => {
  show(two(), { normalize: "cell" });
  const draw = vi.spyOn(CanvasRenderingContext2D.prototype, "putImageData");
  const value = two();
  value.cells[1]!.layers = [layer([...B].reverse(), 2, 3)];
  give(value);
  expect(draw).toHaveBeenCalledOnce();
  draw.mockRestore();
});

test("what the person chose outlives the next value; what Python newly asks for is taken", () => {
  show(two(), { colormap: "magma" });
  const colours = find<HTMLSelectElement>('select[aria-label="Colours"]');
  expect(colours.value).toBe("magma");
  choose("Colours", "cividis");
  give(two());
  expect(colours.value).toBe("cividis");
  give(comparison(two().cells, { view: { colormap: "inferno", zoom: 4 } }));
  expect(colours.value).toBe("inferno");
  expect(texts("zoom")).toEqual(["4.0×"]);
});

test("opacity is a matter of CSS: no map is redrawn for it", () => {
  show(two(), { opacity: 0.5 });
  const draw = vi.spyOn(CanvasRenderingContext2D.prototype, "putImageData");
  slide("Opacity", 0.25);
  expect(all("map").map((canvas) => canvas.style.opacity)).toEqual(["0.25", "0.25"]);
  expect(draw).not.toHaveBeenCalled();
  draw.mockRestore();
});

test("a diverging layer is drawn around zero, whatever the colours chosen", () => {
  const signed = { ...layer([-1, 0, 4], 1, 3), diverging: true };
  show(comparison([cell("a", { layers: [signed] })]), { colormap: "viridis" });
  expect(texts("low").concat(texts("high"))).toEqual(["−4", "4"]);
});

test("a broken map says what is wrong with it, and the other cells live", () => {
  const broken = { ...layer(A, 2, 3), data: "AAAA" };
  show(comparison([cell("a", { layers: [broken] }), cell("b", { layers: [layer(B, 2, 3)] })]));
  expect(frame(0).textContent).toContain("holds 3 bytes, but its grid needs 24");
  expect(all("map")).toHaveLength(1);
});

test("a failed cell shows its error; waiting, running and stopped are said", () => {
  show(
    comparison([
      cell("a", { status: "failed", error: "No such file." }),
      cell("b", { status: "waiting" }),
      cell("c", { status: "running", answer: "The" }),
      cell("d", { status: "stopped" }),
      cell("e", { correct: false }),
    ]),
  );
  expect(texts("error")).toEqual(["No such file."]);
  expect(texts("verdict").map((text) => text.split(" ").at(-1))).toEqual([
    "failed",
    "waiting",
    "running",
    "stopped",
    "wrong",
  ]);
});

test("an answer is text, never markup", () => {
  show(comparison([cell("a", { answer: "<img src=x onerror=alert(1)>" })]));
  expect(texts("answer")).toEqual(["<img src=x onerror=alert(1)>"]);
  expect(root().querySelector("img")).toBeNull();
});

test("figures stand beside the reference's", () => {
  const metric = {
    key: "s",
    label: "total",
    unit: "s",
    better: "lower",
    digits: 1,
    help: "",
  } as const;
  const cells = [cell("a", { metrics: { s: 2 } }), cell("b", { metrics: { s: 1 } }), cell("c")];
  show(comparison(cells, { metrics: [metric], reference: "b" }));
  const rows = [...root().querySelectorAll("[data-metric]")];
  expect(rows.map((row) => row.textContent!.replace(/\s+/g, " ").trim())).toEqual([
    "total 2.0 s ▼ +100 %",
    "total ★ 1.0 s",
    "total –",
  ]);
});

test("a metric without a better direction shows its value alone", () => {
  const metric = { key: "n", label: "tokens", unit: "", better: null, digits: null, help: "" };
  const cells = [cell("a", { metrics: { n: 2 } }), cell("b", { metrics: { n: 1 } })];
  show(comparison(cells, { metrics: [metric] }));
  const rows = [...root().querySelectorAll<HTMLElement>("[data-metric]")];
  expect(rows.map((row) => row.innerText.replace(/\s+/g, " ").trim())).toEqual([
    "tokens 2",
    "tokens 1",
  ]);
});

test("pictures, answers and figures line up across the cells of a row", () => {
  const metric = { key: "s", label: "total", unit: "s", better: null, digits: 1, help: "" };
  const cells = [
    cell("a", { title: "A", answer: "Short.", metrics: { s: 1 } }),
    cell("b", { title: "A long title ".repeat(8), answer: "Long. ".repeat(60), metrics: { s: 1 } }),
  ];
  show(comparison(cells, { metrics: [metric] }));
  for (const id of ['[data-testid="picture"]', "[data-metric]"]) {
    const tops = [...root().querySelectorAll(id)].map((e) => e.getBoundingClientRect().top);
    expect(tops[1]).toBeCloseTo(tops[0]!, 0);
  }
});

test("no cells, two cells of one id, sixteen cells and odd grids take nothing down", () => {
  show(comparison([]));
  expect(text()).toContain("Nothing to compare yet");
  const odd = [
    [1, 1],
    [64, 64],
    [3, 200],
  ].map(([rows, cols]) =>
    cell("odd", { layers: [layer(Array(rows! * cols!).fill(1), rows!, cols!)] }),
  );
  give(comparison(odd));
  expect(all("map")).toHaveLength(3);
  give(comparison(Array.from({ length: 16 }, (_, i) => cell(`cell ${i}`))));
  expect(all("cell")).toHaveLength(16);
});

test("the readouts of many cells are written in turn, and each soon tells the crosshair's place", async () => {
  show(comparison([..."abcdefgh"].map((id) => cell(id, { layers: [layer(A, 2, 3)] }))));
  point(3, 0.1, 0.1);
  point(3, 0.9, 0.9);
  await frames(4);
  expect(texts("readout").map((text) => text.slice(0, 11))).toEqual(Array(8).fill("row 1 col 2"));
});
