/** The grid's side of Gradio: its events, its properties, and what a function is told of it. */

import { Gradio, type SharedProps } from "@gradio/utils";
import { copy, grow, live } from "./core/live.svelte";
import type { Comparison, Told, Options, Selection, Vote } from "./lib/types";

export interface Events {
  change: never;
  select: { index: [number, number]; value: number | null } & Selection;
  vote: Vote;
  clear_status: unknown;
}

export interface GridProps extends Options {
  value: Comparison | null;
}

export class GridGradio extends Gradio<Events, GridProps> {
  /** Gives how the comparison is looked at now, once the grid is on the page. */
  tell: (() => Told) | null = null;

  constructor(given: { shared_props: SharedProps; props: GridProps }) {
    super(given);
    this.props.value = given.props.value && live(given.props.value);
  }

  override set_data({ value, ...data }: Partial<GridProps & SharedProps>): void {
    super.set_data(value === null ? { ...data, value } : data);
    if (!value) return;
    if (this.props.value && grow(this.props.value, value)) this.dispatch("change");
    else super.set_data({ value: live(value) });
  }

  /** What Gradio sends to a function that takes the grid. */
  override async get_data(): Promise<GridProps> {
    const { value, ...options } = this.props;
    return { ...copy(options), value: value && { ...value, ...this.tell?.() } };
  }
}
