import { flushSync, tick } from "svelte";
import { expect, test, vi } from "vitest";
import type { Comparison } from "../src/lib/types";
import { all, button, frame, give, press, root, show, tap, texts } from "./harness.svelte";
import { cell, comparison, layer } from "./values";

const map = layer([0, 1, 2, 3, 4, 5], 2, 3);
const four = (rest: Partial<Comparison> = {}) =>
  comparison(
    ["a", "b", "c", "d"].map((id) => cell(id, { layers: [map] })),
    rest,
  );

const cells = () => all("cell");
const ids = () =>
  cells()
    .map((element) => element.dataset.cell)
    .join("");

/** Choose from a cell's menu; gives whether that could be chosen. */
function choose(id: string, action: string) {
  const header = cells().find((element) => element.dataset.cell === id)!;
  const opener = header.querySelector<HTMLButtonElement>("[aria-expanded=false]");
  if (opener) tap(opener);
  const entry = button(action);
  const able = !entry.disabled;
  tap(entry);
  return able;
}

test("a number shows its cell alone, and Escape brings the others back", () => {
  show(four());
  press(frame(0), "3");
  expect(ids()).toBe("c");
  expect(texts("away")[0]).toContain("c alone");
  press(frame(0), "Escape");
  expect(ids()).toBe("abcd");
  press(frame(0), "2");
  press(frame(0), "2");
  expect(ids()).toBe("abcd");
  press(frame(0), "7");
  expect(ids()).toBe("abcd");
});

test("the focus stays inside when its cell goes, so that keys go on working", async () => {
  show(four());
  cells()[0]!.querySelector<HTMLElement>("[data-testid=picture]")!.focus();
  press(frame(0), "3");
  await tick();
  expect(document.activeElement).toBe(frame(0));
  document.activeElement!.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Escape", bubbles: true }),
  );
  flushSync();
  expect(ids()).toBe("abcd");
});

test("a value can ask for one cell alone, and the person can leave it", () => {
  show(four({ view: { solo: "b" } }));
  expect(ids()).toBe("b");
  press(frame(0), "Escape");
  give(four({ view: { solo: "b" } }));
  expect(ids()).toBe("abcd");
});

test("Escape leaves the one cell first and the pinned crosshair next", () => {
  show(four());
  press(frame(0), "1");
  frame(0).dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
  flushSync();
  const readouts = () => texts("readout").length;
  expect(readouts()).toBe(1);
  press(frame(0), "Escape");
  expect(readouts()).toBe(4);
  press(frame(0), "Escape");
  expect(readouts()).toBe(0);
});

test("a hidden cell leaves its number to no other, and comes back to its place", () => {
  show(four());
  choose("b", "Hide");
  expect(ids()).toBe("acd");
  expect(cells().map((element) => element.dataset.number)).toEqual(["1", "3", "4"]);
  tap(button("Bring back b"));
  expect(ids()).toBe("abcd");
});

test("the last cell cannot be hidden", () => {
  show(four());
  for (const id of "abc") choose(id, "Hide");
  expect(choose("d", "Hide")).toBe(false);
  expect(ids()).toBe("d");
});

test("a cell moves past its neighbour, hidden ones left aside, and not past an end", () => {
  show(four());
  choose("b", "Hide");
  choose("c", "Move left");
  expect(ids()).toBe("cad");
  expect(choose("c", "Move left")).toBe(false);
  choose("c", "Move right");
  expect(ids()).toBe("acd");
});

test("a menu gives the focus back to what opened it", () => {
  show(four());
  const opener = button("Arrange b");
  tap(opener);
  button("Move left").focus();
  tap(button("Move left"));
  expect(document.activeElement).toBe(button("Arrange b"));
});

test("a cell dropped on another takes its place", () => {
  show(four());
  const data = new DataTransfer();
  const number = cells()[3]!.querySelector("button")!;
  number.dispatchEvent(new DragEvent("dragstart", { dataTransfer: data, bubbles: true }));
  const over = new DragEvent("dragover", { dataTransfer: data, bubbles: true, cancelable: true });
  cells()[1]!.dispatchEvent(over);
  expect(over.defaultPrevented).toBe(true);
  cells()[1]!.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
  flushSync();
  expect(ids()).toBe("adbc");
});

test("the arrangement outlives the next value; a new cell stands last", () => {
  show(four());
  choose("a", "Move right");
  choose("d", "Hide");
  give(comparison([...four().cells, cell("e")]));
  expect(ids()).toBe("bace");
  give(comparison([cell("d")]));
  expect(ids()).toBe("d");
});

test("a cell that was moved by its menu keeps the focus", async () => {
  show(four());
  tap(button("Arrange b"));
  tap(button("Move right"));
  await tick();
  await tick();
  expect(ids()).toBe("acbd");
  expect(document.activeElement).toBe(button("Arrange b"));
});

test("columns are as wide as the text needs: fewer of them where it is twice as large", () => {
  const columns = () => getComputedStyle(cells()[0]!.parentElement!).gridTemplateColumns.split(" ");
  root().style.width = "1200px";
  show(four());
  return vi
    .waitFor(() => expect(columns()).toHaveLength(4))
    .then(() => {
      document.documentElement.style.fontSize = "200%";
      return vi.waitFor(() => expect(columns()).toHaveLength(2));
    })
    .finally(() => (document.documentElement.style.fontSize = ""));
});

test("where the height is limited and the window narrow, the cells keep a room to be seen in", () => {
  root().style.width = "360px";
  show(four(), { height: 400 });
  expect(cells()[0]!.parentElement!.clientHeight).toBeGreaterThanOrEqual(256);
});
