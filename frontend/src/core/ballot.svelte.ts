/** The vote: which cells are best, and what stays hidden until it is cast. */

import { seededOrder } from "../lib/shuffle";
import type { Comparison, Vote } from "../lib/types";
import type { Asked } from "./asked.svelte";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

interface Cast {
  /** The comparison it was cast on, and what was answered there. */
  contest: string;
  answers: string;
  vote: Vote;
}

export class Ballot {
  #asked: Asked;
  #keys: () => string[];
  #cast = $state.raw<Cast | null>(null);
  #marked = $state.raw<{ contest: string; keys: string[] }>({ contest: "", keys: [] });
  /** How often a comparison was answered anew after a vote. */
  #again = $state.raw({ comparison: "", times: 0 });

  /** `keys` are the value's cells in its order. */
  constructor(asked: Asked, keys: () => string[]) {
    this.#asked = asked;
    this.#keys = keys;
  }

  isAsked = $derived.by(() => this.#asked.options.voting ?? false);
  isBlind = $derived.by(() => this.#asked.options.blind ?? false);

  #comparison = $derived.by(() => named(this.#asked.value, this.#asked.options.seed ?? null));

  /**
   * What makes a comparison another one: a vote, and a blind order, belong to one of them. After a
   * vote that told who is who, the same question is another one too.
   */
  contest = $derived.by(() => {
    const { comparison, times } = this.#again;
    return comparison === this.#comparison && times > 0
      ? `${this.#comparison} ${times}`
      : this.#comparison;
  });

  /** Whether a cell still waits or runs: nobody may vote on half an answer. */
  isEarly = $derived.by(() =>
    this.#asked.value.cells.some(({ status }) => status === "waiting" || status === "running"),
  );

  /** Whether the answers that were voted on are there no more. */
  isStale = $derived.by(() => {
    const cast = this.#cast;
    if (cast?.contest !== this.contest) return false;
    return this.isEarly || cast.answers !== answered(this.#asked.value);
  });

  /** The vote that was cast on this comparison. */
  vote = $derived.by<Vote | null>(() =>
    this.#cast?.contest === this.contest && !this.isStale ? this.#cast.vote : null,
  );

  /** Whether who is who is hidden now. */
  hides = $derived.by(() => this.isBlind && this.vote === null);

  /** The cells in the seeded order of a blind comparison; it stays when the vote has been cast. */
  shuffled = $derived.by<string[] | null>(() => {
    if (!this.isBlind) return null;
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
      blind: this.isBlind,
    };
    const answers = answered(this.#asked.value);
    this.#cast = { contest: this.contest, answers, vote };
    return vote;
  }

  /** Ask anew, in another order: the answers are other ones. */
  askAgain(): void {
    const { comparison, times } = this.#again;
    const before = comparison === this.#comparison ? times : 0;
    this.#again = { comparison: this.#comparison, times: before + 1 };
    this.#cast = null;
    this.#marked = { contest: "", keys: [] };
  }
}

function named({ query, image, cells }: Comparison, seed: number | null): string {
  const picture = [image?.orig_name ?? null, image?.path ?? null];
  return JSON.stringify([seed, query, ...picture, cells.map(({ id }) => id)]);
}

function answered({ cells }: Comparison): string {
  return JSON.stringify(cells.map(({ status, answer, error }) => [status, answer, error]));
}
