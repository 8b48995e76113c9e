/** What became of a cell's tokens, decoded once for as long as the bytes stay the same. */

import { DROPPED, decodeAssign, fate, keptCount, keptLabel, tokenPath } from "../lib/tokens";
import { attempt } from "./attempt";

interface Given {
  rows: number;
  cols: number;
  assign: string | null;
}

export class TokenState {
  #given: () => Given;

  constructor(given: () => Given) {
    this.#given = given;
  }

  #rows = $derived.by(() => this.#given().rows);
  #cols = $derived.by(() => this.#given().cols);
  #bytes = $derived.by(() => this.#given().assign);
  #decoded = $derived.by(() => {
    const [rows, cols] = [this.#rows, this.#cols];
    return attempt(this.#bytes, (assign) => decodeAssign({ rows, cols, assign }));
  });

  /** Who carries each token; null where that is not told. */
  assign = $derived.by(() => this.#decoded.content);
  problem = $derived.by(() => this.#decoded.problem);

  /** 1 where a token is kept as itself. */
  keptMask = $derived.by(() => {
    const assign = this.assign;
    return assign && Uint8Array.from(assign, (carrier, i) => (carrier === i ? 1 : 0));
  });

  /** How many tokens are kept as themselves; null where tokens are not told. */
  kept = $derived.by(() => (this.assign ? keptCount(this.assign) : null));

  /** `54 of 108 (50 %)`, or nothing where tokens are not told. */
  label = $derived.by(() => (this.kept === null ? "" : keptLabel(this.kept, this.assign!.length)));

  /** The dropped tokens as an SVG path, one unit a token; empty when none is. */
  droppedPath = $derived.by(() => {
    const assign = this.assign;
    return assign ? tokenPath(this.#rows, this.#cols, (i) => assign[i] === DROPPED) : "";
  });

  /** Whether any token merges into another. */
  hasGroups = $derived.by(() => this.assign?.some((to, i) => to !== i && to !== DROPPED) ?? false);

  /** What became of a token, in words; empty where that is not told. */
  fate(i: number): string {
    if (!this.assign) return "";
    const what = fate(this.assign, i);
    if (what !== "merged") return what;
    const into = this.assign[i]!;
    return `merged into row ${Math.floor(into / this.#cols)} col ${into % this.#cols}`;
  }
}
