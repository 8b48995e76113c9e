/** Bytes that may be broken: what they hold, or what is wrong with them. */

export interface Decoded<T> {
  content: T | null;
  problem: string | null;
}

/** What `decode` makes of a source; null makes nothing. */
export function attempt<S, T>(source: S | null, decode: (source: S) => T): Decoded<T> {
  if (source === null) return { content: null, problem: null };
  try {
    return { content: decode(source), problem: null };
  } catch (error) {
    return { content: null, problem: (error as Error).message };
  }
}
