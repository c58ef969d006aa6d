/**
 * IGD+ (Ishibuchi et al. 2015): how far, on average, a point of the known front is from the nearest found one,
 * regarding only the objectives in which the found one is worse. 0 is the best.
 */
export function igdPlus(found: readonly Float64Array[], known: readonly Float64Array[]): number {
  const distances = known.map((target) => {
    const squares = found.map((point) => excess(point, target));
    return Math.sqrt(squares.reduce((least, square) => Math.min(least, square), Infinity));
  });
  return distances.reduce((sum, distance) => sum + distance, 0) / known.length;
}

/** The square of the distance. */
function excess(point: Float64Array, target: Float64Array): number {
  return point.reduce(
    (sum, value, at) => sum + Math.max(0, value - (target[at] as number)) ** 2,
    0,
  );
}
