import { expect, test } from "vitest";
import { unitOffsets, wordSpans } from "./spans";

function spans(answer: string, ...words: [start: number, end: number][]) {
  return wordSpans(
    answer,
    words.map(([start, end]) => ({ start, end })),
  );
}

test("a character outside the basic plane is one code point and two units", () => {
  expect([...unitOffsets("a😀b")]).toEqual([0, 1, 3, 4]);
  expect([...unitOffsets("")]).toEqual([0]);
});

test("half a surrogate pair is a code point of its own, as in Python", () => {
  expect([...unitOffsets("\ud83da")]).toEqual([0, 1, 2]);
});

test("words after an emoji are found where they are, without their leading space", () => {
  // In Python answer[3:7] is " red" and answer[11:16] " star"; the astronaut is three code points.
  const answer = "😀 a red 👩‍🚀 star";
  expect(spans(answer, [3, 7], [11, 16])).toEqual([
    { start: 5, end: 8, text: "red", members: [0] },
    { start: 15, end: 19, text: "star", members: [1] },
  ]);
});

test("spans come in the answer's order, and name the words they are of", () => {
  expect(spans("one two", [3, 7], [0, 3])).toEqual([
    { start: 0, end: 3, text: "one", members: [1] },
    { start: 4, end: 7, text: "two", members: [0] },
  ]);
});

test("the tokens of one character share its span, also one with the space before it", () => {
  expect(spans("a 😀", [1, 3], [2, 3], [2, 3])).toEqual([
    { start: 2, end: 4, text: "😀", members: [0, 1, 2] },
  ]);
});

test("empty spans, white space and what reaches beyond the answer are left out", () => {
  expect(spans("a b", [0, 0], [1, 2], [2, 4], [3, 3], [7, 9], [2, 1])).toEqual([]);
});

test("a word that overlaps an earlier one begins where that one ends", () => {
  expect(spans("ab cd", [0, 2], [1, 5], [1, 5])).toEqual([
    { start: 0, end: 2, text: "ab", members: [0] },
    { start: 3, end: 5, text: "cd", members: [1, 2] },
  ]);
});

test("a word that holds others whole is left out: they stay what can be pointed at", () => {
  expect(spans("one two six", [0, 11], [0, 3], [4, 7], [4, 11])).toEqual([
    { start: 0, end: 3, text: "one", members: [1] },
    { start: 4, end: 7, text: "two", members: [2] },
  ]);
});

test("a hundred thousand characters with a span each take no noticeable time", () => {
  const answer = "😀a".repeat(50_000);
  const words = Array.from({ length: 100_000 }, (_, i) => ({ start: i, end: i + 1 }));
  const before = performance.now();
  const found = wordSpans(answer, words);
  expect(performance.now() - before).toBeLessThan(1000);
  expect(found).toHaveLength(100_000);
  expect(found.at(-1)).toEqual({ start: 149_999, end: 150_000, text: "a", members: [99_999] });
});
