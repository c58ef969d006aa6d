/** `1 node`, `2 nodes`; `2 batches` where the plural is given. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
