/** Everything that is told of each cell, as rows of text: for the table. */

import { formatCorrelation, formatShare, told } from "../lib/figures";
import { conditionsText } from "../lib/stamp";
import type { Cell, Metric } from "../lib/types";
import type { CellState } from "./cell.svelte";
import type { GridState } from "./grid.svelte";

export interface Fact {
  name: string;
  help?: string;
  /** One text for each cell; empty where there is nothing to tell. */
  texts: string[];
}

/** The facts of the cells with these keys, in this order; without those that no cell has. */
export function facts(grid: GridState, keys: readonly string[]): Fact[] {
  const cells = keys.map((key) => grid.byKey.get(key)!);
  const states = keys.map((key) => grid.state(key));
  const blind = grid.ballot.hides;
  const rows: Fact[] = [
    { name: "status", texts: cells.map((cell) => status(cell, blind)) },
    { name: "answer", texts: cells.map(({ answer }) => answer) },
    {
      name: "error",
      texts: cells.map(({ error }) => (error && blind ? "This one failed." : (error ?? ""))),
    },
  ];
  if (!blind) {
    rows.push(
      { name: "about", texts: cells.map(({ subtitle }) => subtitle) },
      { name: "conditions", texts: cells.map(({ stamp }) => conditionsText(stamp)) },
      { name: "warnings", texts: cells.map(({ warnings }) => warnings.join(" ")) },
      { name: "image tokens kept", texts: states.map((state) => state?.tokens.label ?? "") },
      ...grid.value.metrics.map((metric) => ({
        name: metric.label || metric.key,
        help: metric.help,
        texts: keys.map((key) => figureText(grid, key, metric)),
      })),
      {
        name: "kept in common (IoU)",
        texts: states.map((state) =>
          state?.overlap == null ? "" : `${Math.round(state.overlap * 100)} %`,
        ),
      },
      {
        name: `${grid.drawing.label || "maps"} alike (Spearman's ρ)`,
        texts: states.map((state) =>
          state?.correlation
            ? `${formatCorrelation(state.correlation.rho)}, n ${state.correlation.n}`
            : "",
        ),
      },
    );
  }
  rows.push({
    name: `${grid.drawing.label || "token"} under the crosshair`,
    texts: states.map((state) => {
      const at = state?.readout;
      return at ? [`row ${at.row} col ${at.col}`, ...at.parts].join(" ") : "";
    }),
  });
  rows.push({ name: "in the region", texts: states.map((state) => regionText(grid, state)) });
  return rows.filter(({ texts }) => texts.some(Boolean));
}

/** What of a cell lies in the region, in words; empty where nothing can be told. */
export function regionText(grid: GridState, state: CellState | undefined): string {
  const shares = state?.shares;
  if (!shares) return "";
  const parts = [
    shares.relevance === null ? "" : `${formatShare(shares.relevance)} of ${grid.drawing.label}`,
    // Token counts would tell who is who.
    shares.kept === null || grid.ballot.hides ? "" : `${formatShare(shares.kept)} of kept tokens`,
    `${formatShare(shares.area)} of the image`,
  ];
  return parts.filter(Boolean).join(", ");
}

function status(cell: Cell, blind: boolean): string {
  if (blind || cell.correct == null) return cell.status;
  return `${cell.status}, ${cell.correct ? "correct" : "wrong"}`;
}

function figureText(grid: GridState, key: string, metric: Metric): string {
  const reference = key === grid.referenceKey ? null : grid.reference;
  const of = told(grid.byKey.get(key)!, reference, metric, grid.deltas.current);
  if (of.value === null) return "";
  const spread = of.spread ? ` (${of.spread})` : "";
  const change = of.change
    ? `, ${[of.change.text, of.change.verdict].filter(Boolean).join(" ")}`
    : "";
  return of.text + spread + change;
}
