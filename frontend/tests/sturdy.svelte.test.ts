/** No value takes the page down. */

import { expect, test } from "vitest";
import type { Cell, Comparison } from "../src/lib/types";
import {
  all,
  button,
  frame,
  give,
  point,
  press,
  root,
  show,
  tap,
  text,
  texts,
} from "./harness.svelte";
import { cell, comparison, layer, tokens } from "./values";

const map = layer([0, 1, 2, 3, 4, 5], 2, 3);
const sound = () => cell("sound", { answer: "fine", layers: [map] });

/** Everything a person may do, on whatever is there. */
function doEverything(): void {
  for (const key of ["+", "d", "s", ".", "r", "l", "t", "t", "ArrowLeft", "b", "0"]) {
    const target = all("picture")[0] ?? root().querySelector<HTMLElement>("section")!;
    press(target, key);
  }
  if (all("picture").length) point(0, 0.5, 0.5);
}

test.each<[string, Partial<Cell>, string]>([
  ["base64 that is none", { layers: [{ ...map, data: "%%%" }] }, "The map is not base64."],
  ["a map of another size", { layers: [{ ...map, data: "AAAA" }] }, "holds 3 bytes"],
  [
    "a type that nobody knows",
    { layers: [{ ...map, dtype: "int4" as "uint8" }] },
    "unknown type int4",
  ],
  [
    "sinks of another size",
    { layers: [{ ...map, sinks: "AAAA" }] },
    "The sinks mask holds 3 bytes",
  ],
  [
    "tokens of another size",
    { layers: [map], tokens: { rows: 2, cols: 3, assign: "AAAA" } },
    "The token assignment holds 3 bytes",
  ],
])("%s is said in its cell, and the others live", (_, broken, sentence) => {
  show(comparison([sound(), cell("broken", broken)]));
  expect(frame(1).textContent).toContain(sentence);
  expect(all("map").length).toBeGreaterThan(0);
  doEverything();
  expect(all("cell")).toHaveLength(2);
});

test.each([
  [1, 1],
  [64, 64],
  [3, 200],
])("a map of %d by %d is drawn exactly", (rows, cols) => {
  const numbers = Array.from({ length: rows * cols }, (_, i) => i);
  const kept = tokens(
    numbers.map((i) => (i % 7 === 3 ? 65535 : i)),
    rows,
    cols,
  );
  show(comparison([cell("a", { layers: [layer(numbers, rows, cols)], tokens: kept }), sound()]));
  const canvas = all("map")[0] as HTMLCanvasElement;
  expect([canvas.height, canvas.width]).toEqual([rows, cols]);
  doEverything();
  expect(all("cell")).toHaveLength(2);
});

test.each<[string, Comparison]>([
  ["no cells", comparison([])],
  ["one cell with nothing in it", comparison([cell("a")])],
  [
    "sixteen cells",
    comparison(Array.from({ length: 16 }, (_, i) => cell(`${i}`, { layers: [map] }))),
  ],
  ["no image and no map", comparison([cell("a", { answer: "x" }), cell("b", { answer: "y" })])],
  ["only words", comparison([cell("a", { answer: "ab", words: [{ start: 0, end: 2, map }] })])],
  ["all without a value", comparison([cell("a", { layers: [layer([NaN, NaN], 1, 2)] })])],
  [
    "all dropped",
    comparison([cell("a", { layers: [map], tokens: tokens(Array(6).fill(65535), 2, 3) })]),
  ],
  ["a constant map", comparison([cell("a", { layers: [layer([2, 2], 1, 2)] }), sound()])],
  [
    "spans outside the answer",
    comparison([cell("a", { answer: "a", words: [{ start: 5, end: 9, map }] })]),
  ],
  ["two cells of one id", comparison([sound(), sound()])],
  [
    "metrics named as the table's own rows, and alike",
    comparison([cell("a", { metrics: { answer: 1, x: 2 } })], {
      metrics: ["answer", "x", "y"].map((key) => {
        const label = key === "answer" ? "" : "time";
        return { key, label, unit: "", better: null, digits: null, help: "" };
      }),
    }),
  ],
  ["a reference that is gone", comparison([sound(), cell("b")], { reference: "gone" })],
  [
    "a view of what is not there",
    comparison([sound()], {
      view: { layer: "x", solo: "y", sort: "z", order: ["q"], hidden: ["sound", "w"] },
    }),
  ],
  ["a missing image", comparison([sound()], { image: { url: "/none.png" } })],
  [
    "markup everywhere",
    comparison([cell("<b>", { title: "<i>x", subtitle: "</div>", answer: "<p>" })], {
      query: "<script>",
    }),
  ],
])("%s: nothing breaks, whatever is done", (_, value) => {
  show(value);
  doEverything();
  expect(all("unshowable")).toHaveLength(0);
  give(comparison([sound()]));
  expect(texts("answer")).toEqual(["fine"]);
  give(value);
  doEverything();
  give(comparison([sound(), cell("other")], { view: { hidden: [] } }));
  expect(all("cell")).toHaveLength(2);
  expect(text()).not.toContain("cannot be shown");
});

test("a value that nothing can be made of says so, and the next one is shown", () => {
  show(comparison([null as unknown as Cell, sound()]));
  expect(texts("unshowable")[0]).toContain("This comparison cannot be shown");
  give(comparison([sound()]));
  expect(texts("answer")).toEqual(["fine"]);
  give({ cells: 5 } as unknown as Comparison);
  expect(texts("unshowable")).toHaveLength(1);
});

test("a cell that could not be shown is shown when it is sound again", () => {
  const bad = cell("b", { metrics: null as unknown as Cell["metrics"] });
  const metrics = [{ key: "s", label: "", unit: "", better: null, digits: null, help: "" }];
  show(comparison([sound(), bad], { metrics }));
  give(comparison([sound(), cell("b")], { metrics }));
  expect(all("cell")).toHaveLength(2);
});

test("sixteen cells have numbers up to sixteen, and keys for the first eight", () => {
  show(comparison(Array.from({ length: 16 }, (_, i) => cell(`c${i}`, { layers: [map] }))));
  press(frame(0), "8");
  expect(all("cell").map((one) => one.dataset.cell)).toEqual(["c7"]);
  tap(button("Show all Esc"));
  expect(all("cell")).toHaveLength(16);
});

test("two grids on a page have keys and names of their own", () => {
  show(comparison([sound()]));
  const first = root();
  const names = [...first.querySelectorAll<HTMLInputElement>("input[type=radio]")].map(
    (one) => one.name,
  );
  show(comparison([sound()]));
  const grids = [...first.querySelectorAll<HTMLElement>("[data-testid=grid]")];
  expect(grids).toHaveLength(2);
  const others = [...grids[1]!.querySelectorAll<HTMLInputElement>("input[type=radio]")].map(
    (one) => one.name,
  );
  expect(others.some((name) => names.includes(name))).toBe(false);
  press(grids[1]!.querySelector("[data-testid=picture]")!, "+");
  const zooms = grids.map((grid) => grid.querySelector("[data-testid=zoom]")!.textContent);
  expect(zooms).toEqual(["1.0×", "1.5×"]);
});
