import { expect, test, vi } from "vitest";
import { all, button, choose, clean, give, press, root, show, tap, texts } from "./harness.svelte";
import { cell, comparison } from "./values";

const said = (...answers: string[]) =>
  comparison(answers.map((answer, i) => cell("abcdef"[i]!, { answer })));
const marked = (i: number) =>
  [...all("answer")[i]!.querySelectorAll(".added")].map((one) => one.textContent);

test("what the reference lacks is marked, and the text stays as it is", () => {
  show(said("The star is red.", "The star is red orange.", "There is no star."));
  expect(texts("answer")[1]).toBe("The star is red orange.");
  expect(marked(0)).toEqual([]);
  expect(marked(1).join("").trim()).toBe("orange");
  expect(marked(2).join(" ")).toContain("no");
});

test("only what differs: added and removed with what is around, or that it is the same", () => {
  show(
    said(
      "One two three four five six red.",
      "One two three four five six blue.",
      "One two three four five six red.",
    ),
    {
      answers: "changes",
    },
  );
  const [second, third] = all("changes");
  expect(clean(second!)).toBe("… five six redblue.");
  expect(second!.querySelector("del")!.textContent).toBe("red");
  expect(second!.querySelector("ins")!.textContent).toBe("blue");
  expect(clean(third!)).toBe("the same as the reference");
  choose("Answers", "plain");
  expect(all("changes")).toHaveLength(0);
  expect(root().querySelectorAll(".added, ins, del")).toHaveLength(0);
});

test("nothing is compared before both answers are complete", () => {
  const value = said("The star is red.", "The");
  value.cells[1]!.status = "running";
  show(value);
  expect(marked(1)).toEqual([]);
  const half = said("The star", "The circle");
  half.cells[0]!.status = "running";
  give(half);
  expect(marked(1)).toEqual([]);
});

test("the difference follows the reference", () => {
  show(said("red", "blue"));
  expect(marked(1)).toEqual(["blue"]);
  press(all("picture")[1]!, "r");
  expect([marked(0), marked(1)]).toEqual([["red"], []]);
});

test("an answer runs from right to left where its script does, whole and unbroken", () => {
  const [one, other] = ["النجمة حمراء والدائرة زرقاء", "النجمة برتقالية والدائرة زرقاء"];
  show(said(one, other));
  expect(all("answer")[1]!.getAttribute("dir")).toBe("auto");
  expect(getComputedStyle(all("answer")[1]!).direction).toBe("rtl");
  expect(texts("answer")).toEqual([one, other]);
  expect(marked(1)).toEqual(["برتقالية"]);
  const mark = all("answer")[1]!.querySelector<HTMLElement>(".added")!;
  expect(getComputedStyle(mark).paddingInline).toBe("0px");
});

test("Chinese and Japanese are compared word by word, not sentence by sentence", () => {
  show(said("星星是红色的，圆形是蓝色的。", "星星是橙色的，圆形是蓝色的。"));
  expect(marked(1).join("")).toMatch(/^橙色?的?$/);
  give(said("星は赤いです。", "星は青いです。"));
  expect(marked(1).join("")).toMatch(/^青い?$/);
});

test("an answer of 100,000 characters scrolls in its place and is not compared", () => {
  const long = "The star is red. ".repeat(6000);
  show(said("The star is red.", long));
  const box = all("answer")[1]!.closest<HTMLElement>(".said")!;
  expect(box.clientHeight).toBeLessThan(200);
  expect(box.scrollHeight).toBeGreaterThan(2000);
  expect(root().textContent).toContain("too long to be compared word by word");
  expect(all("answer")[1]!.textContent).toBe(long);
});

test("markup, emoji and line breaks stay text", () => {
  const answer = "<b>bold</b> & **bold**\n- 👩‍👩‍👧 🏳️‍🌈\n<script>alert(1)</script>";
  show(said("x", answer));
  expect(all("answer")[1]!.textContent).toBe(answer);
  expect(all("answer")[1]!.querySelector("b, script")).toBeNull();
  expect(getComputedStyle(all("answer")[1]!).whiteSpace).toBe("pre-wrap");
});

test("an answer is copied as it is, and the button says so", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  show(said("The star\nis red."));
  tap(button("Copy the answer of a"));
  await vi.waitFor(() => expect(button("copied")).toBeDefined());
  expect(write).toHaveBeenCalledExactlyOnceWith("The star\nis red.");
  write.mockRestore();
});

test("where the page has no clipboard, a selection is copied", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("no"));
  const copy = vi.spyOn(document, "execCommand").mockReturnValue(true);
  show(said("red"));
  tap(button("Copy the answer of a"));
  await vi.waitFor(() => expect(copy).toHaveBeenCalledWith("copy"));
  await vi.waitFor(() => expect(button("copied")).toBeDefined());
  write.mockRestore();
  copy.mockRestore();
});

test("while answers come nothing below them moves, and their end stays in sight", () => {
  const box = () => all("answer")[0]!.closest<HTMLElement>(".said")!;
  const growing = (answer: string) => {
    const value = said(answer, "red");
    value.cells[0]!.status = "running";
    return value;
  };
  show(growing("The"));
  const height = box().clientHeight;
  const top = () =>
    all("answer")[0]!.getBoundingClientRect().top - box().getBoundingClientRect().top;
  expect(top()).toBeCloseTo(0, 0);
  for (const words of [10, 50, 400]) {
    give(growing("The star is red. ".repeat(words)));
    expect(box().clientHeight).toBe(height);
  }
  const end = all("answer")[0]!.getBoundingClientRect().bottom;
  expect(end).toBeCloseTo(box().getBoundingClientRect().bottom, 0);
  give(said("The star is red. ".repeat(400), "red"));
  expect(box().clientHeight).toBeGreaterThan(height);
  expect(top()).toBeCloseTo(0, 0);
});
