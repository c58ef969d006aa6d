import { fail } from '../errors.ts';

/** One NaN compares false with everything and would spoil every rank and indicator silently. */
export function assertFinite(values: Float64Array): void {
  for (const [index, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      throw fail('SCHEDULER_OBJECTIVE', {
        message: `objective ${index} of ${values.length} is ${value}: every objective must be a finite number`,
      });
    }
  }
}
