/** Colour maps: a position from 0 to 1 on a scale becomes red, green and blue. */

import type { ColormapName } from "./types";

/** 33 even steps of each map, as hex; between them colours run straight in sRGB. */
const STOPS: Record<ColormapName, string> = {
  // viridis, magma, cividis and inferno: matplotlib's, which are in the public domain (CC0).
  viridis:
    "440154 470d60 48186a 482374 472d7b 453681 424086 3f4989 3b528b 375a8d 33638d 2f6a8e 2c728e " +
    "297a8e 26818e 23898e 21908c 1f988b 1f9f88 21a685 28ae80 31b57b 3ebc74 4cc26c 5dc963 6ece58 " +
    "82d34c 96d83f abdc32 c0df24 d5e21a eae51a fde725",
  magma:
    "000004 030311 0a0822 130d33 1d1146 28115a 36106a 430f76 50127c 5d177f 691c81 762181 822681 " +
    "8f2a81 9c2e7f a9327d b63779 c33b75 cf4170 db486a e65163 ee5c5e f5695c f9785d fb8761 fd9668 " +
    "fea571 feb47b fec387 fed194 fde0a2 fceeb0 fcfdbf",
  cividis:
    "00224e 00285b 002e6a 043371 1a386f 273e6e 32436d 3b496c 434e6c 4b546c 52596d 5a5f6e 61656f " +
    "686a71 6f7073 757676 7c7b78 848179 8b8778 938d78 9b9376 a39a75 aba072 b3a670 bbad6c c3b469 " +
    "ccba64 d4c15f ddc958 e6d051 efd748 f8df3c fee838",
  inferno:
    "000004 040312 0b0724 150b37 210c4a 2e0a5a 3c0965 4a0c6b 57106d 63146e 70196e 7d1e6d 89226a " +
    "962766 a32b61 af315c bb3755 c63e4d d14644 db4f3b e35932 eb6528 f1711e f67f14 f98d0a fb9c06 " +
    "fcab0f fbba1f f9ca32 f5d949 f2e865 f3f586 fcffa4",
  grey: "000000 ffffff",
  diverging: "234f94 4a7bb7 84afd3 c0d8e8 f4f4f2 f0cdb9 dd9177 bf5548 8e2430",
};

export const COLORMAPS = Object.keys(STOPS) as ColormapName[];

const LEVELS = 256;
const tables = new Map<ColormapName, Uint8ClampedArray>();

/** 256 colours of a map, three bytes each. */
export function colourTable(name: ColormapName): Uint8ClampedArray {
  let table = tables.get(name);
  if (!table) {
    table = buildTable(STOPS[name] ?? STOPS.viridis);
    tables.set(name, table);
  }
  return table;
}

function buildTable(stops: string): Uint8ClampedArray {
  const anchors = stops.split(" ").map((hex) => parseInt(hex, 16));
  const table = new Uint8ClampedArray(LEVELS * 3);
  for (let level = 0; level < LEVELS; level++) {
    const place = (level / (LEVELS - 1)) * (anchors.length - 1);
    const left = Math.min(Math.floor(place), anchors.length - 2);
    const share = place - left;
    for (let channel = 0; channel < 3; channel++) {
      const shift = 16 - 8 * channel;
      const from = (anchors[left]! >> shift) & 255;
      const to = (anchors[left + 1]! >> shift) & 255;
      table[level * 3 + channel] = from + (to - from) * share;
    }
  }
  return table;
}

/** The index in a 256-colour table of a position from 0 to 1. */
export function level(position: number): number {
  return Math.round(Math.min(1, Math.max(0, position)) * (LEVELS - 1));
}

/** Some colours of a map, with their places from 0 to 1, dense enough for a gradient. */
export function gradientStops(name: ColormapName): [place: number, colour: string][] {
  const table = colourTable(name);
  return Array.from({ length: 17 }, (_, i) => {
    const at = level(i / 16) * 3;
    return [i / 16, `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`];
  });
}

/** A map as a CSS gradient from left to right, spread over a part (0 to 1) of the width. */
export function gradient(name: ColormapName, low = 0, high = 1): string {
  const steps = gradientStops(name).map(
    ([place, colour]) => `${colour} ${(100 * (low + place * (high - low))).toFixed(2)}%`,
  );
  return `linear-gradient(to right, ${steps.join(", ")})`;
}

/**
 * The pixels (RGBA, one for each value) of values placed on a scale.
 * A position that is NaN is no value and stays transparent.
 */
export function paint(positions: Float32Array, name: ColormapName): Uint8ClampedArray<ArrayBuffer> {
  const table = colourTable(name);
  const pixels = new Uint8ClampedArray(positions.length * 4);
  positions.forEach((position, i) => {
    if (Number.isNaN(position)) return;
    const at = level(position) * 3;
    pixels[i * 4] = table[at]!;
    pixels[i * 4 + 1] = table[at + 1]!;
    pixels[i * 4 + 2] = table[at + 2]!;
    pixels[i * 4 + 3] = 255;
  });
  return pixels;
}
