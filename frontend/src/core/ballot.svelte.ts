/** The vote: which cells are best, and what stays hidden until it is cast. */

import { seededOrder } from "../lib/shuffle";
import type { Comparison, Vote } from "../lib/types";
import type { Asked } from "./asked.svelte";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export class Ballot {
  #asked: Asked;
  #keys: () => string[];
  #cast = $state.raw<{ contest: string; vote: Vote } | null>(null);
  #marked = $state.raw<{ contest: string; keys: string[] }>({ contest: "", keys: [] });

  /** `keys` are the value's cells in its order. */
  constructor(asked: Asked, keys: () => string[]) {
    this.#asked = asked;
    this.#keys = keys;
  }

  isAsked = $derived.by(() => this.#asked.options.voting ?? false);

  /** What makes a comparison another one: a vote, and a blind order, belong to one of them. */
  contest = $derived.by(() => contest(this.#asked.value, this.#asked.options.seed ?? null));

  /** The vote that was cast on this comparison. */
  vote = $derived.by<Vote | null>(() =>
    this.#cast?.contest === this.contest ? this.#cast.vote : null,
  );

  /** Whether a cell still waits or runs: nobody may vote on half an answer. */
  isEarly = $derived.by(() =>
    this.#asked.value.cells.some(({ status }) => status === "waiting" || status === "running"),
  );

  #isBlind = $derived.by(() => this.#asked.options.blind ?? false);

  /** Whether who is who is hidden now. */
  hides = $derived.by(() => this.#isBlind && this.vote === null);

  /** The cells in the seeded order of a blind comparison; it stays when the vote has been cast. */
  shuffled = $derived.by<string[] | null>(() => {
    if (!this.#isBlind) return null;
    const keys = this.#keys();
    return seededOrder(keys.length, this.contest).map((place) => keys[place]!);
  });

  /** What a cell is called as long as its title is hidden. */
  letter(key: string): string {
    const place = this.shuffled?.indexOf(key) ?? -1;
    return LETTERS[place] ?? `${place + 1}`;
  }

  /** The cells marked as best so far. */
  marked = $derived.by(() => (this.#marked.contest === this.contest ? this.#marked.keys : []));

  toggle(key: string): void {
    const keys = this.marked.includes(key)
      ? this.marked.filter((other) => other !== key)
      : [...this.marked, key];
    this.#marked = { contest: this.contest, keys };
  }

  /** Cast the vote; `ids` gives the ids of keys, `order` the keys as they are shown. */
  cast(verdict: Vote["verdict"], order: string[], ids: (key: string) => string): Vote {
    const chosen = verdict === "best" ? order.filter((key) => this.marked.includes(key)) : [];
    const vote: Vote = {
      verdict,
      chosen: chosen.map(ids),
      order: order.map(ids),
      blind: this.#isBlind,
    };
    this.#cast = { contest: this.contest, vote };
    return vote;
  }

  /** Ask anew: the answers are being given again. */
  forget(): void {
    this.#cast = null;
    this.#marked = { contest: "", keys: [] };
  }
}

function contest({ query, image, cells }: Comparison, seed: number | null): string {
  return JSON.stringify([
    seed,
    query,
    image?.orig_name ?? null,
    image?.path ?? null,
    cells.map(({ id }) => id),
  ]);
}
