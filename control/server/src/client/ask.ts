/** How the client's calls are written and their answers read. */
import type { z } from 'zod';
import { fail } from '../errors.ts';
import type { CallOptions } from './fog-client.ts';
import type { Call, Transport } from './transport.ts';

/** Throws CLIENT_BAD_ANSWER when the answer has another shape, and what the transport throws. */
export async function ask<T extends z.ZodType>(
  transport: Transport,
  schema: T,
  call: Call,
): Promise<z.output<T>> {
  const parsed = schema.safeParse(await transport.json(call));
  if (parsed.success) return parsed.data;
  throw fail('CLIENT_BAD_ANSWER', {
    message: `The fog answered ${call.method} ${call.path.split('?')[0]} in a shape this version does not know. Use the same version on both sides.`,
    cause: parsed.error,
  });
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function get(
  path: string,
  query: Query,
  options: CallOptions | { signal?: AbortSignal | undefined } = {},
): Call {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  const suffix = text.length === 0 ? '' : `?${text.join('&')}`;
  return { method: 'GET', path: path + suffix, signal: options.signal };
}

export function post(path: string, options: CallOptions = {}): Call {
  return { method: 'POST', path, signal: options.signal };
}

/** A POST with a JSON body. */
export function send(path: string, body: unknown, options: CallOptions = {}): Call {
  return {
    ...post(path, options),
    body: Buffer.from(JSON.stringify(body)),
    contentType: 'application/json',
  };
}
