import { flushSync, mount, tick, unmount } from "svelte";
import { afterEach, beforeEach, expect, test } from "vitest";
import Grid from "../src/core/Grid.svelte";
import type { Comparison } from "../src/lib/types";
import { cell, comparison, layer } from "./values";

let page: HTMLElement;
let grid: Record<string, unknown> | undefined;
let props: { value: Comparison };

const map = layer([0, 1, 2, 3, 4, 5], 2, 3);
const four = (rest: Partial<Comparison> = {}) =>
  comparison(
    ["a", "b", "c", "d"].map((id) => cell(id, { layers: [map] })),
    rest,
  );

beforeEach(() => {
  page = document.createElement("div");
  page.style.width = "1200px";
  document.body.append(page);
});

afterEach(async () => {
  if (grid) await unmount(grid);
  page.remove();
});

function show(value: Comparison) {
  const live = $state({ value });
  props = live;
  grid = mount(Grid, { target: page, props });
  flushSync();
}

const cells = () => [...page.querySelectorAll<HTMLElement>("[data-testid=cell]")];
const ids = () =>
  cells()
    .map((element) => element.dataset.cell)
    .join("");

function press(key: string) {
  const target = page.querySelector<HTMLElement>("[data-testid=picture]")!;
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  flushSync();
}

function choose(id: string, action: string) {
  const header = cells().find((element) => element.dataset.cell === id)!;
  header.querySelector<HTMLButtonElement>("[aria-expanded=false]")?.click();
  flushSync();
  const buttons = [...header.querySelectorAll<HTMLButtonElement>("button")];
  const button = buttons.find((one) => one.textContent!.trim() === action)!;
  const able = !button.disabled;
  button.click();
  flushSync();
  return able;
}

test("a number shows its cell alone, and Escape brings the others back", () => {
  show(four());
  press("3");
  expect(ids()).toBe("c");
  expect(page.querySelector("[data-testid=away]")!.textContent).toContain("c alone");
  press("Escape");
  expect(ids()).toBe("abcd");
  press("2");
  press("2");
  expect(ids()).toBe("abcd");
  press("7");
  expect(ids()).toBe("abcd");
});

test("the focus stays inside when its cell goes, so that keys go on working", async () => {
  show(four());
  cells()[0]!.querySelector<HTMLElement>("[data-testid=picture]")!.focus();
  press("3");
  await tick();
  expect(document.activeElement).toBe(page.querySelector("[data-testid=picture]"));
  document.activeElement!.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Escape", bubbles: true }),
  );
  flushSync();
  expect(ids()).toBe("abcd");
});

test("a value can ask for one cell alone, and the person can leave it", () => {
  show(four({ view: { solo: "b" } }));
  expect(ids()).toBe("b");
  press("Escape");
  props.value = four({ view: { solo: "b" } });
  flushSync();
  expect(ids()).toBe("abcd");
});

test("Escape leaves the one cell first and the pinned crosshair next", () => {
  show(four());
  press("1");
  const picture = page.querySelector<HTMLElement>("[data-testid=picture]")!;
  picture.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
  flushSync();
  const readouts = () => page.querySelectorAll("[data-testid=readout]").length;
  expect(readouts()).toBe(1);
  press("Escape");
  expect(readouts()).toBe(4);
  press("Escape");
  expect(readouts()).toBe(0);
});

test("a hidden cell leaves its number to no other, and comes back to its place", () => {
  show(four());
  choose("b", "Hide");
  expect(ids()).toBe("acd");
  expect(cells().map((element) => element.dataset.number)).toEqual(["1", "3", "4"]);
  page.querySelector<HTMLButtonElement>("[data-testid=away] button")!.click();
  flushSync();
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
  props.value = comparison([...four().cells, cell("e")]);
  flushSync();
  expect(ids()).toBe("bace");
  props.value = comparison([cell("d")]);
  flushSync();
  expect(ids()).toBe("d");
});
