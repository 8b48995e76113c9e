import { expect, test } from "vitest";
import { overlaps, resample } from "./resample";

const of = (...values: number[]) => Float32Array.of(...values);

test("two values become their mean", () => {
  expect(resample(of(1, 3), 1, 2, 1, 1)).toEqual(of(2));
  expect(resample(of(1, 3), 2, 1, 1, 1)).toEqual(of(2));
});

test("of three values each half takes one and a half", () => {
  // (1 + 4/2) / 1.5 = 2 and (4/2 + 10) / 1.5 = 8
  expect(resample(of(1, 4, 10), 1, 3, 1, 2)).toEqual(of(2, 8));
});

test("of two values the middle third is half of each", () => {
  expect(resample(of(1, 3), 1, 2, 1, 3)).toEqual(of(1, 2, 3));
});

test("rows and columns are weighted together", () => {
  // columns 3 → 2: [2, 8] and [5, 11]; rows 2 → 3: the middle row is the mean of both
  expect(resample(of(1, 4, 10, 4, 7, 13), 2, 3, 3, 2)).toEqual(of(2, 8, 3.5, 9.5, 5, 11));
});

test("the same size gives an equal copy", () => {
  const values = of(0.1, NaN, -2.5, 1e-20, 3.4e38, 7);
  const copy = resample(values, 2, 3, 2, 3);
  expect(copy).toEqual(values);
  expect(copy).not.toBe(values);
});

test("no value is left out of the mean, and alone it stays no value", () => {
  // the first half: 1 with weight 1, its half of the middle missing; the second: 10 alone
  expect(resample(of(1, NaN, 10), 1, 3, 1, 2)).toEqual(of(1, 10));
  expect(resample(of(NaN, NaN, 4), 1, 3, 1, 3)).toEqual(of(NaN, NaN, 4));
  expect(resample(of(NaN, 4), 1, 2, 1, 3)).toEqual(of(NaN, 4, 4));
});

test.each([
  [9, 12, 16, 16],
  [24, 24, 7, 10],
  [5, 3, 5, 8],
])("from %i×%i to %i×%i the mean stays", (rows, cols, toRows, toCols) => {
  const values = Float32Array.from({ length: rows * cols }, (_, i) => ((i * 7919) % 101) / 100);
  const mean = (all: Float32Array) => all.reduce((sum, value) => sum + value, 0) / all.length;
  expect(mean(resample(values, rows, cols, toRows, toCols))).toBeCloseTo(mean(values), 6);
});

test("the overlaps cover every piece of both lines exactly", () => {
  const from = Array(7).fill(0);
  const to = overlaps(7, 12).map((pieces) =>
    pieces.reduce((sum, { index, weight }) => ((from[index] += weight), sum + weight), 0),
  );
  expect(to).toEqual(Array(12).fill(7));
  expect(from).toEqual(Array(7).fill(12));
});
