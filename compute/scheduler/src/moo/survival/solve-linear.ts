/** A pivot below this is none. */
const SINGULAR = 1e-10;

/** Gaussian elimination with partial pivoting; undefined when the rows are dependent. Both arguments are used up. */
export function solveLinear(rows: Float64Array[], right: Float64Array): Float64Array | undefined {
  const size = rows.length;
  for (let column = 0; column < size; column += 1) {
    const pivot = pivotOf(rows, column);
    const row = rows[pivot] as Float64Array;
    if (Math.abs(row[column] as number) < SINGULAR) return undefined;
    rows[pivot] = rows[column] as Float64Array;
    rows[column] = row;
    [right[pivot], right[column]] = [right[column] as number, right[pivot] as number];
    for (let below = column + 1; below < size; below += 1) {
      const other = rows[below] as Float64Array;
      const factor = (other[column] as number) / (row[column] as number);
      for (let at = column; at < size; at += 1)
        other[at] = (other[at] as number) - factor * (row[at] as number);
      right[below] = (right[below] as number) - factor * (right[column] as number);
    }
  }
  for (let place = size - 1; place >= 0; place -= 1) {
    const row = rows[place] as Float64Array;
    for (let at = place + 1; at < size; at += 1)
      right[place] = (right[place] as number) - (row[at] as number) * (right[at] as number);
    right[place] = (right[place] as number) / (row[place] as number);
  }
  return right;
}

function pivotOf(rows: readonly Float64Array[], column: number): number {
  let pivot = column;
  const size = (index: number): number => Math.abs((rows[index] as Float64Array)[column] as number);
  for (let index = column + 1; index < rows.length; index += 1)
    if (size(index) > size(pivot)) pivot = index;
  return pivot;
}
