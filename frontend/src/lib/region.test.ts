import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  area,
  boxAround,
  boxBetween,
  inside,
  moved,
  resized,
  weights,
  type Region,
} from "./region";

type Fraction = [of: number, all: number] | null;

interface Vector {
  name: string;
  rows: number;
  cols: number;
  values: (number | null)[];
  sinks?: number[];
  diverging?: boolean;
  assign?: number[];
  region: [number, number, number, number];
  relevance: Fraction;
  kept: Fraction;
  area: Fraction;
}

/** What the Python side is held to as well. */
const VECTORS: Vector[] = JSON.parse(
  readFileSync(new URL("../../../tests/component/regions.json", import.meta.url), "utf8"),
);

function expectShare(share: number | null, fraction: Fraction): void {
  if (fraction) expect(share).toBeCloseTo(fraction[0] / fraction[1], 7);
  else expect(share).toBeNull();
}

test.each(VECTORS)("the shares are those that Python tells: $name", (vector) => {
  const { rows, cols, region } = vector;
  const values = Float32Array.from(vector.values, (value) => value ?? NaN);
  const skip = vector.sinks ? Uint8Array.from(vector.sinks) : null;
  const counted = weights(values, vector.diverging ?? false, skip);
  expectShare(inside(counted, rows, cols, region), vector.relevance);
  const kept = vector.assign && Uint8Array.from(vector.assign, (by, i) => (by === i ? 1 : 0));
  expectShare(kept ? inside(kept, rows, cols, region) : null, vector.kept);
  expectShare(area(region), vector.area);
});

test("the shares of boxes that tile the picture add up to all of it", () => {
  const values = Float32Array.from({ length: 35 }, (_, i) => (i * 37) % 11);
  const cuts = [0, 0.13, 0.5, 0.77, 1];
  let sum = 0;
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      sum += inside(values, 5, 7, [cuts[i]!, cuts[j]!, cuts[i + 1]!, cuts[j + 1]!])!;
    }
  }
  expect(sum).toBeCloseTo(1, 12);
});

test("a box lies between two corners, whichever comes first, and ends where the picture does", () => {
  expect(boxBetween({ x: 0.75, y: 0.25 }, { x: 0.5, y: 0.5 })).toEqual([0.5, 0.25, 0.75, 0.5]);
  expect(boxBetween({ x: 0.5, y: 0.5 }, { x: 3, y: -1 })).toEqual([0.5, 0, 1, 0.5]);
});

test("without an area there is no box", () => {
  expect(boxBetween({ x: 0.5, y: 0.25 }, { x: 0.5, y: 0.75 })).toBeNull();
  expect(boxBetween({ x: 1.5, y: 0.25 }, { x: 2, y: 0.75 })).toBeNull();
});

test("a box around a point at the edge is as large as any, and lies within the picture", () => {
  expect(boxAround({ x: 0.5, y: 0.5 }, 0.25)).toEqual([0.375, 0.375, 0.625, 0.625]);
  expect(boxAround({ x: 0, y: 1 }, 0.25)).toEqual([0, 0.75, 0.25, 1]);
});

test("a box that is moved keeps its size and stops at the edges", () => {
  const box: Region = [0.25, 0.25, 0.5, 0.75];
  expect(moved(box, 0.125, -0.125)).toEqual([0.375, 0.125, 0.625, 0.625]);
  expect(moved(box, 9, 9)).toEqual([0.75, 0.5, 1, 1]);
  expect(moved(box, -9, -9)).toEqual([0, 0, 0.25, 0.5]);
});

test("a box is resized at its lower right corner, never to nothing", () => {
  const box: Region = [0.25, 0.25, 0.5, 0.75];
  expect(resized(box, 0.125, -0.25, 0.0625)).toEqual([0.25, 0.25, 0.625, 0.5]);
  expect(resized(box, -9, 9, 0.0625)).toEqual([0.25, 0.25, 0.3125, 1]);
});

test("a box smaller than the least is not made larger by making it smaller", () => {
  expect(resized([0, 0, 0.25, 0.25], -0.125, 0, 0.5)).toEqual([0, 0, 0.25, 0.25]);
});
