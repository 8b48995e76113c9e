/** Figures in words: values with units, and differences to the reference. */

import type { Measured, Metric } from "./types";

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

/** A metric's value with its unit; its own digits, or three significant ones. */
export function formatFigure(value: number, metric: Pick<Metric, "unit" | "digits">): string {
  const text =
    metric.digits !== null && metric.digits !== undefined
      ? value.toFixed(metric.digits)
      : Number.isInteger(value)
        ? String(value)
        : String(Number(value.toPrecision(3)));
  return minus(metric.unit ? `${text} ${metric.unit}` : text);
}

export interface Difference {
  text: string;
  /** Better or worse than the reference, or null where they are the same. */
  verdict: "better" | "worse" | null;
}

/**
 * How a value differs from the reference's: in percent, or in its unit where that is zero. Null for
 * a metric of which neither direction is better: a difference beside it would read as a judgement.
 */
export function difference(value: number, reference: number, metric: Metric): Difference | null {
  if (!metric.better) return null;
  const change = value - reference;
  const verdict =
    change === 0 ? null : change < 0 === (metric.better === "lower") ? "better" : "worse";
  if (change === 0) return { text: "same", verdict };
  if (reference === 0) return { text: signed(formatFigure(change, metric)), verdict };
  const percent = (100 * change) / Math.abs(reference);
  const size = Math.abs(percent);
  const text = size < 0.05 ? "<0.1" : size < 9.95 ? trim(size.toFixed(1)) : size.toFixed(0);
  return { text: `${change < 0 ? "−" : "+"}${text} %`, verdict };
}

function trim(text: string): string {
  return text.replace(/\.0$/, "");
}

function signed(text: string): string {
  return text.startsWith("−") ? text : `+${text}`;
}

function minus(text: string): string {
  return text.replace("-", "−");
}
