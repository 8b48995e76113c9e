import { expect, test } from "vitest";
import { decodeAssign, DROPPED, fate, keptCount, keptLabel, tokenAt, tokenPath } from "./tokens";

const ASSIGN = Uint16Array.of(0, DROPPED, 0, 3, 4, DROPPED);

test("an assignment is read as little-endian pairs of bytes, row by row", () => {
  const bytes = new Uint8Array(new Uint16Array(ASSIGN).buffer);
  const assign = btoa(String.fromCharCode(...bytes));
  expect(decodeAssign({ rows: 2, cols: 3, assign })).toEqual(ASSIGN);
});

test("a token is kept as itself, merged into another, or dropped", () => {
  expect([0, 1, 2, 3].map((i) => fate(ASSIGN, i))).toEqual(["kept", "dropped", "merged", "kept"]);
});

test("only tokens kept as themselves are counted", () => {
  expect(keptCount(ASSIGN)).toBe(3);
});

test.each([
  [98, 196, "98 of 196 (50 %)"],
  [108, 108, "108 of 108"],
  [0, 60, "0 of 60 (0 %)"],
  [1, 400, "1 of 400 (<1 %)"],
  [399, 400, "399 of 400 (>99 %)"],
])("%i of %i is told as %s", (kept, total, label) => {
  expect(keptLabel(kept, total)).toBe(label);
});

test("a point of the picture finds its token, also on the far edges and off the picture", () => {
  expect(tokenAt(0.7, 0.37, 9, 12)).toEqual([3, 8]);
  expect(tokenAt(1, 1, 9, 12)).toEqual([8, 11]);
  expect(tokenAt(-0.2, 1.5, 9, 12)).toEqual([8, 0]);
});

test("the path covers exactly the tokens asked for", () => {
  const wanted = [true, true, false, false, true, true];
  const boxes = [...tokenPath(2, 3, (i) => wanted[i]!).matchAll(/M(\d+) (\d+)H(\d+)V(\d+)H\1Z/g)];
  const covered = Array(6).fill(false);
  for (const [, left, top, right, bottom] of boxes) {
    expect(Number(bottom)).toBe(Number(top) + 1);
    for (let col = Number(left); col < Number(right); col++) covered[Number(top) * 3 + col] = true;
  }
  expect(covered).toEqual(wanted);
});
