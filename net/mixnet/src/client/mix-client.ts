/**
 * A client of the mixnet: one identity, one mailbox at one gateway, messages, requests, loops and cover.
 * Its gateway learns when it is online and how much it sends. Messages are sealed for the receiver's
 * client; what goes to a service is open to the relay that runs it.
 */
import type { Identity } from '@fog/crypto';
import { fail } from '../errors.ts';
import type { ConnectToGateway } from '../link/link-ports.ts';
import { destinationOf, mailboxAddress } from './addresses.ts';
import type { ClientCoreDeps } from './client-core.ts';
import { createClientParts } from './client-parts.ts';
import { createGatewayConnection } from './gateway-connection.ts';
import { openGuards } from './guards.ts';
import { EXPIRE_PERIOD_MS } from './limits.ts';
import { type LoopReport, type LoopRequest, sendLoop } from './loops.ts';
import type { MixClient, PingResult, PrivacyLevel } from './mix-client-api.ts';
import { sendFragments } from './send-message.ts';

export interface MixClientOptions {
  /** The client key; its id is the mailbox. */
  readonly identity: Identity;
  /** Where the entry gateways are kept. */
  readonly guardFile: string;
  /** Cover of this level at all times; that of higher levels comes while they are used. */
  readonly cover?: PrivacyLevel;
}

export interface MixClientDeps extends ClientCoreDeps {
  readonly connect: ConnectToGateway;
}

/** Loops for the audit, beside what applications use. */
export interface MeasuringClient extends MixClient {
  /** Undefined when there was no gateway to send it to. */
  loop(request: LoopRequest, signal?: AbortSignal): Promise<LoopReport | undefined>;
}

export function createMixClient(options: MixClientOptions, deps: MixClientDeps): MeasuringClient {
  const parts = createClientParts(options.identity, options.cover ?? 'public', deps);
  const { core, requests, conversations, incoming, cover, seat } = parts;
  const running = new AbortController();
  const cancels: (() => void)[] = [];
  let run: Promise<void> | undefined;
  const expire = (): void => {
    core.awaited.expire(deps.clock.monotonicMs());
    parts.answers.expire();
  };

  return {
    name: 'mix-client',
    get address() {
      const relay = seat.connection?.active?.relay;
      return relay === undefined ? undefined : mailboxAddress(options.identity, relay);
    },
    start: async () => {
      seat.connection = createGatewayConnection({
        ...deps,
        identity: options.identity,
        guards: await openGuards(options.guardFile, deps),
        onFrame: (kind, body) => incoming.onFrame(kind, body),
        onChange: parts.linkChanged,
      });
      cancels.push(deps.clock.every(EXPIRE_PERIOD_MS, expire));
      cancels.push(deps.directory.onConsensus(({ relays }) => core.health.keepOnly(relays)));
      run = seat.connection.run(running.signal);
    },
    stop: async () => {
      running.abort(fail('MIXNET_STOPPED'));
      requests.stop();
      conversations.stop();
      cover.stop();
      core.outbox.stop();
      for (const cancel of cancels.splice(0)) cancel();
      await run;
    },
    health: async () => {
      if (seat.connection?.active !== undefined) return { state: 'healthy' };
      return { state: 'degraded', detail: seat.connection?.trouble ?? 'not started' };
    },
    send: async (destination, message, sending) => {
      cover.use(sending.level);
      return sendFragments(core, destinationOf(destination), message, sending);
    },
    request: (destination, message, sending) => {
      cover.use(sending.level);
      return requests.request(destination, message, sending);
    },
    converse: (destination, talking) => conversations.open(destination, talking),
    onMessage: (listener) => incoming.onMessage(listener),
    ping: async ({ hops, delayClass = 0, signal }) => {
      const request = { purpose: 'ping', hops, classAt: () => delayClass };
      return pingResult(await sendLoop(core, request, signal));
    },
    loop: (request, signal) => sendLoop(core, request, signal),
  };
}

function pingResult(report: LoopReport | undefined): PingResult {
  if (report?.rttMs !== undefined && report.outcome === 'home') {
    const { relays, classes } = report.route;
    return {
      rttMs: report.rttMs,
      hops: relays.map((relay, index) => ({ relay, delayClass: classes[index] ?? 0 })),
    };
  }
  if (report === undefined) {
    const message = 'The loop was not sent: there is no gateway.';
    throw fail('MIXNET_NO_ANSWER', { message, details: { class: 'no-link' } });
  }
  const { outcome, rttMs, route } = report;
  throw fail('MIXNET_NO_ANSWER', {
    message: `The loop did not come home in time: ${outcome}.`,
    details: { class: outcome, relays: route.relays, rttMs },
  });
}
