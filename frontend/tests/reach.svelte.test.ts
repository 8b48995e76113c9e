/** For everyone: keyboard, screen reader, the table, the help sheet, and an automatic audit. */

import axe from "axe-core";
import { flushSync } from "svelte";
import { expect, test, vi } from "vitest";
import {
  all,
  button,
  clean,
  find,
  frame,
  give,
  press,
  root,
  show,
  tap,
  texts,
} from "./harness.svelte";
import { cell, comparison, layer, tokens } from "./values";

const METRIC = {
  key: "s",
  label: "seconds",
  unit: "s",
  better: "lower",
  digits: 1,
  help: "How long",
} as const;
const rich = () =>
  comparison(
    [
      cell("a", {
        title: "Baseline",
        subtitle: "all of it",
        answer: "The star is red. ".repeat(40),
        words: [{ start: 4, end: 8, map: layer([1, 2], 1, 2) }],
        correct: true,
        metrics: { s: 2 },
        layers: [layer([0, 1], 1, 2)],
        tokens: tokens([0, 0], 1, 2),
      }),
      cell("b", {
        title: "Half",
        answer: "The star is orange.",
        correct: false,
        warnings: ["fewer tokens"],
        metrics: { s: { value: 1, low: 0.9, high: 1.1, n: 3 } },
        layers: [layer([1, NaN], 1, 2)],
        tokens: tokens([0, 65535], 1, 2),
      }),
      cell("c", { title: "Broken", status: "failed", error: "No such file." }),
      cell("d", { title: "Late", status: "running", answer: "The" }),
    ],
    {
      query: "What colour is the star?",
      expected: "red",
      metrics: [METRIC],
      stamp: { dtype: "float32" },
    },
  );

