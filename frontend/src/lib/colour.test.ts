import { expect, test } from "vitest";
import { COLORMAPS, colourTable, gradient, level, paint } from "./colour";

/** Colours at 0, 51, 77, 128, 200 and 255 of 255, as matplotlib gives them. */
const MATPLOTLIB = {
  viridis: ["440154", "414487", "34608d", "21918c", "70cf57", "fde725"],
  magma: ["000004", "3b0f70", "651a80", "b73779", "fd9869", "fcfdbf"],
  cividis: ["00224e", "35456c", "50576c", "7d7c78", "c4b468", "fee838"],
  inferno: ["000004", "420a68", "6c186e", "bc3754", "fb9d07", "fcffa4"],
} as const;
const LEVELS = [0, 51, 77, 128, 200, 255];

test.each(Object.entries(MATPLOTLIB))("%s is matplotlib's, within 3 of 255", (name, colours) => {
  const table = colourTable(name as keyof typeof MATPLOTLIB);
  colours.forEach((hex, i) => {
    for (let channel = 0; channel < 3; channel++) {
      const expected = parseInt(hex.slice(channel * 2, channel * 2 + 2), 16);
      expect(Math.abs(table[LEVELS[i]! * 3 + channel]! - expected)).toBeLessThanOrEqual(3);
    }
  });
});

test("grey runs evenly from black to white", () => {
  const table = colourTable("grey");
  for (let i = 0; i < 256; i++) expect(table[i * 3]).toBe(i);
});

test("the middle of the diverging map is the palest, and both ends are dark", () => {
  const table = colourTable("diverging");
  const light = (i: number) => table[i * 3]! + table[i * 3 + 1]! + table[i * 3 + 2]!;
  const lights = Array.from({ length: 256 }, (_, i) => light(i));
  expect(lights.indexOf(Math.max(...lights))).toBeGreaterThanOrEqual(127);
  expect(lights.indexOf(Math.max(...lights))).toBeLessThanOrEqual(128);
  expect(light(0)).toBeLessThan(300);
  expect(light(255)).toBeLessThan(300);
});

test("every map has 256 colours and a gradient", () => {
  for (const name of COLORMAPS) {
    expect(colourTable(name)).toHaveLength(768);
    expect(gradient(name)).toMatch(/^linear-gradient\(to right, rgb\(/);
  }
});

test("positions beyond the scale take its ends", () => {
  expect([-1, 0, 0.5, 1, 7].map(level)).toEqual([0, 0, 128, 255, 255]);
});

test("a place without a value is painted transparent, any other opaque", () => {
  const pixels = paint(Float32Array.of(NaN, 0, 1), "grey");
  expect([...pixels]).toEqual([0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255]);
});
