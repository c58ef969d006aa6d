/** One thing `fog doctor` looked at. */
export interface Check {
  readonly name: string;
  /** `warn`: fog works, but less well. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly remedy?: string;
}

export function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail };
}

export function warn(name: string, detail: string, remedy: string): Check {
  return { name, state: 'warn', detail, remedy };
}

export function failed(name: string, detail: string, remedy: string): Check {
  return { name, state: 'fail', detail, remedy };
}
