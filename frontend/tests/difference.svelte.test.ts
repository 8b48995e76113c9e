import { flushSync } from "svelte";
import { expect, test, vi } from "vitest";
import {
  all,
  button,
  choose,
  find,
  frame,
  give,
  pixel,
  point,
  pointer,
  press,
  release,
  show,
  tap,
  texts,
} from "./harness.svelte";
import { cell, comparison, layer, tokens } from "./values";

const A = [0, 1, 2, 3, 4, 5];
const B = [10, 8, 6, 4, 2, 0];
const KEPT = tokens([0, 1, 2, 65535, 65535, 5], 2, 3);
const two = (rest = {}) =>
  comparison(
    [
      cell("a", { layers: [layer(A, 2, 3)], tokens: tokens([0, 1, 65535, 3, 4, 5], 2, 3) }),
      cell("b", { layers: [layer(B, 2, 3)], tokens: KEPT }),
    ],
    rest,
  );

/** The middle of the diverging colours, and its two ends. */
const MIDDLE = [244, 244, 242, 255].map((channel) => expect.closeTo(channel, -0.5));
const LOWEST = [35, 79, 148, 255];
const HIGHEST = [142, 36, 48, 255];

test("a difference is each value less the reference's, with zero in the middle", () => {
  show(two(), { difference: true });
  // b − a is 10, 7, 4, 1, −2, −5: from −10 to 10, and the reference itself is not drawn.
  expect(texts("low").concat(texts("high"))).toEqual(["−10", "10"]);
  expect(all("map")).toHaveLength(1);
  expect(pixel(0, 0, 0)).toEqual(HIGHEST);
  point(1, 0.9, 0.9);
  expect(texts("readout")[1]).toBe("row 1 col 2 −5.000 p17 kept");
  expect(frame(0).textContent).toContain("the reference");
});

test("what is alike is drawn as the middle of the scale", () => {
  const cells = [cell("a", { layers: [layer([1, 2], 1, 2)] })];
  show(comparison([...cells, cell("b", { layers: [layer([1, 5], 1, 2)] })]), { difference: true });
  expect(pixel(0, 0, 0)).toEqual(MIDDLE);
  expect(pixel(0, 1, 0)).toEqual(HIGHEST);
});

test("maps of unlike grids are averaged onto the reference's, and marked so", () => {
  const fine = [0, 2, 4, 6, 0, 2, 4, 6]; // two by two: 1 and 5
  show(
    comparison([
      cell("a", { layers: [layer([3, 1], 1, 2)] }),
      cell("b", { layers: [layer(fine, 2, 4)] }),
    ]),
    { difference: true },
  );
  // 1 − 3 and 5 − 1
  point(1, 0.1, 0.1);
  expect(texts("readout")[1]).toBe("row 0 col 0 −2.000 p50");
  point(1, 0.9, 0.9);
  expect(texts("readout")[1]).toBe("row 1 col 3 4.000 p100");
  expect(frame(1).textContent).toContain("2 × 4 on 1 × 2");
});

test("any cell can become the reference, and everything relative follows", () => {
  show(two(), { difference: true });
  press(frame(1), "r");
  expect(texts("low").concat(texts("high"))).toEqual(["−10", "10"]);
  expect(pixel(0, 0, 0)).toEqual(LOWEST);
  expect(frame(1).textContent).toContain("the reference");
  expect(all("cell").map((one) => one.textContent!.includes("reference"))).toEqual([false, true]);
});

test("the menu of a cell makes it the reference, and it stays so while values stream in", () => {
  show(two());
  tap(button("Arrange b"));
  tap(button("Make it the reference"));
  give(two());
  expect(all("cell")[1]!.querySelector(".reference")).not.toBeNull();
  give(two({ reference: "a" }));
  expect(all("cell")[0]!.querySelector(".reference")).not.toBeNull();
});

test("overlap of kept tokens and rank correlation of maps stand in every cell but the reference", () => {
  show(two());
  // Kept by both: 0, 1, 5. By either: all but… a lacks 2, b lacks 3 and 4: all six.
  expect(texts("agreement")).toEqual([
    "kept in common – IoU maps alike – rank ρ",
    "kept in common 50 % IoU maps alike −1.00 rank ρ",
  ]);
});

