/** Raw maps: base64 bytes to numbers, NaN where there is no value. */

import type { MapData } from "./types";

const BYTES = { float32: 4, float16: 2, uint8: 1 } as const;

/** The bytes of a base64 text; throws a sentence when it is none or of another length. */
export function decodeBytes(base64: string, expected: number, name: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(base64);
  } catch {
    throw new Error(`${name} is not base64.`);
  }
  if (binary.length !== expected) {
    throw new Error(`${name} holds ${binary.length} bytes, but its grid needs ${expected}.`);
  }
  const bytes = new Uint8Array(expected);
  for (let i = 0; i < expected; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The values of a map, row by row; infinity and, in uint8, 0 are no value. */
export function decodeMap(map: MapData, name = "The map"): Float32Array {
  const { rows, cols, dtype, data } = map;
  if (!(dtype in BYTES)) throw new Error(`${name} has the unknown type ${dtype}.`);
  const count = rows * cols;
  const bytes = decodeBytes(data, count * BYTES[dtype], name);
  const view = new DataView(bytes.buffer);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = finite(read(view, i, map));
  return values;
}

function read(view: DataView, i: number, { dtype, low, high }: MapData): number {
  if (dtype === "float32") return view.getFloat32(i * 4, true);
  if (dtype === "float16") return half(view.getUint16(i * 2, true));
  const step = view.getUint8(i);
  if (step === 0 || low === null || high === null) return NaN;
  return low + ((step - 1) / 254) * (high - low);
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : NaN;
}

/** An IEEE 754 half-precision number from its 16 bits. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -14 * (fraction / 1024);
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
