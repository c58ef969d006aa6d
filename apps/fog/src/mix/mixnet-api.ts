/** What the API shows and does of the embedded mixnet. */
import type { Clock } from '@fog/kernel';
import type { ConsensusClient, DelayAudit } from '@fog/mixnet';
import type { MixnetApi } from '@fog/server';
import {
  type MixAudit,
  type MixConsensusEvent,
  type MixHop,
  type MixLevel,
  type MixOwnRelay,
  type MixRound,
  type MixStatus,
  ONE_OPERATOR,
} from '@fog/wire';
import { fail } from '../errors.ts';
import type { MixHouse } from './mix-house.ts';
import { ownRelay } from './own-relay.ts';
import type { BenchRunner } from './run-bench.ts';

export interface EmbeddedMixnetApi extends MixnetApi {
  /** There is a new consensus. */
  tell(opened: Opened): void;
}

type Opened = NonNullable<ConsensusClient['opened']>;

export interface MixnetApiDeps {
  readonly clock: Clock;
  /** What relays in processes of their own told of themselves. */
  readonly reported: () => readonly MixOwnRelay[];
}

/** `house` is undefined until the mixnet was started. */
export function createMixnetApi(
  house: () => MixHouse | undefined,
  { clock, reported }: MixnetApiDeps,
): EmbeddedMixnetApi {
  const listeners = new Set<(event: MixConsensusEvent) => void>();
  let bench: BenchRunner | undefined;
  const open = (): MixHouse => {
    const opened = house();
    if (opened === undefined) throw partDown('it is starting; see "fog status"');
    return opened;
  };
  const consensus = (): Opened => {
    const { directory } = open().running;
    if (directory?.opened !== undefined) return directory.opened;
    throw partDown('there is no consensus yet; see "fog status"');
  };
  return {
    status: async () => statusOf(open(), reported(), clock.now()),
    consensus: async () => {
      const { signed } = consensus();
      const { name, threshold, epochMs, authorities } = open().network;
      return {
        network: name,
        threshold,
        epochMs,
        authorities: authorities.map(({ id, key, vrfKey, url }) => ({
          id,
          url,
          key: base64(key),
          vrfKey: base64(vrfKey),
        })),
        document: base64(signed.document),
        signatures: signed.signatures.map(({ authority, signature }) => ({
          authority,
          signature: base64(signature),
        })),
      };
    },
    ping: async ({ hops, delayClass }, signal) => {
      consensus();
      const { client } = open().running;
      if (client === undefined) throw partDown('the mix client does not run');
      const { rttMs, hops: taken } = await client.ping({ hops, delayClass, signal });
      return { rttMs, hops: [...taken] };
    },
    bench: async (call, signal) => {
      const { delayMeansMicros } = consensus().consensus;
      const { client } = open().running;
      if (client === undefined) throw partDown('the mix client does not run');
      const { createBenchRunner } = await import('./run-bench.ts');
      bench ??= createBenchRunner();
      const delayMeansMs = delayMeansMicros.map((micros) => micros / 1_000);
      return bench.run(call, { clock, client, delayMeansMs }, signal);
    },
    path: async (level) => ({ level, hops: await drawPath(consensus(), open(), level, clock) }),
    audit: async () => {
      const { audit } = open().running;
      if (audit === undefined) throw partDown('the audit does not run');
      const { epochMs } = open().network;
      return { time: clock.now(), epochMs, ...auditOf(audit.report()) };
    },
    onConsensus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: (opened) => {
      for (const listener of listeners) listener(eventOf(opened));
    },
  };
}

type AuditReport = ReturnType<DelayAudit['report']>;

/** As the API shows it: means that are not there yet are left out. */
export function auditOf({ hops, open }: AuditReport): Pick<MixAudit, 'open' | 'relays'> {
  const relays = hops.map(({ owedMeanMs, tookMeanMs, medianExcessMs, suspicions, ...hop }) => ({
    ...hop,
    suspicions: [...suspicions],
    ...(owedMeanMs === undefined ? {} : { owedMeanMs }),
    ...(tookMeanMs === undefined ? {} : { tookMeanMs }),
    ...(medianExcessMs === undefined ? {} : { medianExcessMs }),
  }));
  return { open, relays };
}

function partDown(why: string): Error {
  return fail('FOG_MIX_PART_DOWN', { message: `The mixnet cannot do this now: ${why}.` });
}

async function drawPath(
  opened: Opened,
  { running }: MixHouse,
  level: MixLevel,
  clock: Pick<Clock, 'now'>,
): Promise<MixHop[]> {
  const [{ choosePath, epochAt, LEVELS }, { randomFill }] = await Promise.all([
    import('@fog/mixnet'),
    import('@fog/crypto'),
  ]);
  const { hops, delayClass } = LEVELS[level];
  const entry = running.client?.address?.relay;
  const relays = choosePath(
    {
      consensus: opened,
      hops,
      epochs: [epochAt(opened.consensus.epochMs, clock.now())],
      purpose: `level ${level}`,
      ...(entry === undefined ? {} : { entry }),
    },
    randomFill,
  );
  return relays.map(({ descriptor }) => ({ relay: descriptor.id, delayClass }));
}

function statusOf(
  { network, running }: MixHouse,
  reported: readonly MixOwnRelay[],
  time: number,
): MixStatus {
  const opened = running.directory?.opened;
  const { address } = running.client ?? {};
  const here = [...running.relays].map(([name, relay]) => ({ ...ownRelay(relay), name }));
  const own = [...here, ...reported].toSorted((a, b) => a.name.localeCompare(b.name));
  const base = { network: network.name, time, own };
  const shown = address === undefined ? {} : { address: `${address.id}@${address.relay}` };
  if (opened === undefined) return { ...base, ...shown, relays: [], authorities: [], notes: [] };
  const { consensus, signers } = opened;
  return {
    ...base,
    ...shown,
    consensus: roundOf(opened),
    notes: consensus.pathPolicy.singleOperator ? [ONE_OPERATOR] : [],
    authorities: consensus.authorities.map(({ id, voted, absences, equivocated }) => ({
      id,
      voted,
      absences,
      equivocated,
      signed: signers.includes(id),
    })),
    relays: consensus.relays.map(({ descriptor, flags, active, ...figures }) => ({
      id: descriptor.id,
      roles: [...descriptor.roles],
      flags: [...flags],
      active,
      weightPpm: figures.weightPpm,
      reputationPpm: figures.reputationPpm,
      performancePpm: figures.performancePpm,
      address: descriptor.addresses.map(({ host, port }) => hostPort(host, port)).join(' '),
      family: descriptor.family,
      region: descriptor.region,
    })),
  };
}

function roundOf({ consensus, hash, signers }: Opened): MixRound {
  const { epoch, revision, validAfter, validUntil, epochMs, threshold, maxActive } = consensus;
  return {
    epoch,
    revision,
    validAfter,
    validUntil,
    epochMs,
    threshold,
    maxActive,
    hash: Buffer.from(hash).toString('hex'),
    signers: [...signers],
    delayMeansMs: consensus.delayMeansMicros.map((micros) => micros / 1_000),
  };
}

function eventOf({ consensus, hash, signers }: Opened): MixConsensusEvent {
  return {
    network: consensus.network,
    epoch: consensus.epoch,
    revision: consensus.revision,
    hash: Buffer.from(hash).toString('hex'),
    signers: signers.length,
    relays: consensus.relays.length,
  };
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
