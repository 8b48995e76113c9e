import { expect, test } from "vitest";
import { carriers, groupOutline } from "./groups";
import { DROPPED } from "./tokens";

const X = DROPPED;

/** Every unit edge of a path, as `h column row` or `v column row`. */
function edges(path: string): string[] {
  return [...path.matchAll(/M(\d+) (\d+)([HV])(\d+)/g)].flatMap(([, x, y, way, end]) => {
    const [col, row, to] = [Number(x), Number(y), Number(end)];
    return way === "H"
      ? Array.from({ length: to - col }, (_, i) => `h ${col + i} ${row}`)
      : Array.from({ length: to - row }, (_, i) => `v ${col} ${row + i}`);
  });
}

test("a group of two is outlined by one line a side, tokens alone are not", () => {
  // A A .      the group of tokens 0 and 1; token 2 alone, 3 dropped
  // x . .
  expect(groupOutline(Uint16Array.of(0, 0, 2, X, 4, 5), 2, 3)).toBe("M0 0H2M0 1H2M0 0V1M2 0V1");
});

test("two groups side by side share the line between them", () => {
  // A A
  // B B
  expect(groupOutline(Uint16Array.of(0, 0, 3, 3), 2, 2)).toBe("M0 0H2M0 1H2M0 2H2M0 0V2M2 0V2");
});

test("a group in pieces is outlined around each piece, and around its holes", () => {
  // A . A
  expect(groupOutline(Uint16Array.of(0, 1, 0), 1, 3)).toBe(
    "M0 0H1M2 0H3M0 1H1M2 1H3M0 0V1M1 0V1M2 0V1M3 0V1",
  );
  // a ring around one token alone
  const ring = Uint16Array.of(0, 0, 0, 0, 4, 0, 0, 0, 0);
  expect(groupOutline(ring, 3, 3)).toBe("M0 0H3M1 1H2M1 2H2M0 3H3" + "M0 0V3M1 1V2M2 1V2M3 0V3");
});

test("nothing merged, nothing drawn", () => {
  expect(groupOutline(Uint16Array.of(0, 1, X, 3), 2, 2)).toBe("");
  expect(carriers(Uint16Array.of(0, 1, X, 3))).toEqual([]);
});

test("carriers are the tokens that others merged into", () => {
  expect(carriers(Uint16Array.of(3, 1, X, 3, 5, 5))).toEqual([3, 5]);
});

test.each([
  [64, 64],
  [7, 31],
])(
  "on %i×%i the lines are exactly the edges where a group ends, each once, in no time",
  (rows, cols) => {
    const assign = Uint16Array.from({ length: rows * cols }, (_, i) => {
      const mixed = (i * 7919) % 97;
      return mixed < 20 ? X : mixed < 50 ? i : (i % cols) - (i % 3 === 0 && i % cols > 0 ? 1 : 0);
    });
    // Independent of the code under test: lists of members, and every pair of neighbours once.
    const members = new Map<number, number[]>();
    assign.forEach((to, i) => members.set(to, [...(members.get(to) ?? []), i]));
    const name = (row: number, col: number) => {
      const inside = row >= 0 && row < rows && col >= 0 && col < cols;
      const to = inside ? assign[row * cols + col]! : X;
      return to !== X && members.get(to)!.length >= 2 ? to : -1;
    };
    const wanted: string[] = [];
    for (let row = 0; row <= rows; row++) {
      for (let col = 0; col <= cols; col++) {
        if (name(row, col) !== name(row - 1, col)) wanted.push(`h ${col} ${row}`);
        if (name(row, col) !== name(row, col - 1)) wanted.push(`v ${col} ${row}`);
      }
    }
    const before = performance.now();
    const path = groupOutline(assign, rows, cols);
    expect(performance.now() - before).toBeLessThan(100);
    expect(edges(path).sort()).toEqual(wanted.sort());
  },
);
