import type { demandShape, JobSpecInput } from '@fog/wire';

type WishName =
  | 'name'
  | 'timeoutMs'
  | 'retries'
  | 'resources'
  | 'needs'
  | Exclude<keyof typeof demandShape, 'excludedNodes'>;

/** What a job asks for beside its program and files. */
export interface Wishes {
  readonly spec: Pick<JobSpecInput, WishName>;
  /** Nodes as a person names them; the fog is asked for their ids. */
  readonly exclude: readonly string[];
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that were left out. */
export function defined<T extends object>(fields: T): Defined<T> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Defined<T>;
}
