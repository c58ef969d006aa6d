/** The plain definitions, to hold the fast ones against. */

export function dominates(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  let better = false;
  for (let at = 0; at < a.length; at += 1) {
    if ((a[at] as number) > (b[at] as number)) return false;
    if ((a[at] as number) < (b[at] as number)) better = true;
  }
  return better;
}

/** Deb's fast non-dominated sort: fronts are peeled off one after the other. */
export function peeledRanks(points: readonly (readonly number[])[]): number[] {
  const ranks = points.map(() => -1);
  for (let rank = 0; ranks.includes(-1); rank += 1) {
    const left = [...ranks.keys()].filter((index) => ranks[index] === -1);
    for (const index of left) {
      const isDominated = left.some((other) =>
        dominates(points[other] as readonly number[], points[index] as readonly number[]),
      );
      if (!isDominated) ranks[index] = rank;
    }
  }
  return ranks;
}

/** Inclusion and exclusion over all subsets. */
export function includedExcludedVolume(
  points: readonly (readonly number[])[],
  reference: readonly number[],
): number {
  let sum = 0;
  for (let subset = 1; subset < 1 << points.length; subset += 1) {
    const chosen = points.filter((_, index) => (subset & (1 << index)) !== 0);
    const box = reference.reduce((product, limit, at) => {
      const worst = Math.max(...chosen.map((point) => point[at] as number));
      return product * Math.max(0, limit - worst);
    }, 1);
    sum += chosen.length % 2 === 1 ? box : -box;
  }
  return sum;
}
