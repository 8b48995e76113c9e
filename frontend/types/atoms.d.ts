/** What this component uses of Gradio's packages: their own sources do not pass a strict check. */
import type { Component, Snippet } from "svelte";

export const Block: Component<{
  visible?: boolean | "hidden";
  elem_id?: string;
  elem_classes?: string[];
  container?: boolean;
  scale?: number | null;
  min_width?: number;
  padding?: boolean;
  allow_overflow?: boolean;
  children?: Snippet;
}>;
