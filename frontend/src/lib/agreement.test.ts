import { expect, test } from "vitest";
import { overlap, spearman, type Kept } from "./agreement";

const of = (...values: number[]) => Float32Array.of(...values);

function kept(...lines: string[]): Kept {
  const tokens = Uint8Array.from(lines.join(""), (token) => (token === "#" ? 1 : 0));
  return { rows: lines.length, cols: lines[0]!.length, kept: tokens };
}

test("ranks correlate as in the textbook", () => {
  // Wikipedia, "Spearman's rank correlation coefficient": 1 − 6·194 / (10·99) = −29/165
  const iq = of(106, 100, 86, 101, 99, 103, 97, 113, 112, 110);
  const hours = of(7, 27, 2, 50, 28, 29, 20, 12, 6, 17);
  expect(spearman(iq, hours)!.rho).toBeCloseTo(-29 / 165, 12);
});

test("ties share their mean rank", () => {
  // Ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: deviations −1.5, 0, 0, 1.5 and −1.5, 0.5, −0.5, 1.5,
  // so 4.5 / √(4.5 · 5).
  const { rho, n } = spearman(of(1, 2, 2, 3), of(10, 30, 20, 90))!;
  expect(rho).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
  expect(n).toBe(4);
});

test("many ties on both sides agree with SciPy", () => {
  // scipy.stats.spearmanr([i * 37 % 11 for i in range(60)], [i * i % 7 for i in range(60)])
  const one = Float32Array.from({ length: 60 }, (_, i) => (i * 37) % 11);
  const other = Float32Array.from({ length: 60 }, (_, i) => (i * i) % 7);
  expect(spearman(one, other)!.rho).toBeCloseTo(0.05900438241779058, 12);
});

test("the same order is 1, whatever the values, and the reverse is −1", () => {
  expect(spearman(of(1, 2, 3), of(-5, 0, 1000))!.rho).toBe(1);
  expect(spearman(of(1, 2, 3), of(3, 2, 1))!.rho).toBe(-1);
});

test("only places where both have a value count, also for the ranks", () => {
  expect(spearman(of(1, NaN, 2, 3, 9), of(1, 7, 2, 3, NaN))).toEqual({ rho: 1, n: 3 });
});

test("fewer than three places, or one constant side, say nothing", () => {
  expect(spearman(of(1, 2, NaN), of(1, 2, 3))).toBeNull();
  expect(spearman(of(1, 2, 3), of(4, 4, 4))).toBeNull();
  expect(spearman(of(), of())).toBeNull();
});

test("on one grid the overlap is the tokens both keep over the tokens either keeps", () => {
  expect(overlap(kept("##.", "..#"), kept("#..", ".##"))).toBe(2 / 4);
  expect(overlap(kept("##"), kept("##"))).toBe(1);
  expect(overlap(kept("#."), kept(".#"))).toBe(0);
});

test("on unlike grids areas count", () => {
  // [0, 1/2] and [0, 1/3]: 1/3 in both, 1/2 in either
  expect(overlap(kept("#."), kept("#.."))).toBeCloseTo(2 / 3, 12);
  // the left half and the lower two thirds: 1/3 in both, 1/2 + 2/3 − 1/3 in either
  expect(overlap(kept("#."), kept(".", "#", "#"))).toBeCloseTo(2 / 5, 12);
  expect(overlap(kept("#"), kept("##", "##"))).toBe(1);
});

test("the overlap is the same from either side", () => {
  const [one, other] = [kept("#..#", ".##."), kept("##.", ".#.", "..#")];
  expect(overlap(one, other)).toBe(overlap(other, one));
});

test("without a kept token there is no overlap to speak of", () => {
  expect(overlap(kept(".."), kept(".", "."))).toBeNull();
  expect(overlap(kept(".."), kept("#", "."))).toBe(0);
});
