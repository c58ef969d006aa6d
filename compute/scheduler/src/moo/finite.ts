import { fail } from '../errors.ts';

/** One NaN compares false with everything and would spoil every rank and indicator silently. */
export function assertFinite(values: Float64Array): void {
  for (let index = 0; index < values.length; index += 1) {
    if (!Number.isFinite(values[index])) {
      throw fail('SCHEDULER_OBJECTIVE', {
        message: `objective ${index} of ${values.length} is ${values[index]}: every objective must be a finite number`,
      });
    }
  }
}
