/** The word of an answer that every cell shows its map for. */

import type { Span } from "../lib/spans";

/** A cell, as far as its words go. */
export interface Speaker {
  readonly key: string;
  readonly spans: Span[];
  /** The words alone. */
  readonly texts: string[];
}

/** A word, by the key of its cell and its place among the cell's words. */
export interface WordAt {
  readonly key: string;
  readonly index: number;
}

/** A word with what it said: another answer may have another word in its place. */
interface Held extends WordAt {
  readonly text: string;
  readonly scope: string;
}

export class Words {
  #states: () => readonly Speaker[];
  #scope: () => string;
  #hovered = $state.raw<Held | null>(null);
  #pinned = $state.raw<Held | null>(null);

  /** A word is let go when the `scope` becomes another one: another question is asked. */
  constructor(states: () => readonly Speaker[], scope: () => string) {
    this.#states = states;
    this.#scope = scope;
  }

  /** The word pointed at, or chosen; null when it is none, or no longer there. */
  current = $derived.by<WordAt | null>(() => {
    const at = this.#pinned ?? this.#hovered;
    return at?.scope === this.#scope() && this.#textAt(at) === at.text ? at : null;
  });

  /** The cell whose word it is. */
  source = $derived.by<Speaker | null>(() =>
    this.current ? (this.#state(this.current.key) ?? null) : null,
  );
  index = $derived.by(() => this.current?.index ?? -1);
  text = $derived.by<string | null>(() => this.source?.spans[this.index]?.text ?? null);
  isPinned = $derived.by(() => this.#pinned !== null && this.current !== null);

  /** Whether any cell has words with maps. */
  any = $derived.by(() => this.#states().some((state) => state.spans.length > 0));

  hover(at: WordAt | null): void {
    this.#hovered = at && this.#held(at);
  }

  /** Let go of the word pointed at when its answer leaves the page: nobody points at it any more. */
  leave(key: string): void {
    if (this.#hovered?.key === key) this.#hovered = null;
  }

  /** Hold on to a word, or let go of it. */
  toggle(at: WordAt): void {
    const held = this.#pinned?.key === at.key && this.#pinned.index === at.index;
    this.#pinned = held ? null : this.#held(at);
    this.#hovered = null;
  }

  /** Hold on to the next word of the answer, or the one before: of this cell, else of any with words. */
  step(by: 1 | -1, key: string | null): void {
    const current = this.current;
    const state = this.source ?? this.#withWords(key);
    if (!state) return;
    const last = state.spans.length - 1;
    const from = current?.index ?? (by > 0 ? -1 : last + 1);
    const index = Math.min(last, Math.max(0, from + by));
    this.#pinned = this.#held({ key: state.key, index });
  }

  /** Back to the layer; gives whether a word was shown. */
  clear(): boolean {
    const was = this.current !== null;
    this.#pinned = this.#hovered = null;
    return was;
  }

  #textAt({ key, index }: WordAt): string | undefined {
    return this.#state(key)?.spans[index]?.text;
  }

  #held(at: WordAt): Held | null {
    const text = this.#textAt(at);
    return text === undefined ? null : { ...at, text, scope: this.#scope() };
  }

  #state(key: string): Speaker | undefined {
    return this.#states().find((state) => state.key === key);
  }

  #withWords(key: string | null): Speaker | undefined {
    const having = this.#states().filter((state) => state.spans.length > 0);
    return having.find((state) => state.key === key) ?? having[0];
  }
}
