/** An answer cut where its words and its differences begin and end. */

import type { Span } from "./spans";
import type { Part } from "./textdiff";

export interface Piece {
  text: string;
  /** The place among the spans of the word it belongs to, or null. */
  word: number | null;
  /** Whether the reference lacks it. */
  added: boolean;
}

interface Run<T> {
  start: number;
  end: number;
  mark: T;
}

/** The pieces of an answer, which together are the answer again. */
export function pieces(answer: string, spans: Span[], parts: Part[] | null): Piece[] {
  const words = spans.map(({ start, end }, mark): Run<number> => ({ start, end, mark }));
  const changes = addedRuns(parts ?? []);
  const cuts = [
    0,
    answer.length,
    ...[...words, ...changes].flatMap(({ start, end }) => [start, end]),
  ];
  const found: Piece[] = [];
  let [word, change] = [0, 0];
  let from = 0;
  for (const to of cuts.sort((a, b) => a - b)) {
    if (to <= from) continue;
    while (word < words.length && words[word]!.end <= from) word++;
    while (change < changes.length && changes[change]!.end <= from) change++;
    found.push({
      text: answer.slice(from, to),
      word: holds(words[word], from) ? word : null,
      added: holds(changes[change], from),
    });
    from = to;
  }
  return found;
}

function addedRuns(parts: Part[]): Run<true>[] {
  const runs: Run<true>[] = [];
  let at = 0;
  for (const { kind, text } of parts) {
    if (kind === "removed") continue;
    if (kind === "added") runs.push({ start: at, end: at + text.length, mark: true });
    at += text.length;
  }
  return runs;
}

function holds(run: Run<unknown> | undefined, at: number): boolean {
  return run !== undefined && run.start <= at && at < run.end;
}
