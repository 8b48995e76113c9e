/** Places on a scale between the tokens: bilinear, from the middle of one token to the next's. */

const MOST = 192;

/** How many pixels a token gets along each side, so that a map stays small. */
export function smoothFactor(rows: number, cols: number): number {
  return Math.max(1, Math.min(12, Math.floor(MOST / Math.max(rows, cols))));
}

/**
 * A map of `rows` by `cols` drawn `factor` times as fine. NaN is no value: a pixel whose own token
 * has none has none, and elsewhere what is missing takes no part.
 */
export function smoothed(
  places: Float32Array,
  rows: number,
  cols: number,
  factor: number,
): Float32Array {
  const width = cols * factor;
  const fine = new Float32Array(rows * factor * width);
  const across = Array.from({ length: width }, (_, x) => between(x, factor, cols));
  for (let y = 0; y < rows * factor; y++) {
    const down = between(y, factor, rows);
    const own = Math.floor(y / factor) * cols;
    const [near, far] = [down.near * cols, down.far * cols];
    for (let x = 0; x < width; x++) {
      const { near: left, far: right, share } = across[x]!;
      if (Number.isNaN(places[own + Math.floor(x / factor)]!)) {
        fine[y * width + x] = NaN;
        continue;
      }
      fine[y * width + x] = between4(
        places[near + left]!,
        places[near + right]!,
        places[far + left]!,
        places[far + right]!,
        share,
        down.share,
      );
    }
  }
  return fine;
}

/** The bilinear mean of four corners, of which those without a value take no part. */
function between4(
  upperLeft: number,
  upperRight: number,
  lowerLeft: number,
  lowerRight: number,
  right: number,
  down: number,
): number {
  const upper = mix(upperLeft, upperRight, right);
  const lower = mix(lowerLeft, lowerRight, right);
  const all = mix(upper, lower, down);
  if (!Number.isNaN(upperLeft + upperRight + lowerLeft + lowerRight)) return all;
  const corners = [upperLeft, upperRight, lowerLeft, lowerRight];
  const weights = [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right];
  let [sum, weight] = [0, 0];
  corners.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    sum += value * weights[i]!;
    weight += weights[i]!;
  });
  return sum / weight;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** The two tokens that a pixel lies between, and how far it is on the way to the second. */
function between(pixel: number, factor: number, count: number) {
  const at = (pixel + 0.5) / factor - 0.5;
  const near = Math.floor(at);
  return {
    near: Math.max(0, near),
    far: Math.min(count - 1, near + 1),
    share: at - near,
  };
}
