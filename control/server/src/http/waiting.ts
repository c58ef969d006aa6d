import type { FastifyReply } from 'fastify';
import { fail } from '../errors.ts';

/** Runs a call that may wait; it ends early when the client goes away or the API stops. */
export async function waiting<T>(
  reply: FastifyReply,
  stopping: AbortSignal,
  waitMs: number,
  call: (wait: { waitMs: number; signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  if (waitMs === 0 || stopping.aborted) return call({ waitMs: 0, signal: stopping });
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  reply.raw.once('close', leave);
  stopping.addEventListener('abort', leave, { once: true });
  try {
    return await call({ waitMs, signal: gone.signal });
  } catch (error) {
    if (gone.signal.aborted) throw fail('SERVER_STOPPING', { cause: error });
    throw error;
  } finally {
    reply.raw.off('close', leave);
    stopping.removeEventListener('abort', leave);
  }
}
