import { expect, test } from "vitest";
import {
  ask,
  button,
  choose,
  frame,
  give,
  placed,
  press,
  show,
  slide,
  tap,
  texts,
  told,
  wheel,
} from "./harness.svelte";
import { cell, comparison, layer } from "./values";

const two = (rest = {}) =>
  comparison(
    ["a", "b"].map((id) => cell(id, { layers: [layer([0, 1, 2, 4], 2, 2)] })),
    { reference: null, ...rest },
  );

test("a function that takes the grid is told how it is looked at", () => {
  show(two());
  wheel(0, -100, true);
  slide("Threshold", 25);
  choose("Colours", "magma");
  press(frame(1), "d");
  press(frame(1), "r");
  press(frame(1), "s");
  tap(button("Arrange b"));
  tap(button("Move left"));
  const { view, reference, cells } = ask();
  expect(cells.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(reference).toBe("b");
  expect(view).toMatchObject({
    layer: "relevance",
    colormap: "magma",
    threshold: 25,
    difference: true,
    swipe: 0.5,
    order: ["b", "a"],
    hidden: null,
    linked: true,
    range: null,
  });
  expect(view!.zoom).toBeCloseTo(Math.exp(0.3), 6);
});

test("a view that comes back is no wish: what the person did since stays", () => {
  show(two());
  wheel(0, -100, true);
  press(frame(1), "r");
  const taken = ask();
  wheel(0, -100, true);
  press(frame(0), "r");
  choose("Colours", "magma");
  const [now, zoom] = [placed(), texts("zoom")];
  for (const answer of ["The", "The star"]) {
    const value = structuredClone(taken);
    value.cells[0]!.answer = answer;
    give(value);
  }
  expect(placed()).toEqual(now);
  expect(texts("zoom")).toEqual(zoom);
  expect(ask().reference).toBe("a");
  expect(ask().view!.colormap).toBe("magma");
});

test("a view that was asked for earlier stays when one that was told comes back", () => {
  show(two({ view: { zoom: 4, center: [0.5, 0.5] } }));
  const taken = ask();
  give({ ...two(), view: taken.view });
  expect(texts("zoom")).toEqual(["4.0×"]);
  give({ ...two(), view: { zoom: 2 } });
  expect(texts("zoom")).toEqual(["2.0×"]);
});

test("views that were told to two functions are both known again", () => {
  show(two());
  wheel(0, -100, true);
  const first = ask();
  wheel(0, -100, true);
  const second = ask();
  wheel(0, -100, true);
  const zoom = texts("zoom");
  for (const taken of [first, second, first]) give(structuredClone(taken));
  expect(texts("zoom")).toEqual(zoom);
});

test("a view that still comes back is known however often others were told since", () => {
  show(two());
  wheel(0, -100, true);
  const taken = ask();
  for (let i = 0; i < 1200; i++) {
    press(frame(0), i % 2 ? "+" : "-");
    press(frame(0), ["ArrowLeft", "ArrowUp", "ArrowRight"][i % 3]!);
    for (let times = 0; times < 3; times++) ask();
    if (i % 10 === 0) give(structuredClone(taken));
  }
  slide("Opacity", 0.3);
  const zoom = texts("zoom");
  give(structuredClone(taken));
  expect(texts("zoom")).toEqual(zoom);
  expect(ask().view!.opacity).toBe(0.3);
});

test("a range that was set for a difference is no range of the layer", () => {
  show(two());
  press(frame(0), "d");
  press(document.querySelector<HTMLElement>("footer [role=slider]")!, "PageUp");
  expect(ask().view!.range).toBeNull();
});

test("the range is told in the layer's unit once it was set", () => {
  show(two());
  const handle = document.querySelector<HTMLElement>("footer [role=slider]")!;
  for (let i = 0; i < 5; i++) press(handle, "PageUp");
  const [low, high] = ask().view!.range!;
  expect(low).toBeCloseTo(2, 6);
  expect(high).toBe(4);
});

test("a reference that a person chose is told", () => {
  show(two());
  press(frame(1), "r");
  expect(told.reference).toHaveBeenCalledExactlyOnceWith("b");
});
