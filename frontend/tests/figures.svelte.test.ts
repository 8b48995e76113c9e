import { expect, test } from "vitest";
import type { Metric } from "../src/lib/types";
import { all, button, choose, clean, frame, give, press, root, show, tap } from "./harness.svelte";
import { cell, comparison } from "./values";

const metric = (key: string, rest: Partial<Metric> = {}): Metric => ({
  key,
  label: key,
  unit: "",
  better: "lower",
  digits: 1,
  help: "",
  ...rest,
});
const METRICS = [metric("s", { unit: "s" }), metric("score", { better: "higher", digits: 0 })];
const three = (rest = {}) =>
  comparison(
    [
      cell("a", { metrics: { s: 2, score: 50 } }),
      cell("b", { metrics: { s: 1, score: 40 } }),
      cell("c", { metrics: { s: { value: 4, low: 3.5, high: 5, n: 7 } } }),
    ],
    { metrics: METRICS, ...rest },
  );
const rows = (key: string) =>
  [...root().querySelectorAll(`[data-metric="${key}"]`)].map((row) => clean(row));
const ids = () =>
  all("cell")
    .map((one) => one.dataset.cell)
    .join("");

test("a difference is told by sign, arrow and word, and the best is marked", () => {
  show(three());
  expect(rows("s")).toEqual(["s 2.0 s", "s ★ 1.0 s ▲ −50 %", "s 4.0 s 3.5–5.0 s, n 7 ▼ +100 %"]);
  expect(rows("score")).toEqual(["score ★ 50", "score 40 ▼ −20 %", "score –"]);
});

test("a click on a difference goes through percent, ratio and the unit, for all", () => {
  show(three());
  const differences = () =>
    [...root().querySelectorAll<HTMLButtonElement>("[data-metric=s] .change button")].map(clean);
  tap(button("▲ −50 %"));
  expect(differences()).toEqual(["▲ ×0.50", "▼ ×2.00"]);
  tap(button("▲ ×0.50"));
  expect(differences()).toEqual(["▲ −1.0 s", "▼ +2.0 s"]);
  tap(button("▲ −1.0 s"));
  expect(differences()).toEqual(["▲ −50 %", "▼ +100 %"]);
});

test("cells are sorted by a metric, the best first, those without it last", () => {
  show(three());
  choose("Sort", "s");
  expect(ids()).toBe("bac");
  choose("Sort", "score");
  expect(ids()).toBe("abc");
  const value = three();
  value.cells[1]!.metrics = { s: 1, score: 99 };
  give(value);
  expect(ids()).toBe("bac");
  choose("Sort", "");
  expect(ids()).toBe("abc");
});

test("a sorted cell that is moved leaves the rest as they stand, and the order is the person's", () => {
  show(three());
  choose("Sort", "s");
  tap(button("Arrange c"));
  tap(button("Move left"));
  expect(ids()).toBe("bca");
  expect(root().querySelector<HTMLSelectElement>('select[aria-label="Sort"]')!.value).toBe("");
});

test("sorting moves no reference: it is the one that was leftmost at first", () => {
  show(three());
  choose("Sort", "s");
  expect(rows("s")[0]).toContain("−50 %");
  press(frame(0), "r");
  expect(rows("s")[0]).toBe("s ★ 1.0 s");
});

test("a value can ask for the order, what is hidden, the sorting and how differences are told", () => {
  show(three({ view: { order: ["c", "a"], hidden: ["b"], deltas: "absolute" } }));
  expect(ids()).toBe("ca");
  expect(rows("s")[1]).toContain("−2.0 s");
  give(three({ view: { sort: "s", hidden: [] } }));
  expect(ids()).toBe("bac");
});

test("a spread in one cell leaves room for it in every cell", () => {
  show(three());
  const tops = [...root().querySelectorAll("[data-metric=score]")].map(
    (row) => row.getBoundingClientRect().top,
  );
  expect(new Set(tops.map(Math.round)).size).toBe(1);
});

test("a long unit, figure or difference is cut within its own cell", () => {
  const metrics = [metric("s", { unit: "kilowatt hours per million image tokens" })];
  show(
    comparison(
      ["a", "b"].map((id, i) => cell(id, { metrics: { s: 1e15 + i * 1e14 } })),
      { metrics, view: { deltas: "absolute" } },
    ),
  );
  for (const one of root().querySelectorAll<HTMLElement>("[data-metric] > *")) {
    const cell = one.closest("article")!.getBoundingClientRect();
    expect(one.getBoundingClientRect().right).toBeLessThanOrEqual(cell.right);
    if (one.scrollWidth > one.clientWidth + 1) {
      expect(getComputedStyle(one).overflow).toBe("hidden");
    }
  }
});

test("when the metric that sorts is gone, the cells stand as they were placed, and so it says", () => {
  show(three({ view: { sort: "s" } }));
  give(three({ metrics: [METRICS[1]!] }));
  expect(ids()).toBe("abc");
  expect(root().querySelector<HTMLSelectElement>("select[aria-label=Sort]")!.value).toBe("");
});
