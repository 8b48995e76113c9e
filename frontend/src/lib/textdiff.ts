/** The difference of two answers, word by word. */

import { diffArrays } from "diff";

export type Kind = "same" | "added" | "removed";

export interface Part {
  kind: Kind;
  text: string;
}

const LONGEST = 40_000;
/** Fast machines all give up at the same number of edits; slow ones after 60 ms. */
const BOUNDS = { maxEditLength: 1000, timeout: 60 };

/** White space, up to 400 characters without any, or the stops of scripts that write no spaces. */
const RUN = /\s+|[^\s。，、]{1,400}|[。，、]+/gu;
/** A run that is one segment as it stands. */
const WHOLE = /^(\s|\w+$)/;
const WORD = /[\p{L}\p{M}\p{N}\p{S}]/u;

/** The words, white space and punctuation of a text, which together are the text again. */
export function segment(text: string): string[] {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
  // The browsers' segmenter takes time in the square of what it is given: two seconds for 40,000
  // characters at once, so it gets them run by run.
  return (text.match(RUN) ?? []).flatMap((run) =>
    WHOLE.test(run) ? [run] : Array.from(segmenter.segment(run), (piece) => piece.segment),
  );
}

/**
 * How the answer differs from the reference, word by word; null when that would take too long.
 *
 * What is same or added is the answer, what is same or removed is the reference, to the letter.
 */
export function difference(reference: string, answer: string): Part[] | null {
  const parts: Part[] = [];
  if (reference === answer) return push(parts, "same", answer);
  if (Math.max(reference.length, answer.length) > LONGEST) return null;
  const before = pieces(reference);
  const after = pieces(answer);
  // Words alone are compared: with the spaces it takes four times as long, and the spaces that are
  // the same between words that are not tear a phrase into confetti.
  const changes = diffArrays(
    before.map(({ word }) => word),
    after.map(({ word }) => word),
    BOUNDS,
  );
  if (!changes) return null;

  let [i, j] = [0, 0];
  let [removed, added] = ["", ""];
  for (const change of changes) {
    if (change.removed) removed += joined(before.slice(i, (i += change.count)));
    else if (change.added) added += joined(after.slice(j, (j += change.count)));
    else {
      for (const { gap, word } of after.slice(j, (j += change.count))) {
        const was = before[i++]!.gap;
        if (was !== gap) [removed, added] = [removed + was, added + gap];
        pushChange(parts, removed, added);
        push(parts, "same", was === gap ? gap + word : word);
        [removed, added] = ["", ""];
      }
    }
  }
  return parts;
}

/** A word or a mark with the white space before it. */
interface Piece {
  gap: string;
  word: string;
}

/** The pieces of a text, and last an empty word after the white space at its end. */
function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let gap = "";
  for (const piece of segment(text)) {
    if (piece.trim()) found.push({ gap, word: piece });
    gap = piece.trim() ? "" : piece;
  }
  return [...found, { gap, word: "" }];
}

function joined(some: Piece[]): string {
  return some.map(({ gap, word }) => gap + word).join("");
}

/** Adds a change, less the white space that both texts begin or end with. */
function pushChange(parts: Part[], removed: string, added: string) {
  let head = added.slice(0, added.length - added.trimStart().length);
  if (!removed.startsWith(head)) head = "";
  removed = removed.slice(head.length);
  added = added.slice(head.length);
  let tail = added.slice(added.trimEnd().length);
  if (!removed.endsWith(tail)) tail = "";
  push(parts, "same", head);
  push(parts, "removed", removed.slice(0, removed.length - tail.length));
  push(parts, "added", added.slice(0, added.length - tail.length));
  push(parts, "same", tail);
}

function push(parts: Part[], kind: Kind, text: string): Part[] {
  const last = parts.at(-1);
  if (last?.kind === kind) last.text += text;
  else if (text) parts.push({ kind, text });
  return parts;
}

/** The changes with `context` words of what is the same around them, and "…" for the rest. */
export function onlyChanges(parts: Part[], context = 2): Part[] {
  if (parts.every(({ kind }) => kind === "same")) return [];
  return parts.flatMap((part, i) => {
    if (part.kind !== "same") return [part];
    return shortened(part.text, i > 0, i < parts.length - 1, context);
  });
}

function shortened(text: string, follows: boolean, leads: boolean, context: number): Part[] {
  const segments = segment(text);
  const words = segments.flatMap((piece, i) => (WORD.test(piece) ? [i] : []));
  const before = follows ? context : 0;
  const after = leads ? context : 0;
  if (words.length <= before + after) return [{ kind: "same", text }];
  const head = before > 0 ? segments.slice(0, words[before - 1]! + 1) : [];
  const tail = after > 0 ? segments.slice(words[words.length - after]!) : [];
  const rest = `${follows ? " " : ""}…${leads ? " " : ""}`;
  return [head.join(""), rest, tail.join("")].flatMap((piece) =>
    piece ? [{ kind: "same", text: piece }] : [],
  );
}
