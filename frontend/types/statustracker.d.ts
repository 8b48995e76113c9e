import type { Component } from "svelte";

export const StatusTracker: Component<{
  autoscroll?: boolean;
  i18n: (key: string) => string;
  on_clear_status?: () => void;
  [status: string]: unknown;
}>;
