import { expect, test } from "vitest";
import {
  all,
  ask,
  button,
  choose,
  frame,
  give,
  placed,
  press,
  set,
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

test("what a view does not say is left as it is", () => {
  show(two({ view: { zoom: 4 } }));
  give(two());
  give(two({ view: { colormap: "magma" } }));
  expect(texts("zoom")).toEqual(["4.0×"]);
  wheel(0, 100, true);
  const zoom = texts("zoom");
  give(two({ view: {} }));
  give(two({ view: { zoom: 4 } }));
  expect(texts("zoom")).toEqual(zoom);
  expect(ask().view!.colormap).toBe("magma");
});

test("of a view's wish and the component's, the newest counts", () => {
  show(two({ view: { colormap: "magma" } }), { colormap: "grey" });
  expect(ask().view!.colormap).toBe("magma");
  set({ colormap: "inferno" });
  expect(ask().view!.colormap).toBe("inferno");
  choose("Colours", "cividis");
  give(two({ view: { colormap: "magma" } }));
  set({ colormap: "inferno", opacity: 0.2 });
  expect(ask().view!.colormap).toBe("cividis");
  give(two({ view: { colormap: "viridis" } }));
  expect(ask().view!.colormap).toBe("viridis");
});

test("what a function changes of the view it was told is done, each time that it is called", () => {
  show(two());
  for (let times = 0; times < 3; times++) {
    press(frame(0), "+");
    press(frame(0), "1");
    const value = ask();
    Object.assign(value.view!, { zoom: 1, solo: null, colormap: "magma" });
    for (const answer of ["The", "The star"]) {
      value.cells[0]!.answer = answer;
      give(structuredClone(value));
    }
    expect(texts("zoom")).toEqual(["1.0×"]);
    expect(all("cell")).toHaveLength(2);
    expect(ask().view!.colormap).toBe("magma");
  }
});

test("what it changed is changed once: the person moves on while it yields", () => {
  show(two());
  press(frame(0), "+");
  const value = ask();
  value.view!.zoom = 1;
  give(structuredClone(value));
  press(frame(0), "+");
  const zoom = texts("zoom");
  give(structuredClone({ ...value, query: "another" }));
  expect(texts("zoom")).toEqual(zoom);
  give(structuredClone({ ...value, view: { ...value.view, zoom: 8 } }));
  expect(texts("zoom")).toEqual(["8.0×"]);
});

test("a new zoom leaves the place, and a new place the zoom", () => {
  show(two({ view: { zoom: 8, center: [0.25, 0.75] } }));
  give(two({ view: { zoom: 4 } }));
  expect(ask().view!.center).toEqual([0.25, 0.75]);
  press(frame(0), "ArrowRight");
  const [x] = ask().view!.center!;
  give(two({ view: { zoom: 2 } }));
  expect(ask().view!.center![0]).toBeCloseTo(x, 9);
  give(two({ view: { center: [0.5, 0.5] } }));
  expect(ask().view).toMatchObject({ zoom: 2, center: [0.5, 0.5] });
});

test("the mark of another page is none: what its view says is wished", () => {
  show(two());
  give(two({ view: { ...ask().view, told: "elsewhere-1", zoom: 4, solo: null } }));
  expect(texts("zoom")).toEqual(["4.0×"]);
});

test("as long as the leftmost is the reference, none is told: a function may take cells away", () => {
  show(two());
  expect(ask().reference).toBeNull();
  press(frame(1), "r");
  expect(ask().reference).toBe("b");
});
