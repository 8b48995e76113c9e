import { expect, test } from "vitest";
import { decodeMap, half } from "./maps";
import type { MapData } from "./types";

function map(bytes: ArrayLike<number>, rest: Partial<MapData>): MapData {
  const data = btoa(String.fromCharCode(...Array.from(bytes)));
  return { rows: 1, cols: 1, dtype: "float32", low: null, high: null, data, ...rest };
}

test("float32 comes through bit for bit", () => {
  const values = Float32Array.of(0.1, -2.5, 1e-20, 3.4e38);
  const bytes = new Uint8Array(values.buffer);
  expect(decodeMap(map(bytes, { cols: 4 }))).toEqual(values);
});

test("what Python wrote is what is read: rows first, little-endian", () => {
  // base64.b64encode(numpy.array([[1, 2, 3], [4, 5, 6]], "<f4").tobytes())
  const data = "AACAPwAAAEAAAEBAAACAQAAAoEAAAMBA";
  const decoded = decodeMap({ rows: 2, cols: 3, dtype: "float32", low: 1, high: 6, data });
  expect([...decoded]).toEqual([1, 2, 3, 4, 5, 6]);
});

test("infinity and NaN are no value", () => {
  const bytes = new Uint8Array(Float32Array.of(Infinity, -Infinity, NaN, 0).buffer);
  expect([...decodeMap(map(bytes, { cols: 4 }))]).toEqual([NaN, NaN, NaN, 0]);
});

test.each([
  [0x0000, 0],
  [0x0001, 2 ** -24],
  [0x03ff, (1023 / 1024) * 2 ** -14],
  [0x0400, 2 ** -14],
  [0x3c00, 1],
  [0x3555, 0.333251953125],
  [0xc000, -2],
  [0x7bff, 65504],
  [0x7c00, Infinity],
  [0x7e00, NaN],
])("half precision 0x%s is %s, as IEEE 754 says", (bits, value) => {
  expect(half(bits)).toBe(value);
});

test("uint8 runs from low (1) to high (255), and 0 is no value", () => {
  const decoded = decodeMap(map([0, 1, 128, 255], { cols: 4, dtype: "uint8", low: -1, high: 3 }));
  expect([...decoded]).toEqual([NaN, -1, 1, 3]);
});

test("bytes that do not fill the grid are refused with both counts", () => {
  expect(() => decodeMap(map([0, 0, 0, 0], { cols: 2 }), "The map of A")).toThrow(
    "The map of A holds 4 bytes, but its grid needs 8.",
  );
});

test("what is not base64 is refused in a sentence", () => {
  expect(() => decodeMap({ ...map([], {}), data: "%%" })).toThrow("The map is not base64.");
});
