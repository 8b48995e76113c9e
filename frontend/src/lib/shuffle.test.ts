import { expect, test } from "vitest";
import { fnv1a, seededOrder } from "./shuffle";

test("the order is a permutation, also of one and of nothing", () => {
  expect(seededOrder(50, "a").sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
  expect(seededOrder(1, "a")).toEqual([0]);
  expect(seededOrder(0, "a")).toEqual([]);
});

test.each([
  // From the same algorithms written in Python, whose mulberry32 begins 1144304738 for the seed 0.
  [8, "study 1", [7, 5, 6, 2, 3, 4, 1, 0]],
  [8, "study 2", [2, 4, 6, 5, 0, 7, 3, 1]],
  [5, "Zürich 😀", [3, 4, 0, 1, 2]],
])("%i in the order of the seed %j are the same everywhere", (count, seed, order) => {
  expect(seededOrder(count, seed)).toEqual(order);
});

test.each([
  // draft-eastlake-fnv, test vectors
  ["", 0x811c9dc5],
  ["a", 0xe40c292c],
  ["foobar", 0xbf9cf968],
])("the hash of %j is FNV-1a's", (text, hash) => {
  expect(fnv1a(text)).toBe(hash);
});

test("over many seeds all six orders of three come up about equally", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = seededOrder(3, `question ${i}`).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  const chi = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
  // 99.9 % of chi-square with five degrees of freedom lies below.
  expect(chi).toBeLessThan(20.515);
});
