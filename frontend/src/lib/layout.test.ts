import { expect, test } from "vitest";
import { columnCount } from "./layout";

test.each([
  [1, 1400, 1],
  [2, 1400, 2],
  [4, 1400, 4],
  [4, 900, 2],
  [5, 1400, 5],
  [5, 1200, 3],
  [8, 1200, 4],
  [16, 1400, 4],
  [4, 360, 1],
  [3, 0, 1],
])("%i cells in %i pixels stand in %i columns", (cells, width, columns) => {
  expect(columnCount(cells, width)).toBe(columns);
});

test("a number of columns that is asked for is kept, but no column is empty", () => {
  expect(columnCount(4, 300, 280, 3)).toBe(3);
  expect(columnCount(2, 1400, 280, 3)).toBe(2);
});
