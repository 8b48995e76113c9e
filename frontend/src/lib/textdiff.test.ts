import { expect, test } from "vitest";
import { difference, onlyChanges, segment, type Part } from "./textdiff";

/** `[-removed-]`, `{+added+}` and the rest as it is. */
function show(parts: Part[] | null): string | undefined {
  return parts
    ?.map(({ kind, text }) =>
      kind === "same" ? text : kind === "added" ? `{+${text}+}` : `[-${text}-]`,
    )
    .join("");
}

function text(parts: Part[], without: "added" | "removed"): string {
  return parts.map((part) => (part.kind === without ? "" : part.text)).join("");
}

test("a text comes apart into words, punctuation and whole runs of white space", () => {
  expect(segment("It can't be 3.5,\n\n  no!")).toEqual([
    "It",
    " ",
    "can't",
    " ",
    "be",
    " ",
    "3.5",
    ",",
    "\n\n  ",
    "no",
    "!",
  ]);
  expect(segment("")).toEqual([]);
});

test.each([
  ["天气很好。今日は晴れです。", "。"],
  ["السماء زرقاء، والنجم أحمر.", "زرقاء"],
  ["הכוכב אדום, השמיים כחולים.", "אדום"],
  ["👩‍🚀🇩🇪 e\u0301te\u0301 a\u00a0b\r\n\tc", "👩‍🚀"],
  ["\ud83d lone", "lone"],
  ["長い文".repeat(1000), "長い"],
])("%s is cut into words, and they make it again", (whole, word) => {
  const segments = segment(whole);
  expect(segments.join("")).toBe(whole);
  expect(segments).toContain(word);
});

test("a changed word is removed and added, the rest is the same", () => {
  expect(difference("The star is red.", "The star is orange.")).toEqual([
    { kind: "same", text: "The star is " },
    { kind: "removed", text: "red" },
    { kind: "added", text: "orange" },
    { kind: "same", text: "." },
  ]);
});

test.each([
  ["The star", "the star", "[-The-]{+the+} star"],
  ["a big red star", "a small blue star", "a [-big red-]{+small blue+} star"],
  ["the big red star", "the blue star", "the [-big red-]{+blue+} star"],
  ["a star. Then red", "a star red", "a star[-. Then-] red"],
  ["a star", "a star in the sky", "a star{+ in the sky+}"],
  ["", "a star", "{+a star+}"],
  ["a star", "", "[-a star-]"],
  ["一个红色的星", "一个蓝色的星", "一个[-红色-]{+蓝色+}的星"],
])("from %j to %j only the changes are marked", (reference, answer, shown) => {
  expect(show(difference(reference, answer))).toBe(shown);
});

test("equal texts are one part, however long, and empty ones none", () => {
  const long = "star ".repeat(20_000);
  expect(difference(long, long)).toEqual([{ kind: "same", text: long }]);
  expect(difference("", "")).toEqual([]);
});

test("the parts are both texts to the letter, and no space stands alone between changes", () => {
  let state = 1;
  const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
  const words = ["a", "b", "star", ".", ",", " ", " ", "  ", "\n", "天", "😀"];
  const phrase = () =>
    Array.from({ length: random(25) }, () => words[random(words.length)]).join("");
  for (let i = 0; i < 500; i++) {
    const [reference, answer] = [phrase(), phrase()];
    const parts = difference(reference, answer)!;
    expect(text(parts, "removed")).toBe(answer);
    expect(text(parts, "added")).toBe(reference);
    parts.forEach(({ kind, text: piece }, at) => {
      expect(piece).not.toBe("");
      const between = at > 0 && at < parts.length - 1;
      if (kind === "same" && between) expect(piece.trim()).not.toBe("");
      expect(kind).not.toBe(parts[at + 1]?.kind);
    });
  }
});

test("what would take too long has no difference, and is given up soon", () => {
  const reference = Array.from({ length: 5000 }, (_, i) => `a${i}`).join(" ");
  const before = performance.now();
  expect(difference(reference, reference.replaceAll("a", "b"))).toBeNull();
  expect(performance.now() - before).toBeLessThan(1000);
  expect(difference("a".repeat(40_001), "b")).toBeNull();
});

test("only the changes are left, with two words on either side", () => {
  const parts = difference(
    "In this picture the star is red and it shines over the sea.",
    "In this picture the star is blue and it shines over the lake.",
  )!;
  expect(show(onlyChanges(parts))).toBe(
    "… star is [-red-]{+blue+} and it … over the [-sea-]{+lake+}.",
  );
  expect(onlyChanges(parts, 0).map((part) => part.text)).toEqual([
    "… ",
    "red",
    "blue",
    " … ",
    "sea",
    "lake",
    ".",
  ]);
});

test("what follows the last change is shortened too", () => {
  const parts = difference("red is the star there", "blue is the star there")!;
  expect(show(onlyChanges(parts, 1))).toBe("[-red-]{+blue+} is …");
});

test("what is the same stays when the context covers all its words", () => {
  const parts = difference("a b (c) d e", "x b (c) d y")!;
  expect(onlyChanges(parts)).toEqual(parts);
});

test("without a change nothing is left", () => {
  expect(onlyChanges(difference("a star", "a star")!)).toEqual([]);
  expect(onlyChanges([])).toEqual([]);
});
