import { flushSync } from "svelte";
import { expect, test } from "vitest";
import { grow, live } from "../src/core/live.svelte";
import type { Comparison } from "../src/lib/types";
import { all, press, show, texts } from "./harness.svelte";
import { cell, comparison } from "./values";

const answering = (...answers: string[]) =>
  comparison(answers.map((answer, i) => cell("abcdef"[i]!, { answer, status: "running" })));

test("an answer that grows is written on, in the cell and in the table, and goes into what is kept", () => {
  const shown = live(answering("The", ""));
  show(shown);
  const before = all("answer")[0];
  expect(grow(shown, answering("The star", "A"))).toBe(true);
  flushSync();
  expect(texts("answer")).toEqual(["The star", "A"]);
  expect(all("answer")[0]).toBe(before);
  press(all("picture")[0]!, "t");
  expect(grow(shown, answering("The star is", "A red"))).toBe(true);
  flushSync();
  expect(all("table")[0]!.textContent).toContain("The star is");
  expect(JSON.parse(JSON.stringify(shown)).cells[1].answer).toBe("A red");
  expect({ ...shown }.cells.map((one) => ({ ...one }).answer)).toEqual(["The star is", "A red"]);
});

test.each<[string, (value: Comparison) => void]>([
  ["a status", (value) => (value.cells[1]!.status = "done")],
  ["a figure", (value) => (value.cells[1]!.metrics = { seconds: 1 })],
  ["a warning", (value) => value.cells[0]!.warnings.push("hardly looks at the question")],
  ["a cell more", (value) => value.cells.push(cell("z"))],
  ["a cell less", (value) => value.cells.pop()],
  ["the question", (value) => (value.query = "Another?")],
  ["how it is looked at", (value) => (value.view = { zoom: 2 })],
])("a value that differs in %s is another one: nothing of it is taken", (_, change) => {
  const shown = live(answering("The", ""));
  const next = answering("The star", "A");
  change(next);
  expect(grow(shown, next)).toBe(false);
  expect(shown.cells.map(({ answer }) => answer)).toEqual(["The", ""]);
});

test("what became of the value that it was copied from changes nothing", () => {
  const value = answering("The");
  const shown = live(value);
  value.cells[0]!.answer = "Else";
  value.cells[0]!.warnings.push("Else");
  expect(JSON.stringify(shown)).toBe(JSON.stringify(answering("The")));
});

test.each([[{}], [{ cells: null }], [{ cells: [null, 1] }], [{ cells: "abc" }]])(
  "whatever stands for the value is left as it is: %j",
  (nonsense) => {
    const shown = live(nonsense as unknown as Comparison);
    expect(JSON.stringify(shown)).toBe(JSON.stringify(nonsense));
    expect(grow(shown, answering("The"))).toBe(false);
    expect(grow(live(answering("The")), nonsense as unknown as Comparison)).toBe(false);
  },
);
