import { expect, test } from "vitest";
import {
  best,
  difference,
  figure,
  formatEnd,
  formatFigure,
  formatShare,
  formatSpread,
  formatValue,
  ranked,
} from "./figures";
import type { Metric } from "./types";

const seconds: Metric = {
  key: "total_s",
  label: "Total",
  unit: "s",
  better: "lower",
  digits: 2,
  help: "",
};

test("a figure is a number, a measurement's value, or nothing", () => {
  expect(figure(1.5)).toBe(1.5);
  expect(figure({ value: 2, low: 1, high: 3, n: 5 })).toBe(2);
  expect(figure({ value: null })).toBeNull();
  expect(figure(undefined)).toBeNull();
});

test.each([
  [0.8231, "0.823"],
  [-1.5, "−1.500"],
  [0, "0.000"],
  [123.456, "123.5"],
  [54321, "54321"],
  [0.0000123, "1.23e−5"],
  [NaN, "no value"],
])("the readout writes %f as %s", (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test.each([
  [0, "0 %"],
  [0.004, "<1 %"],
  [0.416, "42 %"],
  [0.9999, ">99 %"],
  [1, "100 %"],
  [null, "–"],
])("a share of %f is written %s", (share, text) => {
  expect(formatShare(share)).toBe(text);
});

test("an end of the scale is short", () => {
  expect([0, 0.97123, -12.5, 1234].map(formatEnd)).toEqual(["0", "0.971", "−12.5", "1234"]);
});

test("a metric keeps its own digits and its unit; without digits, three that count", () => {
  expect(formatFigure(0.4, seconds)).toBe("0.40 s");
  expect(formatFigure(54, { unit: "", digits: null })).toBe("54");
  expect(formatFigure(1.23456, { unit: "MiB", digits: null })).toBe("1.23 MiB");
});

test("a difference is in percent of the reference, and lower can be better", () => {
  expect(difference(0.29, 0.41, seconds)).toEqual({ text: "−29 %", verdict: "better" });
  expect(difference(0.5, 0.4, seconds)).toEqual({ text: "+25 %", verdict: "worse" });
  expect(difference(0.42, 0.41, seconds)).toEqual({ text: "+2.4 %", verdict: "worse" });
  expect(difference(2, 1, { ...seconds, better: "higher" })?.verdict).toBe("better");
});

test("where neither direction is better, no difference is told", () => {
  expect(difference(2, 1, { ...seconds, better: null })).toBeNull();
});

test("no difference is said in a word, and against zero it is told in the unit", () => {
  expect(difference(0.4, 0.4, seconds)).toEqual({ text: "same", verdict: null });
  expect(difference(0.25, 0, seconds)).toEqual({ text: "+0.25 s", verdict: "worse" });
});

test("a difference is told in the unit or as a ratio when asked for", () => {
  expect(difference(0.29, 0.41, seconds, "absolute")?.text).toBe("−0.12 s");
  expect(difference(0.6, 0.4, seconds, "absolute")?.text).toBe("+0.20 s");
  expect(difference(0.3, 0.4, seconds, "ratio")?.text).toBe("×0.75");
  expect(difference(250, 1, seconds, "ratio")?.text).toBe("×250");
  expect(difference(-1, 2, { ...seconds, better: "higher" }, "ratio")?.text).toBe("−150 %");
});

test("a spread is told with its ends and how many measurements", () => {
  const entry = { value: 2, low: 1.7, high: 2.3, n: 5 };
  expect(formatSpread(entry, seconds)).toBe("1.70–2.30 s, n 5");
  expect(formatSpread({ value: 2, n: 5 }, seconds)).toBe("n 5");
  expect(formatSpread(2, seconds)).toBe("");
});

test("the best is the lowest or the highest, and none where all are alike or alone", () => {
  expect(best([3, null, 1], "lower")).toBe(1);
  expect(best([3, null, 1], "higher")).toBe(3);
  expect(best([1, 1], "lower")).toBeNull();
  expect(best([1, null], "lower")).toBeNull();
  expect(best([3, 1], null)).toBeNull();
});

test("cells are ranked best first, and those without the figure last", () => {
  const cells = new Map(
    Object.entries({ a: 2, b: null, c: 1, d: 3, e: 2 }).map(([key, n]) => [
      key,
      { metrics: { n } },
    ]),
  );
  const rank = (better: "lower" | "higher" | null) => ranked(cells, { key: "n", better }).join("");
  expect(rank("lower")).toBe("caedb");
  expect(rank("higher")).toBe("daecb");
  expect(rank(null)).toBe("caedb");
});

test("only a number has a minus, not its unit, and nothing is less than nothing", () => {
  expect(formatFigure(-2, { unit: "tokens-per-s", digits: null })).toBe("−2 tokens-per-s");
  expect(formatFigure(-0.04, seconds)).toBe("−0.04 s");
  expect(formatFigure(-0.004, seconds)).toBe("0.00 s");
  expect(formatFigure(1e-7, { unit: "", digits: null })).toBe("1e−7");
});

test("all digits before the point are told", () => {
  expect(formatFigure(1234.5, { unit: "ms", digits: null })).toBe("1235 ms");
});

test("what sums of the same terms differ by is no difference", () => {
  expect(difference(0.1 + 0.2, 0.3, seconds)).toEqual({ text: "same", verdict: null });
});

test("beside next to nothing, a difference is told in the unit", () => {
  expect(difference(1e300, 1e-300, seconds, "percent")?.text).toMatch(/^\+1/);
});
