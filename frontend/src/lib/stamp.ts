/** Conditions, as they are told: what is unknown is left out. */

import type { Fact } from "./types";

export function conditions(stamp: Record<string, Fact> | undefined): [key: string, fact: Fact][] {
  return Object.entries(stamp ?? {}).filter(([, fact]) => fact !== null);
}

export function conditionsText(stamp: Record<string, Fact> | undefined): string {
  return conditions(stamp)
    .map(([key, fact]) => `${key} ${fact}`)
    .join(" · ");
}
