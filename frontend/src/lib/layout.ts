/** How many cells stand in a row. */

export const NARROWEST = 280;

/**
 * As many columns of at least `narrowest` as fit into `width`, spread evenly over the rows they need
 * (five cells where four fit are three and two), or as many as asked for.
 */
export function columnCount(
  cells: number,
  width: number,
  narrowest = NARROWEST,
  asked: number | null = null,
): number {
  if (cells < 1) return 1;
  if (asked) return Math.max(1, Math.min(cells, asked));
  const fitting = Math.max(1, Math.min(cells, Math.floor(width / narrowest)));
  return Math.ceil(cells / Math.ceil(cells / fitting));
}
