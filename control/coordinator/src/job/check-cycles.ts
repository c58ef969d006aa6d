import { fail } from '../errors.ts';

/** Throws COORDINATOR_CYCLE that names the jobs of a cycle. `needs` by key; unknown keys are no part of it. */
export function checkCycles(needs: ReadonlyMap<string, readonly string[]>): void {
  const done = new Set<string>();
  for (const start of needs.keys()) {
    const path: string[] = [];
    // Depth first without recursion: a batch may be a chain of a thousand jobs.
    const stack: { readonly key: string; next: number }[] = [{ key: start, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1);
      if (top === undefined) break;
      if (top.next === 0) {
        if (done.has(top.key)) {
          stack.pop();
          continue;
        }
        if (path.includes(top.key)) throw cycle([...path.slice(path.indexOf(top.key)), top.key]);
        path.push(top.key);
      }
      const next = needs.get(top.key)?.[top.next];
      top.next += 1;
      if (next === undefined) {
        done.add(top.key);
        path.pop();
        stack.pop();
      } else if (needs.has(next)) stack.push({ key: next, next: 0 });
    }
  }
}

function cycle(keys: readonly string[]): Error {
  return fail('COORDINATOR_CYCLE', {
    message: `The jobs need each other in a circle: ${keys.join(' needs ')}. Take one of these needs out.`,
    details: { cycle: keys },
  });
}
