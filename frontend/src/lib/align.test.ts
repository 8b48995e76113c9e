import { expect, test } from "vitest";
import { align } from "./align";

/** The pairs of unlike words, and the words without a partner. */
function told(a: string, b: string): string[] {
  const [one, other] = [a.split(" "), b.split(" ")];
  return align(one, other).flatMap((j, i) =>
    j === null ? [`${one[i]} ↔ nothing`] : one[i] === other[j] ? [] : [`${one[i]} ↔ ${other[j]}`],
  );
}

test("a word is aligned with the one in its place", () => {
  expect(align("The star is red .".split(" "), "The star is orange .".split(" "))).toEqual([
    0, 1, 2, 3, 4,
  ]);
  expect(told("The star is red .", "The star is orange .")).toEqual(["red ↔ orange"]);
});

test("a word without a place in the other answer has no partner", () => {
  expect(told("The star is red .", "There is no star .")).toContain("red ↔ nothing");
});

test("runs of the same length are paired one to one, others not", () => {
  expect(told("a big red star", "a small blue star")).toEqual(["big ↔ small", "red ↔ blue"]);
  expect(told("a big red star", "a blue star")).toEqual(["big ↔ nothing", "red ↔ nothing"]);
});

test("case and the punctuation around a word do not count", () => {
  expect(told("«Étoile» ROUGE", "étoile, rouge!")).toEqual([
    "«Étoile» ↔ étoile,",
    "ROUGE ↔ rouge!",
  ]);
  expect(align(["star.", "red"], ["big", "Star"])).toEqual([1, null]);
  expect(align(["「星」は"], ["いい", "星」は"])).toEqual([1]);
});

test("punctuation is the partner of punctuation only", () => {
  expect(told("star red", "star .")).toEqual(["red ↔ nothing"]);
  expect(told("star !", "star .")).toEqual(["! ↔ ."]);
  expect(told("red , x y", "blue z x y")).toEqual(["red ↔ blue", ", ↔ nothing"]);
});

test("an emoji is a word", () => {
  expect(told("star 😀", "star red")).toEqual(["😀 ↔ red"]);
});

test("words that are said again keep their order: one beyond an anchor is no partner", () => {
  expect(align(["x", "a", "b", "c"], ["a", "b", "c", "x", "x"])).toEqual([null, 0, 1, 2]);
});

test("an empty answer has no partners to give", () => {
  expect(align(["a", "b"], [])).toEqual([null, null]);
  expect(align([], ["a"])).toEqual([]);
});

test("answers too unlike are aligned by the first, the second … of each equal word", () => {
  const a = ["star", ...Array.from({ length: 3000 }, (_, i) => `a${i}`), "star", "red", "star"];
  const b = ["red", "Star", ...Array.from({ length: 3000 }, (_, i) => `b${i}`), "star"];
  const before = performance.now();
  const partners = align(a, b);
  expect(performance.now() - before).toBeLessThan(1000);
  expect(partners[0]).toBe(1);
  expect(partners.slice(1, 3001).every((j) => j === null)).toBe(true);
  expect(partners.slice(3001)).toEqual([3002, 0, null]);
});

test("a word that each answer says once goes with itself, wherever it stands", () => {
  const [a, b] = ["The star is red".split(" "), "There is no star".split(" ")];
  expect(align(a, b)).toEqual([null, 3, 1, null]);
  expect(align("a star and a star is".split(" "), "is star".split(" "))[1]).toBeNull();
});
