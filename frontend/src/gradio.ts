/** The grid's side of Gradio: its events, its properties, and what a function is told of it. */

import { Gradio } from "@gradio/utils";
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

  /** What Gradio sends to a function that takes the grid. */
  async get_data(): Promise<GridProps> {
    const data = await super.get_data();
    return data.value && this.tell ? { ...data, value: { ...data.value, ...this.tell() } } : data;
  }
}
