import type { z } from 'zod';
import { defineErrors, type FogError } from '@fog/kernel';
import { WIRE_ERRORS } from './errors.ts';

const fail = defineErrors(WIRE_ERRORS);

/** Parses untrusted data; throws WIRE_INVALID that names each wrong field and what it must be. */
export function parseWith<T extends z.ZodType>(
  schema: T,
  value: unknown,
  what: string,
): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error, what);
}

export function invalid(error: z.ZodError, what: string): FogError {
  const problems = error.issues.slice(0, 5).map((issue) => {
    const where = issue.path.join('.');
    return where === '' ? issue.message : `${where}: ${issue.message}`;
  });
  return fail('WIRE_INVALID', {
    message: `${what}: ${problems.join('; ')}`,
    details: { issues: problems },
  });
}