async function audit(): Promise<string[]> {
  vi.useRealTimers();
  // What depends on sizes settles a frame later.
  await new Promise((settled) => requestAnimationFrame(() => setTimeout(settled)));
  const found = await axe.run(root(), {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    rules: {
      // Rules about a whole page, of which the grid is a part.
      region: { enabled: false },
      "page-has-heading-one": { enabled: false },
      "heading-order": { enabled: false },
      "landmark-one-main": { enabled: false },
    },
  });
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`,
  );
}

const dark = (on: boolean) => {
  document.documentElement.classList.toggle("dark", on);
  document.documentElement.style.colorScheme = on ? "dark" : "light";
  document.body.style.background = on ? "#0b0f19" : "white";
};

test.each(["light", "dark"])("an automatic audit finds nothing: %s", async (theme) => {
  dark(theme === "dark");
  show(rich(), { voting: true });
  expect(await audit()).toEqual([]);
  dark(false);
});

test.each([
  ["the table", () => tap(button("Table"))],
  ["the help sheet", () => press(frame(0), "?")],
  ["a menu", () => tap(button("Arrange Half"))],
  ["the swipe, and a difference", () => (press(frame(0), "s"), press(frame(0), "d"))],
  ["a region", () => (press(frame(0), "m"), press(frame(0), "Enter"))],
  ["a word held on to", () => press(frame(0), ".")],
  ["one cell alone", () => press(frame(0), "2")],
  ["nothing but what differs", () => give({ ...rich(), view: { answers: "changes" } })],
])("an automatic audit finds nothing in %s", async (_, act) => {
  show(rich());
  act();
  flushSync();
  expect(await audit()).toEqual([]);
});

test("an automatic audit finds nothing in a blind vote", async () => {
  const done = rich();
  done.cells.pop();
  show(done, { voting: true, blind: true });
  expect(await audit()).toEqual([]);
});

test("the table tells the same facts as the pictures, with heads for rows and columns", () => {
  show(rich());
  press(frame(1), "ArrowRight", true);
  const readouts = texts("readout");
  press(frame(1), "t");
  const table = all("table")[0] as HTMLTableElement;
  const heads = [...table.querySelectorAll("thead th")].map(clean);
  expect(heads).toEqual(["Baseline reference", "Half", "Broken", "Late"]);
  const rows = new Map(
    [...table.querySelectorAll("tbody tr")].map((row) => [
      clean(row.querySelector("th")!),
      [...row.querySelectorAll("td")].map(clean),
    ]),
  );
  expect(rows.get("status")).toEqual(["done, correct", "done, wrong", "failed", "running"]);
  expect(rows.get("answer")![1]).toBe("The star is orange.");
  expect(rows.get("error")![2]).toBe("No such file.");
  expect(rows.get("seconds")).toEqual(["2.0 s", "1.0 s (0.9–1.1 s, n 3), −50 % better", "", ""]);
  expect(rows.get("image tokens kept")).toEqual(["1 of 2 (50 %)", "1 of 2 (50 %)", "", ""]);
  expect(rows.get("relevance under the crosshair")!.slice(0, 2)).toEqual(readouts.slice(0, 2));
  expect(table.querySelector("caption")!.textContent).toBe("What colour is the star?");
  press(find("[data-testid=table-region]"), "t");
  expect(all("table")).toHaveLength(0);
});

test("the help sheet opens on ?, keeps its keys to itself, and closes", () => {
  show(rich());
  press(frame(0), "?");
  const sheet = all("help")[0] as HTMLDialogElement;
  expect(sheet.open).toBe(true);
  press(sheet, "+");
  expect(texts("zoom")).toEqual(["1.0×"]);
  press(sheet, "?");
  expect(all("help")).toHaveLength(0);
});

test("a crosshair that is moved by keyboard is read out for the cell with the focus", () => {
  show(rich());
  frame(1).focus();
  flushSync();
  press(frame(1), "ArrowRight", true);
  press(frame(1), "ArrowLeft", true);
  expect(texts("read")).toEqual(["row 0 col 0 1.000 p100 kept"]);
});

test("every control can be reached by keyboard, and shows that it has the focus", () => {
  show(rich(), { voting: true });
  press(frame(0), "s");
  const controls = [
    ...root().querySelectorAll<HTMLElement>("button, select, input, [tabindex='0']"),
  ].filter((one) => !(one as HTMLButtonElement).disabled);
  expect(controls.length).toBeGreaterThan(30);
  for (const control of controls) {
    control.focus({ focusVisible: true } as FocusOptions);
    expect(document.activeElement, control.outerHTML).toBe(control);
    const seen = [control, ...control.querySelectorAll("*"), control.parentElement!].some(
      (one) => getComputedStyle(one).outlineStyle !== "none",
    );
    expect(seen, control.outerHTML).toBe(true);
  }
});

test("a page with text twice as large cuts nothing off", () => {
  document.documentElement.style.fontSize = "200%";
  show(rich());
  const cut = [
    ...root().querySelectorAll<HTMLElement>("button, h3, .query, dd, output, .end"),
  ].filter(
    (one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow === "hidden",
  );
  expect(cut.map((one) => one.outerHTML)).toEqual([]);
  document.documentElement.style.fontSize = "";
});

test("in 360 pixels nothing sticks out", () => {
  root().style.width = "360px";
  show(rich(), { voting: true });
  const edge = root().getBoundingClientRect().right;
  const out = [...root().querySelectorAll<HTMLElement>("[data-testid=grid] *")].filter(
    (one) =>
      !one.closest("[data-testid=stage], .sr-only") &&
      one.getBoundingClientRect().width > 0 &&
      one.getBoundingClientRect().right > edge + 1,
  );
  expect(out.map((one) => one.outerHTML)).toEqual([]);
});

test("a question of any length, and a condition without a space, stay within their place", () => {
  root().style.width = "360px";
  show({ ...rich(), query: "Which of these? ".repeat(400), stamp: { sha: "f".repeat(400) } });
  const question = root().querySelector<HTMLElement>(".query")!;
  expect(question.clientHeight).toBeLessThan(140);
  expect(question.tabIndex).toBe(0);
  const stamp = [...root().querySelectorAll<HTMLElement>(".stamp")].at(-1)!;
  expect(stamp.scrollWidth).toBeLessThanOrEqual(stamp.clientWidth);
});

test("nothing of the bar moves when the first maps come", () => {
  const early = rich();
  for (const one of early.cells) {
    Object.assign(one, { status: "running", layers: [], tokens: null, words: [] });
  }
  show(early);
  const controls = () => root().querySelectorAll(".toolbar > *").length;
  const before = controls();
  give(rich());
  expect(controls()).toBe(before);
});
