import { flushSync } from "svelte";
import { expect, test } from "vitest";
import type { Word } from "../src/lib/types";
import {
  all,
  button,
  clean,
  find,
  frame,
  give,
  pixel,
  point,
  press,
  root,
  show,
  tap,
  texts,
} from "./harness.svelte";
import { cell, comparison, layer } from "./values";

/** Words of an answer, split at spaces, with a map of two tokens each. */
function words(answer: string, maps: [number, number][]): Word[] {
  let at = 0;
  return answer.split(" ").map((word, i) => {
    const start = at;
    at += [...word].length + 1;
    return { start, end: start + [...word].length, map: layer(maps[i] ?? [0, 1], 1, 2) };
  });
}

const said = (id: string, answer: string, maps: [number, number][] = []) =>
  cell(id, { answer, words: words(answer, maps), layers: [layer([5, 6], 1, 2)] });
const two = () =>
  comparison([
    said("a", "The star is red", [
      [0, 1],
      [0, 2],
      [0, 3],
      [0, 4],
    ]),
    said("b", "The star is orange", [
      [9, 0],
      [9, 0],
      [9, 0],
      [8, 0],
    ]),
  ]);

const word = (i: number, text: string) =>
  [...all("answer")[i]!.querySelectorAll<HTMLElement>("[data-word]")].find(
    (span) => span.textContent === text,
  )!;
const over = (target: HTMLElement) => {
  target.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  flushSync();
};
const current = () => [...root().querySelectorAll(".current")].map((span) => span.textContent);
const ends = () => texts("low").concat(texts("high"));

test("pointing at a word shows every cell's map for it, and its own word is marked", () => {
  show(two(), { colormap: "grey" });
  over(word(0, "star"));
  expect(current()).toEqual(["star", "star"]);
  expect(ends()).toEqual(["0", "9"]);
  expect(pixel(1, 0, 0)[0]).toBe(255);
  expect(find("footer").textContent).toContain("“star”");
  all("answer")[0]!.dispatchEvent(new PointerEvent("pointerleave"));
  flushSync();
  expect(current()).toEqual([]);
  expect(ends()).toEqual(["5", "6"]);
});

test("a word goes with the one that stands in its place in another answer", () => {
  show(two());
  over(word(0, "red"));
  expect(current()).toEqual(["red", "orange"]);
  expect(ends()).toEqual(["0", "8"]);
});

test("a cell without a word that goes with it says so", () => {
  show(comparison([two().cells[0]!, said("b", "There is no such thing in sight")]));
  over(word(0, "red"));
  expect(frame(1).textContent).toContain("no word here goes with “red”");
  expect(all("map")).toHaveLength(1);
});

test("comma and full stop step through the words of the cell with the focus, and Escape lets go", () => {
  show(two());
  press(frame(1), ".");
  expect(current()).toEqual(["The", "The"]);
  press(frame(1), ".");
  press(frame(1), ".");
  press(frame(1), ".");
  press(frame(1), ".");
  expect(current()).toEqual(["red", "orange"]);
  expect(texts("read")).toEqual(["“orange”, word 4 of 4"]);
  press(frame(1), ",");
  expect(current()).toEqual(["is", "is"]);
  press(frame(1), "Escape");
  expect(current()).toEqual([]);
});

test("a click holds on to a word while the mouse moves on, and the next click lets go", () => {
  show(two());
  tap(word(0, "star"));
  over(word(0, "red"));
  expect(current()).toEqual(["star", "star"]);
  tap(word(0, "star"));
  expect(current()).toEqual([]);
});

test("the crosshair reads the word's map, and the difference is the words'", () => {
  show(two());
  tap(word(0, "star"));
  point(0, 0.9, 0.5);
  expect(texts("readout")).toEqual(["row 0 col 1 2.000 p100", "row 0 col 1 0.000 p50"]);
  tap(button("Difference"));
  expect(ends()).toEqual(["−9", "9"]);
  expect(texts("readout")[1]).toBe("row 0 col 1 −2.000 p50");
});

test("the words grow while an answer streams, and the one held on to stays", () => {
  const grown = two();
  const start = two();
  for (const one of start.cells) {
    one.answer = one.answer.split(" ").slice(0, 2).join(" ");
    one.words = one.words.slice(0, 2);
    one.status = "running";
  }
  show(start);
  tap(word(0, "star"));
  give(grown);
  expect(current()).toEqual(["star", "star"]);
  expect(ends()).toEqual(["0", "9"]);
});

test("spans are counted in code points, and tokens of one character share a span", () => {
  const answer = "🔴 星 red";
  const map = (n: number) => layer([n, 0], 1, 2);
  const spans: Word[] = [
    { start: 0, end: 1, map: map(1) },
    { start: 2, end: 3, map: map(2) },
    { start: 2, end: 3, map: map(6) },
    { start: 4, end: 7, map: map(3) },
  ];
  show(comparison([cell("a", { answer, words: spans })]));
  expect([...root().querySelectorAll("[data-word]")].map((one) => one.textContent)).toEqual([
    "🔴",
    "星",
    "red",
  ]);
  over(word(0, "星"));
  expect(texts("high")).toEqual(["4"]);
});

test("a word's broken map is said in its cell, and the others live", () => {
  const value = two();
  value.cells[1]!.words[0]!.map = { ...value.cells[1]!.words[0]!.map, data: "AAAA" };
  show(value);
  over(word(0, "The"));
  expect(frame(1).textContent).toContain("holds 3 bytes, but its grid needs 8");
  expect(all("map")).toHaveLength(1);
});

test("when the answer is gone, so is the word", () => {
  show(two());
  tap(word(0, "star"));
  give(comparison([cell("a", { layers: [layer([5, 6], 1, 2)] })]));
  expect(current()).toEqual([]);
  expect(ends()).toEqual(["5", "6"]);
});

test("a word pointed at is let go when another answer has another word in its place", () => {
  show(two());
  over(word(0, "star"));
  give(comparison([said("a", "No circle here"), said("b", "None")]));
  expect(current()).toEqual([]);
});

test("a word pointed at is let go when its answer leaves the page", () => {
  show(two());
  over(word(0, "star"));
  press(frame(0), "2");
  press(frame(0), "2");
  expect(ends()).toEqual(["5", "6"]);
  over(word(0, "star"));
  press(frame(0), "t");
  expect(find("footer").textContent).not.toContain("“star”");
});

test("a stopped or failed cell says too that it has no word that goes with it", () => {
  const value = two();
  Object.assign(value.cells[1]!, { words: [], status: "stopped" });
  show(value);
  over(word(0, "star"));
  expect(clean(frame(1))).toContain("no word here goes with “star”");
});
