/** Text that people give and others read: names, labels, versions. */
import { z } from 'zod';

/**
 * Security: a line break would make a false line in the sentences of the fog, an escape would command
 * the terminal, and a bidi override would turn the order of what is read.
 */
const HARMLESS = /^[^\p{Cc}\u202a-\u202e\u2066-\u2069]*$/u;

export function humanText(maxChars: number): z.ZodString {
  return z
    .string()
    .max(maxChars, `must have at most ${maxChars} characters`)
    .regex(HARMLESS, 'must have no line breaks or other control characters');
}

export function humanName(maxChars: number): z.ZodString {
  return humanText(maxChars).min(1, 'must not be empty');
}

export const NodeName = humanName(64);
export const JobName = humanName(128);
export const DeploymentName = humanName(128);
