/** Word spans: from the code points that Python counts to the UTF-16 units of a string here. */

export interface Span {
  start: number;
  end: number;
  text: string;
  /** Which of the given words share this span. */
  members: number[];
}

/** The UTF-16 offset at which each code point begins, and last the text's length. */
export function unitOffsets(text: string): Uint32Array {
  const offsets = new Uint32Array(text.length + 1);
  let count = 0;
  let offset = 0;
  for (const character of text) {
    offset += character.length;
    offsets[++count] = offset;
  }
  return offsets.subarray(0, count + 1);
}

/**
 * The spans of an answer's words in UTF-16 units, in order, trimmed and never overlapping.
 *
 * Tokens of part of a character share one span. A word that overlaps an earlier one begins where
 * that one ends; left out is what has no text of its own, holds another word whole, or reaches beyond
 * the answer.
 */
export function wordSpans(answer: string, words: { start: number; end: number }[]): Span[] {
  const offsets = unitOffsets(answer);
  const found: Span[] = [];
  words.forEach((word, i) => {
    const start = offsets[word.start];
    const end = offsets[word.end];
    if (start === undefined || end === undefined) return;
    const span = trimmed(answer, start, end, [i]);
    if (span) found.push(span);
  });
  found.sort((one, other) => one.start - other.start || other.end - one.end);
  return apart(answer, innermost(merged(found)));
}

function trimmed(answer: string, start: number, end: number, members: number[]): Span | null {
  const piece = answer.slice(start, Math.max(start, end));
  const text = piece.trim();
  if (!text) return null;
  const from = start + piece.length - piece.trimStart().length;
  return { start: from, end: from + text.length, text, members };
}

function merged(sorted: Span[]): Span[] {
  const spans: Span[] = [];
  for (const span of sorted) {
    const last = spans.at(-1);
    if (last?.start === span.start && last.end === span.end) last.members.push(...span.members);
    else spans.push(span);
  }
  return spans;
}

/** Without the spans that hold another one; sorted by their start, of two with one the longer first. */
function innermost(sorted: Span[]): Span[] {
  const kept: Span[] = [];
  let nearest = Infinity;
  for (const span of [...sorted].reverse()) {
    if (nearest > span.end) kept.push(span);
    nearest = Math.min(nearest, span.end);
  }
  return kept.reverse();
}

function apart(answer: string, sorted: Span[]): Span[] {
  const spans: Span[] = [];
  for (const { start, end, members } of sorted) {
    const reached = spans.at(-1)?.end ?? 0;
    const span = trimmed(answer, Math.max(start, reached), end, members);
    if (span) spans.push(span);
  }
  return spans;
}
