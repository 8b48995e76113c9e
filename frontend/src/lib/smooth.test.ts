import { expect, test } from "vitest";
import { smoothed, smoothFactor } from "./smooth";

test("between the middles of two tokens the place runs straight from one to the other", () => {
  // Two tokens of four pixels: middles at 2 and 6, pixels at 0.5, 1.5, … 7.5.
  const row = [...smoothed(Float32Array.of(0, 1), 1, 2, 4)].slice(0, 8);
  expect(row).toEqual([0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1]);
});

test("what has no value takes no part, and stays without one", () => {
  const row = [...smoothed(Float32Array.of(NaN, 0.5), 1, 2, 4)].slice(0, 8);
  expect(row).toEqual([NaN, NaN, NaN, NaN, 0.5, 0.5, 0.5, 0.5]);
});

test("down and across are the same", () => {
  const places = Float32Array.of(0, 1, 0.25, 0.75);
  const turned = Float32Array.of(0, 0.25, 1, 0.75);
  const [a, b] = [smoothed(places, 2, 2, 3), smoothed(turned, 2, 2, 3)];
  for (let y = 0; y < 6; y++) {
    for (let x = 0; x < 6; x++) expect(a[y * 6 + x]).toBeCloseTo(b[x * 6 + y]!, 6);
  }
});

test("the middle pixel of a token keeps its value", () => {
  const fine = smoothed(Float32Array.of(0.2, 0.9, 0.4), 1, 3, 3);
  expect([fine[1], fine[4], fine[7]].map((x) => x!.toFixed(3))).toEqual([
    "0.200",
    "0.900",
    "0.400",
  ]);
});

test("a large map is drawn no finer than it needs", () => {
  expect(smoothFactor(9, 12)).toBe(12);
  expect(smoothFactor(64, 64)).toBe(3);
  expect(smoothFactor(3, 200)).toBe(1);
});
