/**
 * A parameter as both databases can hold it: PostgreSQL has no NUL in text, and text from outside (a
 * cause, a name) must not be able to fail a commit.
 */
export function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0')
    ? value.replaceAll('\0', '\uFFFD')
    : value;
}
