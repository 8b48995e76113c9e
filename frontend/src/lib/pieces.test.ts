import { expect, test } from "vitest";
import { pieces } from "./pieces";
import { wordSpans } from "./spans";

const answer = "The star is red.";

test("an answer without words or differences is one piece, and none at all is no piece", () => {
  expect(pieces(answer, [], null)).toEqual([{ text: answer, word: null, added: false }]);
  expect(pieces("", [], null)).toEqual([]);
});

test("words and differences may overlap, and nothing of the answer is lost", () => {
  const spans = wordSpans(answer, [
    { start: 4, end: 8 },
    { start: 12, end: 15 },
  ]);
  const found = pieces(answer, spans, [
    { kind: "same", text: "The st" },
    { kind: "removed", text: "one" },
    { kind: "added", text: "ar is red." },
  ]);
  expect(found.map(({ text }) => text).join("")).toBe(answer);
  expect(found).toEqual([
    { text: "The ", word: null, added: false },
    { text: "st", word: 0, added: false },
    { text: "ar", word: 0, added: true },
    { text: " is ", word: null, added: true },
    { text: "red", word: 1, added: true },
    { text: ".", word: null, added: true },
  ]);
});
