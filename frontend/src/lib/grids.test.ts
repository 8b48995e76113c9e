import { expect, test } from "vitest";
import { mean, minus } from "./grids";

const grid = (rows: number, cols: number, ...values: number[]) => ({
  rows,
  cols,
  values: Float32Array.from(values),
});

test("a difference lies on the grid of what is taken away", () => {
  const fine = grid(1, 4, 1, 3, 5, 9);
  expect(minus(fine, grid(1, 2, 1, 10))).toEqual(grid(1, 2, 1, -3));
  expect(minus(grid(1, 2, 1, 10), fine)).toEqual(grid(1, 4, 0, -2, 5, 1));
});

test("no value on either side is no difference", () => {
  expect(minus(grid(1, 2, NaN, 2), grid(1, 2, 1, NaN)).values).toEqual(Float32Array.of(NaN, NaN));
});

test("the mean leaves out what has no value", () => {
  const all = [grid(1, 3, 1, NaN, NaN), grid(1, 3, 2, 4, NaN), grid(1, 3, 6, 8, NaN)];
  expect(mean(all)).toEqual(grid(1, 3, 3, 6, NaN));
});

test("a difference that no float32 holds is no value", () => {
  const grid = (value: number) => ({ rows: 1, cols: 1, values: new Float32Array([value]) });
  expect(minus(grid(3.4e38), grid(-3.4e38)).values[0]).toBeNaN();
});
