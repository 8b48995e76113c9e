/** Figures in words: values with units, and differences to the reference. */

import type { Cell, Deltas, Measured, Metric } from "./types";

/** The number of a metric's entry; null when it was not measured. */
export function figure(entry: number | Measured | null | undefined): number | null {
  const value = typeof entry === "object" ? entry?.value : entry;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A map's value for a readout: three digits after the point, or three significant ones. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "no value";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 100_000)) return minus(value.toExponential(2));
  return minus(size >= 1000 ? value.toFixed(0) : size >= 100 ? value.toFixed(1) : value.toFixed(3));
}

/** An end of the scale: short, as it stands beside the bar. */
export function formatEnd(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 100_000)) return minus(value.toExponential(1));
  return minus(String(Number(value.toPrecision(size >= 1000 ? 4 : 3))));
}

/** A metric's value with its unit; its own digits, or three significant ones and all before the point. */
export function formatFigure(value: number, metric: Pick<Metric, "unit" | "digits">): string {
  const text = minus(plain(value, metric.digits ?? null)).replace(/^−(0(\.0+)?)$/, "$1");
  return metric.unit ? `${text} ${metric.unit}` : text;
}

function plain(value: number, digits: number | null): string {
  if (digits !== null) return value.toFixed(digits);
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** A share, 0 to 1, in percent; a dash where there is none. Only what is nothing or all says so. */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined) return "–";
  const percent = 100 * share;
  if (percent > 0 && percent < 1) return "<1 %";
  if (percent > 99 && percent < 100) return ">99 %";
  return `${Math.round(percent)} %`;
}

/** A correlation coefficient, −1 to 1. */
export function formatCorrelation(value: number): string {
  return minus(value.toFixed(2)).replace(/^−0\.00$/, "0.00");
}

/** The spread of a metric's entry, such as `1.7–2.3 s, n 5`; empty where none was given. */
export function formatSpread(
  entry: number | Measured | null | undefined,
  metric: Pick<Metric, "unit" | "digits">,
): string {
  if (typeof entry !== "object" || !entry) return "";
  const { low, high, n } = entry;
  const known = typeof low === "number" && typeof high === "number";
  const bare = { unit: "", digits: metric.digits };
  const ends = known ? `${formatFigure(low, bare)}–${formatFigure(high, metric)}` : "";
  return [ends, typeof n === "number" ? `n ${n}` : ""].filter(Boolean).join(", ");
}

export interface Difference {
  text: string;
  /** Better or worse than the reference, or null where they are the same. */
  verdict: "better" | "worse" | null;
}

/**
 * How a value differs from the reference's: in percent or as a ratio, and in its unit where that is
 * asked for or the reference is zero. Null for a metric of which neither direction is better: a
 * difference beside it would read as a judgement.
 */
export function difference(
  value: number,
  reference: number,
  metric: Metric,
  deltas: Deltas = "percent",
): Difference | null {
  if (!metric.better) return null;
  const change = isNoise(value, reference) ? 0 : value - reference;
  const verdict =
    change === 0 ? null : change < 0 === (metric.better === "lower") ? "better" : "worse";
  if (change === 0) return { text: "same", verdict };
  if (reference === 0 || deltas === "absolute") {
    return { text: signed(change, metric), verdict };
  }
  if (deltas === "ratio" && value / reference > 0)
    return { text: `×${ratio(value / reference)}`, verdict };
  const size = Math.abs((100 * change) / reference);
  if (!Number.isFinite(size)) return { text: signed(change, metric), verdict };
  const text = size < 0.05 ? "<0.1" : size < 9.95 ? trim(size.toFixed(1)) : size.toFixed(0);
  return { text: `${change < 0 ? "−" : "+"}${text} %`, verdict };
}

/** Whether two numbers differ by no more than sums of the same terms in another order do. */
function isNoise(one: number, other: number): boolean {
  return Math.abs(one - other) <= 1e-12 * Math.max(Math.abs(one), Math.abs(other));
}

/** A metric of a cell, as it is told beside the reference's. */
export interface Told {
  value: number | null;
  /** The value in words; a dash where there is none. */
  text: string;
  spread: string;
  /** Null where there is nothing to compare with: for the reference itself, among others. */
  change: Difference | null;
}

/** What is told of a cell's metric; the reference is null for the reference's own cell. */
export function told(
  cell: Pick<Cell, "metrics">,
  reference: Pick<Cell, "metrics"> | null,
  metric: Metric,
  deltas: Deltas,
): Told {
  const entry = cell.metrics[metric.key];
  const value = figure(entry);
  const base = reference && figure(reference.metrics[metric.key]);
  return {
    value,
    text: value === null ? "–" : formatFigure(value, metric),
    spread: formatSpread(entry, metric),
    change: value === null || base === null ? null : difference(value, base, metric, deltas),
  };
}

function ratio(value: number): string {
  return value >= 99.5 || value < 0.01 ? String(Number(value.toPrecision(2))) : value.toFixed(2);
}

/** The best of the values, where one is: of two or more that are not all the same. */
export function best(values: (number | null)[], better: Metric["better"]): number | null {
  const known = values.filter((value) => value !== null);
  if (!better || known.length < 2 || known.every((value) => value === known[0])) return null;
  return better === "lower" ? Math.min(...known) : Math.max(...known);
}

/** The keys of cells, those with the best figure first; without a better direction, the lowest. */
export function ranked(
  cells: ReadonlyMap<string, Pick<Cell, "metrics">>,
  metric: Pick<Metric, "key" | "better">,
): string[] {
  const sign = metric.better === "higher" ? -1 : 1;
  const place = (cell: Pick<Cell, "metrics">) => {
    const value = figure(cell.metrics[metric.key]);
    return value === null ? Infinity : sign * value;
  };
  const order = [...cells].map(([key, cell]) => ({ key, at: place(cell) }));
  return order.sort((a, b) => (a.at === b.at ? 0 : a.at - b.at)).map(({ key }) => key);
}

function trim(text: string): string {
  return text.replace(/\.0$/, "");
}

function signed(change: number, metric: Metric): string {
  return (change < 0 ? "−" : "+") + formatFigure(Math.abs(change), metric);
}

function minus(number: string): string {
  return number.replaceAll("-", "−");
}
