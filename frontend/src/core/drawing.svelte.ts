/** How the maps are drawn: which layer, in which colours, on which scale. */

import { formatEnd } from "../lib/figures";
import { symmetric, union, type Range } from "../lib/scale";
import type { ColormapName, Normalize } from "../lib/types";
import type { Asked, Wish } from "./asked.svelte";
import { Setting } from "./setting.svelte";

/** What the drawing has to know of the cells; each is asked for alone, for it hangs on the other. */
interface Maps {
  /** The range of each cell's map, as it is drawn now. */
  extents(): (Range | null)[];
  /** The word whose maps are drawn in place of the layer. */
  word(): string | null;
}

/** The ends of a scale that a person set, and what a value asked for by then. */
interface Ends {
  ends: Range;
  asking: Wish<unknown> | undefined;
}

const WHOLE: Range = [0, 1];
/** The ends of a scale keep at least this much of it between them. */
const CLOSEST = 0.01;

export class Drawing {
  #asked: Asked;
  #maps: Maps;
  #chosenLayer: Setting<string | null>;
  /** The colour map that was chosen; a diverging layer is drawn with the diverging one. */
  chosenColormap: Setting<ColormapName>;
  opacity: Setting<number>;
  /** The percentile, 0 to 100, below which a map is not drawn. */
  threshold: Setting<number>;
  normalize: Setting<Normalize>;
  smooth: Setting<boolean>;
  /** Whether kept and dropped tokens are told apart on the pictures. */
  tokens: Setting<boolean>;
  /** Whether maps are drawn less the reference's. */
  difference: Setting<boolean>;

  constructor(asked: Asked, maps: Maps) {
    this.#asked = asked;
    this.#maps = maps;
    this.#chosenLayer = new Setting(() => asked.wish("layer"), null);
    this.chosenColormap = new Setting(() => asked.wish("colormap"), "viridis");
    this.opacity = new Setting(() => asked.wish("opacity"), 0.6);
    this.threshold = new Setting(() => asked.wish("threshold"), 0);
    this.normalize = new Setting(() => asked.wish("normalize"), "shared");
    this.smooth = new Setting(() => asked.wish("smooth"), false);
    this.tokens = new Setting(() => asked.wish("tokens"), true);
    this.difference = new Setting(() => asked.wish("difference"), false);
  }

  /** The layers that any cell has, by key, in the order in which they first occur. */
  layers = $derived.by<{ key: string; label: string }[]>(() => {
    const found = new Map<string, string>();
    for (const cell of this.#asked.value.cells) {
      for (const layer of cell.layers) {
        if (!found.has(layer.key)) found.set(layer.key, layer.label || layer.key);
      }
    }
    return [...found].map(([key, label]) => ({ key, label }));
  });

  layer = $derived.by<string | null>(() => {
    const keys = this.layers.map(({ key }) => key);
    const chosen = this.#chosenLayer.current;
    return chosen !== null && keys.includes(chosen) ? chosen : (keys[0] ?? null);
  });

  chooseLayer(key: string): void {
    this.#chosenLayer.current = key;
  }