test("holding b shows the reference in turn with each cell, at most three times a second", () => {
  show(two());
  const sides = () => frame(1).querySelectorAll<HTMLElement>(".side");
  expect(sides()).toHaveLength(1);
  press(frame(1), "b");
  expect(sides()).toHaveLength(2);
  let changes = 0;
  let flipped = true;
  for (let ms = 0; ms < 1000; ms += 10) {
    vi.advanceTimersByTime(10);
    flushSync();
    const now = sides()[1]!.classList.contains("flipped");
    if (now !== flipped) changes++;
    flipped = now;
  }
  // There and back is one flash.
  expect(changes).toBeGreaterThan(1);
  expect(changes).toBeLessThanOrEqual(6);
  release(frame(1), "b");
  expect(sides()).toHaveLength(1);
});

test("letting go of b ends the blinking, whatever else is held", () => {
  show(two());
  press(frame(1), "b");
  release(frame(1), "B");
  expect(frame(1).querySelectorAll(".side")).toHaveLength(1);
  press(frame(1), "D");
  expect(texts("low")).toEqual(["−10"]);
});

test("blinking from the swipe's handle leaves the focus there", () => {
  show(two());
  tap(button("Swipe"));
  const handle = all("swipe")[0]!;
  handle.focus();
  press(handle, "b");
  expect(frame(1).querySelector(".side.flipped")).not.toBeNull();
  expect(document.activeElement).toBe(handle);
  release(handle, "b");
  expect(all("swipe")).toEqual([handle]);
});

test("without motion, holding b shows the reference still", () => {
  vi.spyOn(window, "matchMedia").mockReturnValue({ matches: true } as MediaQueryList);
  show(two());
  press(frame(1), "b");
  for (let ms = 0; ms < 2000; ms += 50) {
    expect(frame(1).querySelector(".side.flipped")).not.toBeNull();
    vi.advanceTimersByTime(50);
    flushSync();
  }
  vi.restoreAllMocks();
});

test("a swipe shows the reference left of its handle, in every cell at one place", () => {
  show(two());
  tap(button("Swipe"));
  expect(all("swipe")).toHaveLength(1);
  const clip = () => frame(1).querySelectorAll<HTMLElement>(".side")[1]!.style.clipPath;
  expect(clip()).toBe("inset(0px 0px 0px 50%)");
  press(all("swipe")[0]!, "ArrowRight");
  expect(clip()).toBe("inset(0px 0px 0px 52%)");
  const box = frame(1).getBoundingClientRect();
  const place = (x: number) => ({
    clientX: box.left + x * box.width,
    clientY: box.top + 20,
    bubbles: true,
  });
  const handle = all("swipe")[0]!;
  handle.setPointerCapture = () => {};
  const before = getComputedStyle(all("stage")[0]!).transform;
  pointer(handle, "pointerdown", place(0.52), 1);
  pointer(handle, "pointermove", place(0.25), 1);
  pointer(handle, "pointerup", place(0.25), 0);
  expect(clip()).toBe("inset(0px 0px 0px 25%)");
  expect(getComputedStyle(all("stage")[0]!).transform).toBe(before);
  press(frame(0), "s");
  expect(all("swipe")).toHaveLength(0);
});

test("a hidden reference is still what the others are compared with", () => {
  show(two(), { difference: true });
  tap(button("Arrange a"));
  tap(button("Hide"));
  expect(all("cell")).toHaveLength(1);
  expect(pixel(0, 0, 0)).toEqual(HIGHEST);
});

test("another layer has a difference of its own", () => {
  const both = (key: string, numbers: number[]) => [
    layer(numbers, 1, 2, "one"),
    layer([key === "a" ? 1 : 4, 2], 1, 2, "two"),
  ];
  const cells = [
    cell("a", { layers: both("a", [0, 0]) }),
    cell("b", { layers: both("b", [1, 2]) }),
  ];
  show(comparison(cells), { difference: true });
  expect(texts("high")).toEqual(["2"]);
  choose("Layer", "two");
  expect(texts("high")).toEqual(["3"]);
  expect(find("footer").textContent).toContain("two − reference");
});

test("after another comparison has come, its own reference is taken", () => {
  show(two());
  give(
    comparison([
      cell("c", { layers: [layer([1, 1], 1, 2, "other")] }),
      cell("d", { layers: [layer([1, 5], 1, 2, "other")] }),
    ]),
  );
  press(frame(1), "d");
  expect(texts("high")).toEqual(["4"]);
});

test("a difference or a swipe that is on can be switched off also with one cell left", () => {
  show(two({ view: { difference: true, swipe: 0.5 } }));
  give(comparison([cell("a", { layers: [layer(A, 2, 3)] })]));
  tap(button("Difference"));
  tap(button("Swipe"));
  expect(all("map")).toHaveLength(1);
  expect(all("swipe")).toHaveLength(0);
});
