/** All that the cells of a grid share, and the cells themselves. */

import { untrack } from "svelte";
import { best, figure, formatSpread, ranked } from "../lib/figures";
import type { Point } from "../lib/viewport";
import type { Answers, Cell, Comparison, Deltas, Options } from "../lib/types";
import { Arrangement } from "./arrangement.svelte";
import { Asked, type Look } from "./asked.svelte";
import { Ballot } from "./ballot.svelte";
import type { CellState } from "./cell.svelte";
import { CrosshairState } from "./crosshair.svelte";
import { Drawing } from "./drawing.svelte";
import { RegionState } from "./region.svelte";
import { Reveal } from "./reveal.svelte";
import { Setting } from "./setting.svelte";
import { Sight } from "./sight.svelte";
import { Words } from "./words.svelte";

export class GridState {
  readonly asked: Asked;
  readonly sight: Sight;
  readonly drawing: Drawing;
  readonly words: Words;
  readonly reveal: Reveal;
  readonly region: RegionState;
  readonly ballot: Ballot;
  readonly arrangement: Arrangement;
  readonly crosshair = new CrosshairState((at) => this.aim(at));
  answers: Setting<Answers>;
  deltas: Setting<Deltas>;
  #reference: Setting<string | null>;

  constructor(value: () => Comparison, options: () => Options) {
    const asked = (this.asked = new Asked(value, options));
    // What belongs to a blind comparison ends with it: with the next, it would tell who is who.
    const scope = () => (this.ballot.isBlind ? this.ballot.contest : "");
    this.sight = new Sight(asked, scope);
    this.drawing = new Drawing(asked, {
      extents: () => this.cells.map((cell) => cell.extent),
      word: () => this.words.text,
    });
    this.words = new Words(
      () => this.cells,
      () => asked.value.query,
    );
    this.reveal = new Reveal(asked);
    this.region = new RegionState(asked);
    this.ballot = new Ballot(asked, () => [...this.byKey.keys()]);
    this.arrangement = new Arrangement(
      () => this.ballot.shuffled ?? [...this.byKey.keys()],
      {
        scope,
        // An order that is asked for would tell who is who.
        order: () => (this.ballot.isBlind ? undefined : asked.wish("order")),
        solo: () => asked.wish("solo"),
        hidden: () => asked.wish("hidden"),
        sort: () => asked.wish("sort"),
      },
      (metric) => (this.ballot.hides ? null : this.#ranked(metric)),
    );
    this.answers = new Setting(() => asked.wish("answers"), "marked");
    this.deltas = new Setting(() => asked.wish("deltas"), "percent");
    this.#reference = new Setting(() => asked.wish("reference"), null);
  }

  get value(): Comparison {
    return this.asked.value;
  }

  /** Cells under their ids; a repeated id gets a number, for it must not take the page down. */
  byKey = $derived.by<ReadonlyMap<string, Cell>>(() => {
    const seen = new Map<string, number>();
    const cells = this.value.cells.map((cell): [string, Cell] => {
      const again = seen.get(cell.id) ?? 0;
      seen.set(cell.id, again + 1);
      return [again ? `${cell.id} ${again}` : cell.id, cell];
    });
    return new Map(cells);
  });

  // Beside the signal: what goes away reads signals as they were before it, newcomers left out.
  readonly #members = new Set<CellState>();
  #joined = $state.raw<readonly CellState[]>([]);
  /** The states of the value's cells, in the order in which they came. */
  cells = $derived.by<readonly CellState[]>(() =>
    // One that is about to go must not be asked any more.
    this.#joined.filter((cell) => this.byKey.has(cell.key)),
  );

  /** Count a cell in; gives the function that counts it out. */
  join(cell: CellState): () => void {
    const count = () => untrack(() => (this.#joined = [...this.#members]));
    this.#members.add(cell);
    count();
    return () => {
      this.#members.delete(cell);
      count();
    };
  }

  state(key: string | null | undefined): CellState | undefined {
    return this.cells.find((cell) => cell.key === key);
  }

  /** What a cell is called on the page. */
  title(key: string): string {
    if (this.ballot.hides) return this.ballot.letter(key);
    return this.byKey.get(key)?.title || key;
  }

  /** The key of the cell that all differences are taken against. */
  referenceKey = $derived.by<string | null>(() => {
    // Hidden until the vote: which cell the app takes for the reference would tell who it is.
    const chosen = this.ballot.hides ? null : this.#reference.current;
    return chosen !== null && this.byKey.has(chosen) ? chosen : this.arrangement.first;
  });

  reference = $derived.by<Cell | null>(() =>
    this.referenceKey === null ? null : (this.byKey.get(this.referenceKey) ?? null),
  );

  chooseReference(key: string): void {
    this.#reference.current = key;
  }

  /** Let every cell find what is under a point. */
  aim(at: Point | null): void {
    for (const cell of this.cells) cell.aim(at);
  }

  #ranked(key: string): string[] | null {
    const metric = this.value.metrics.find((one) => one.key === key);
    return metric ? ranked(this.byKey, metric) : null;
  }

  /** How the comparison is looked at now, and against which cell: null for the leftmost. */
  look(): Look {
    const { drawing, sight, arrangement } = this;
    const keys = [...this.byKey.keys()];
    const moved = arrangement.all.some((key, place) => key !== keys[place]);
    // As long as it is hidden who is who, the cell that all are compared with is nobody's choice.
    const asked = this.asked.wish("reference")?.value ?? null;
    const isOwn = moved || this.#reference.current === this.referenceKey;
    return {
      reference: this.ballot.hides ? asked : isOwn ? this.referenceKey : null,
      layer: drawing.layer,
      colormap: drawing.chosenColormap.current,
      opacity: drawing.opacity.current,
      threshold: drawing.threshold.current,
      normalize: drawing.normalize.current,
      range: drawing.range,
      smooth: drawing.smooth.current,
      tokens: drawing.tokens.current,
      difference: drawing.difference.current,
      swipe: this.reveal.swipe.current,
      answers: this.answers.current,
      deltas: this.deltas.current,
      sort: arrangement.sort.current,
      order: moved ? [...arrangement.all] : null,
      hidden: arrangement.hidden.length ? [...arrangement.hidden] : null,
      zoom: sight.shared.zoom,
      center: [sight.shared.x, sight.shared.y],
      linked: sight.linked.current,
      region: this.region.box && [...this.region.box],
      solo: arrangement.solo,
    };
  }

  /** The comparison as it is looked at now. */
  now(): Comparison {
    const { reference, ...view } = this.look();
    return { ...this.value, reference, view };
  }

  /** How it is looked at, for the app; what comes back of it is known as told. */
  tell(): Pick<Comparison, "reference" | "view"> {
    const look = this.look();
    const { reference, ...view } = look;
    return { reference, view: { ...view, told: this.asked.report(look) } };
  }

  /** Each metric with what can be told of all cells together. */
  metrics = $derived.by(() =>
    this.value.metrics.map((metric) => {
      const entries = this.value.cells.map(({ metrics }) => metrics[metric.key]);
      return {
        metric,
        best: best(entries.map(figure), metric.better),
        spreads: entries.some((entry) => formatSpread(entry, metric) !== ""),
      };
    }),
  );
}