  word = $derived.by(() => this.#maps.word());

  #shown = $derived.by(() =>
    this.#asked.value.cells.flatMap((cell) => cell.layers.filter(({ key }) => key === this.layer)),
  );
  /** Whether the scale runs both ways from zero. */
  diverging = $derived.by(
    () =>
      this.difference.current || (this.word === null && this.#shown.some((one) => one.diverging)),
  );
  unit = $derived.by(() => (this.word ? "" : (this.#shown.find(({ unit }) => unit)?.unit ?? "")));
  label = $derived.by(() => {
    const name = this.#shown.find(({ label }) => label)?.label || (this.layer ?? "");
    return this.word === null ? name : `“${this.word}”`;
  });
  method = $derived.by(() =>
    this.word === null ? (this.#shown.find(({ method }) => method)?.method ?? "") : "",
  );
  colormap = $derived.by<ColormapName>(() =>
    this.diverging ? "diverging" : this.chosenColormap.current,
  );

  /** What the ends of a scale were set for: they mean nothing for another. */
  #scope = $derived.by(() =>
    [this.layer, this.word !== null, this.difference.current, this.normalize.current].join("\n"),
  );
  /** The ends that the person set: values where the scale is shared, else shares of it. */
  #ends = $state.raw<ReadonlyMap<string, Ends>>(new Map());
  #shared = $derived.by(() => this.normalize.current === "shared");

  #rangeWished = $derived.by(() => this.#asked.wish("range"));
  /** The layer that the wished range is of: the one that was wished with it, or else. */
  #rangeLayer = $derived.by(
    () =>
      this.#rangeWished?.look.layer ??
      this.#asked.wish("layer")?.value ??
      this.layers[0]?.key ??
      null,
  );
  /** Whether the scale is such as a value can ask for: the shared one of a layer. */
  #isAskable = $derived.by(() => this.#shared && !this.difference.current && this.word === null);
  /** The ends that a value asks for, of the layer that is drawn. */
  #asking = $derived.by(() => {
    const isOf = this.layer === this.#rangeLayer;
    return this.#isAskable && isOf ? this.#rangeWished : undefined;
  });
  /** The ends in the layer's unit, as they were set or asked for, whichever was later. */
  #wished = $derived.by<Range | null>(() => {
    if (!this.#shared) return null;
    const set = this.#ends.get(this.#scope);
    if (set && set.asking === this.#asking) return set.ends;
    const range = this.#asking?.value ?? null;
    return range && range[0] < range[1] ? range : null;
  });

  #all = $derived.by(() => union(this.#maps.extents()));
  #allLow = $derived.by(() => this.#all?.[0] ?? null);
  #allHigh = $derived.by(() => this.#all?.[1] ?? null);
  /** The ends of the bar: every value that is drawn lies between them. Null without any. */
  axis = $derived.by<Range | null>(() => {
    const [low, high] = [this.#allLow, this.#allHigh];
    const all: Range | null = low === null || high === null ? null : [low, high];
    const whole = union([all, this.#wished]);
    return whole && (this.diverging ? symmetric(whole) : whole);
  });

  #window = $derived.by<Range>(() => {
    if (!this.#shared) return this.#ends.get(this.#scope)?.ends ?? WHOLE;
    const [axis, wished] = [this.axis, this.#wished];
    if (!axis || !wished || axis[1] <= axis[0]) return WHOLE;
    const [low, high] = this.diverging ? symmetric(wished) : wished;
    const span = axis[1] - axis[0];
    return [(low - axis[0]) / span, (high - axis[0]) / span];
  });
  windowLow = $derived.by(() => this.#window[0]);
  windowHigh = $derived.by(() => this.#window[1]);

  get isWindowWhole(): boolean {
    return this.windowLow === 0 && this.windowHigh === 1;
  }

  /** Move an end of the scale to a place of the bar; around zero both move alike. */
  setEnd(end: 0 | 1, to: number): void {
    let [low, high] = [this.windowLow, this.windowHigh];
    if (this.diverging) {
      const reach = Math.min(0.5, Math.max(CLOSEST, end === 0 ? 0.5 - to : to - 0.5));
      [low, high] = [0.5 - reach, 0.5 + reach];
    } else if (end === 0) {
      low = Math.max(0, Math.min(to, high - CLOSEST));
    } else {
      high = Math.min(1, Math.max(to, low + CLOSEST));
    }
    this.#keep([low, high]);
  }

  /** The whole range again. */
  resetEnds(): void {
    this.#keep(WHOLE);
  }

  #keep(window: Range): void {
    const { axis } = this;
    const [low, high] = window;
    const inUnits = (at: number) => axis![0] + at * (axis![1] - axis![0]);
    if (this.#shared && !axis) return;
    const ends: Range = this.#shared ? [inUnits(low), inUnits(high)] : window;
    this.#ends = new Map(this.#ends).set(this.#scope, { ends, asking: this.#asking });
  }

  /** The value at a place of the bar; null where the scale is not in the layer's unit. */
  valueAt(place: number): number | null {
    if (!this.#shared || !this.axis) return null;
    return this.axis[0] + place * (this.axis[1] - this.axis[0]);
  }

  /** A place of the bar in words: in the layer's unit where the scale is shared. */
  textAt(place: number): string {
    const value = this.valueAt(place);
    if (value !== null) return formatEnd(value);
    const percent = Math.round(place * 100);
    if (this.normalize.current === "percentile") return `p${percent}`;
    return percent === 0 ? "lowest" : percent === 100 ? "highest" : `${percent} %`;
  }

  /** What the scale is of: the layer or the word, less the reference, in its unit. */
  name = $derived.by(() => {
    const less = this.difference.current ? " − reference" : "";
    return `${this.label}${less}${this.#shared && this.unit ? `, ${this.unit}` : ""}`;
  });

  /** The ends in the layer's unit, where they are such as a value can ask for. */
  get range(): [number, number] | null {
    const wished = this.#isAskable ? this.#wished : null;
    return wished && wished[0] < wished[1] ? [...wished] : null;
  }
}
