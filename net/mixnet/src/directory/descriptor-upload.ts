/** Brings a relay's descriptor to all authorities: done when a threshold has it, and on to the others behind. */
import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import { fail } from '../errors.ts';
import type { AuthorityContact, MixNetwork } from '../network.ts';
import { pause } from './authority-peers.ts';
import type { DirectoryCall } from './directory-call.ts';
import { MAX_DESCRIPTOR_BYTES, MAX_RETRY_MS, MIN_RETRY_MS } from './limits.ts';
import { claimedText, unpackSigned } from './signed-object.ts';

export interface DescriptorUpload {
  /**
   * Throws MIXNET_DESCRIPTOR_REFUSED when so many refuse it that no threshold can take it, and
   * MIXNET_AUTHORITY when the signal ends it before.
   */
  publish(descriptor: Uint8Array, signal: AbortSignal): Promise<void>;
}

export function createDescriptorUpload(
  network: MixNetwork,
  deps: { readonly clock: Clock; readonly logger: Logger; readonly call: DirectoryCall },
): DescriptorUpload {
  const latest = new Map<string, AbortController>();
  return {
    publish: (descriptor, signal) => {
      // A relay's newer descriptor makes it pointless to go on with the one before.
      const relay = relayOf(descriptor);
      latest.get(relay)?.abort();
      const superseded = new AbortController();
      latest.set(relay, superseded);
      const until = AbortSignal.any([signal, superseded.signal]);
      return publish({ network, descriptor, signal: until }, deps);
    },
  };
}

/** Several relays of one process may share a client. */
function relayOf(descriptor: Uint8Array): string {
  const signed = unpackSigned(descriptor, 'the descriptor', MAX_DESCRIPTOR_BYTES);
  return signed.ok ? (claimedText(signed.value, 'id') ?? '') : '';
}

interface Upload {
  readonly network: MixNetwork;
  readonly descriptor: Uint8Array;
  readonly signal: AbortSignal;
}

type Outcome = { readonly taken: boolean; readonly reason: string };

function publish(
  { network, descriptor, signal }: Upload,
  deps: { readonly clock: Clock; readonly logger: Logger; readonly call: DirectoryCall },
): Promise<void> {
  const { authorities, threshold } = network;
  return new Promise((resolve, reject) => {
    let taken = 0;
    const refusals: string[] = [];
    const settle = (outcome: Outcome | undefined): void => {
      if (outcome === undefined) return reject(interrupted(taken, threshold));
      if (outcome.taken) taken += 1;
      else refusals.push(outcome.reason);
      if (taken >= threshold) resolve();
      else if (refusals.length > authorities.length - threshold) reject(refused(refusals));
    };
    for (const authority of authorities) {
      void uploadTo(authority, descriptor, signal, deps).then(settle);
    }
  });
}

/** Until it is taken or refused; undefined when the signal ends it. */
async function uploadTo(
  authority: AuthorityContact,
  body: Uint8Array,
  signal: AbortSignal,
  {
    clock,
    logger,
    call,
  }: { readonly clock: Clock; readonly logger: Logger; readonly call: DirectoryCall },
): Promise<Outcome | undefined> {
  for (let pauseMs = MIN_RETRY_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)) {
    try {
      const answer = await call(
        authority.url,
        { method: 'POST', path: '/v1/descriptors', body },
        signal,
      );
      if (answer.status === 200) return { taken: true, reason: '' };
      if (answer.status < 500 && answer.status !== 429) {
        return { taken: false, reason: reasonIn(answer.body) };
      }
    } catch (error) {
      logger.debug('descriptor not delivered yet', { error: errorMessage(error) });
    }
    await pause(clock, pauseMs, signal);
  }
  return undefined;
}

function reasonIn(body: Uint8Array): string {
  try {
    const { reason } = JSON.parse(Buffer.from(body).toString('utf8')) as { reason?: unknown };
    return typeof reason === 'string' ? reason.slice(0, 300) : 'no reason given';
  } catch {
    return 'no reason given';
  }
}

function refused(refusals: readonly string[]): Error {
  return fail('MIXNET_DESCRIPTOR_REFUSED', {
    message: `The directory authorities refuse this relay's descriptor: ${refusals[0]}.`,
    details: { refusals },
  });
}

function interrupted(taken: number, threshold: number): Error {
  return fail('MIXNET_AUTHORITY', {
    message: `Only ${taken} of the ${threshold} directory authorities needed took the descriptor in time. Check that they run.`,
  });
}
