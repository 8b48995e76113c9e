import { expect, test } from "vitest";
import { extent, percentiles, positions, symmetric, union } from "./scale";

const values = Float32Array.of(4, NaN, 1, 2, 2);

test("the extent leaves out what has no value, and the sinks", () => {
  expect(extent(values)).toEqual([1, 4]);
  expect(extent(values, Uint8Array.of(1, 0, 0, 0, 0))).toEqual([1, 2]);
  expect(extent(Float32Array.of(NaN))).toBeNull();
});

test("the shared range holds every cell's, and cells without one do not count", () => {
  expect(union([[0, 2], null, [-3, 1]])).toEqual([-3, 2]);
  expect(union([null])).toBeNull();
});

test("a diverging range has zero in its middle", () => {
  expect(symmetric([-1, 4])).toEqual([-4, 4]);
  expect(symmetric([-5, -1])).toEqual([-5, 5]);
});

test("positions run from 0 at the low end to 1 at the high end and stop there", () => {
  expect([...positions(Float32Array.of(0, 1, 2, 3, 9, NaN), [1, 3])]).toEqual([
    0,
    0,
    0.5,
    1,
    1,
    NaN,
  ]);
});

test("a map of one value lies in the middle of the scale", () => {
  expect([...positions(Float32Array.of(7, 7), [7, 7])]).toEqual([0.5, 0.5]);
});

test("a percentile is the share of values that are not above; ties share it", () => {
  expect([...percentiles(values)]).toEqual([1, NaN, 0.25, 0.75, 0.75]);
});

test("percentiles agree with counting one by one", () => {
  const many = Float32Array.from({ length: 300 }, (_, i) => ((i * 7919) % 101) / 10);
  const counted = many.map((v) => many.filter((other) => other <= v).length / many.length);
  expect(percentiles(many)).toEqual(counted);
});
