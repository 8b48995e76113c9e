/** A grid on a page of its own, and hands and eyes for it. */

import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, vi } from "vitest";
import Guarded from "../src/core/Guarded.svelte";
import type { Code } from "../src/core/keeping";
import type { Comparison, Told, Options, Selection, Vote } from "../src/lib/types";

interface Live {
  value: Comparison;
  options: Options;
  code: Code | null;
}

let page: HTMLElement;
let mounted: { tell: () => Told }[] = [];
let live: Live;

/** What the grid told since it was shown. */
export const told = {
  select: vi.fn<(selection: Selection) => void>(),
  vote: vi.fn<(vote: Vote) => void>(),
  reference: vi.fn<(id: string) => void>(),
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  for (const listener of Object.values(told)) listener.mockReset();
  page = document.createElement("div");
  page.style.width = "1200px";
  document.body.append(page);
});

afterEach(async () => {
  vi.useRealTimers();
  for (const grid of mounted) await unmount(grid);
  mounted = [];
  page.remove();
});

/** Put a grid on the page. */
export function show(value: Comparison, options: Options = {}, code: Code | null = null): void {
  const props = $state({ value, options, code });
  live = props;
  const grid = mount(Guarded, {
    target: page,
    props: {
      get value() {
        return props.value;
      },
      get options() {
        return props.options;
      },
      code,
      onselect: told.select,
      onvote: told.vote,
      onreference: told.reference,
    },
  });
  mounted.push(grid as { tell: () => Told });
  flushSync();
}

/** Replace the value, as every yield of a function does. */
export function give(value: Comparison): void {
  live.value = value;
  flushSync();
}

export function set(options: Options): void {
  live.options = options;
  flushSync();
}

/** What a function that takes the grid gets. */
export function ask(): Comparison {
  return JSON.parse(JSON.stringify({ ...live.value, ...mounted.at(-1)!.tell() }));
}

export const all = (id: string): HTMLElement[] => [
  ...page.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`),
];
export const clean = (element: Element): string => element.textContent!.replace(/\s+/g, " ").trim();
export const texts = (id: string): string[] => all(id).map(clean);
export const find = <E extends HTMLElement>(selector: string): E =>
  page.querySelector<E>(selector)!;
export const frame = (i: number): HTMLElement => all("picture")[i]!;
export const text = (): string => clean(page);
export const root = (): HTMLElement => page;

/** The button that shows this text, or is called so. */
export const button = (name: string): HTMLButtonElement =>
  [...page.querySelectorAll<HTMLButtonElement>("button")].find(
    (one) => clean(one) === name || one.getAttribute("aria-label") === name,
  )!;

export function choose(label: string, option: string): void {
  const select = find<HTMLSelectElement>(`select[aria-label="${label}"]`);
  select.value = option;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  flushSync();
}

export function slide(label: string, value: number): void {
  const slider = find<HTMLInputElement>(`input[aria-label="${label}"]`);
  slider.value = String(value);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  flushSync();
}

export function tap(element: HTMLElement): void {
  element.click();
  flushSync();
}

export function at(i: number, x: number, y: number) {
  const box = frame(i).getBoundingClientRect();
  return { clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true };
}

/** Until so many frames are drawn. */
export async function frames(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame);
}

/** Move the mouse to a point of a picture, 0 to 1. */
export function point(i: number, x: number, y: number): void {
  frame(i).dispatchEvent(new PointerEvent("pointermove", at(i, x, y)));
  flushSync();
}

export function click(i: number, x: number, y: number, detail = 1): void {
  frame(i).dispatchEvent(new MouseEvent("click", { ...at(i, x, y), detail }));
  flushSync();
}

export function pointer(
  target: HTMLElement,
  type: string,
  place: MouseEventInit,
  buttons: number,
  id = 1,
): void {
  const event = new PointerEvent(type, { ...place, pointerId: id, buttons, cancelable: true });
  target.dispatchEvent(event);
  flushSync();
}

/** Turn the wheel at a quarter of a picture; gives whether the page was kept from scrolling. */
export function wheel(i: number, deltaY: number, ctrlKey: boolean): boolean {
  const event = new WheelEvent("wheel", {
    ...at(i, 0.25, 0.25),
    deltaY,
    ctrlKey,
    cancelable: true,
  });
  frame(i).dispatchEvent(event);
  flushSync();
  return event.defaultPrevented;
}

export function press(target: HTMLElement, key: string, shiftKey = false): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true }));
  flushSync();
}

export function release(target: HTMLElement, key: string): void {
  target.dispatchEvent(new KeyboardEvent("keyup", { key, bubbles: true }));
  flushSync();
}

/** The colour of a pixel of a cell's map: red, green, blue, and how opaque. */
export const pixel = (i: number, x: number, y: number): number[] => [
  ...(all("map")[i] as HTMLCanvasElement).getContext("2d")!.getImageData(x, y, 1, 1).data,
];
export const placed = (): string[] =>
  all("stage").map((stage) => getComputedStyle(stage).transform);
