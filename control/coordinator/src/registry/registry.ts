/** Nodes and their connections: attach, heartbeat, silence, loss. */
import type { FogNode, FromAgent, NodeMode, Phase, Prices } from '@fog/wire';
import type { AgentLink, AgentSession, NodeCaller } from '../api.ts';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import { copyRuns, phaseReached } from '../job/lifecycle.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import type { LeaseRecord } from '../lease/lease-record.ts';
import { disconnectLease, loseLease } from '../lease/requeue.ts';
import type { ResultDesk } from '../lease/result-desk.ts';
import { noteAbsence } from '../verify/presence.ts';
import { breakerAt, CLOSED } from './breaker.ts';
import { smoothed } from './measured.ts';
import { isKnownTo, nodeView, type NodeRecord } from './node-record.ts';
import { storePrices, takeProfile } from './prices.ts';

type Message = Exclude<FromAgent, { type: 'hello' }>;

/** How often expired leases and silent nodes are looked for. */
const SWEEP_MS = 1_000;
/** How often the last-seen times of connected nodes are stored, all in one statement. */
const STORE_SEEN_MS = 15_000;

export class Registry {
  readonly #core: Core;
  readonly #dispatcher: Dispatcher;
  readonly #results: ResultDesk;
  readonly #timers: (() => void)[] = [];
  /** Ends of the grace of nodes that lost their connection. */
  readonly #graces = new Map<string, () => void>();

  constructor(core: Core, dispatcher: Dispatcher, results: ResultDesk) {
    this.#core = core;
    this.#dispatcher = dispatcher;
    this.#results = results;
  }

  start(): void {
    const { clock } = this.#core;
    this.#timers.push(clock.every(SWEEP_MS, () => this.#sweep()));
    this.#timers.push(clock.every(STORE_SEEN_MS, () => this.#storeSeen()));
  }

  stop(): void {
    for (const stop of [...this.#timers.splice(0), ...this.#graces.values()]) stop();
    this.#graces.clear();
    for (const node of this.#core.nodes.values()) {
      node.link?.close('the fog is stopping');
      node.link = undefined;
    }
  }

  attach(link: AgentLink): AgentSession {
    const node = this.#record(link);
    node.link?.close('a newer connection of this node took over');
    node.link = link;
    node.isDead = false;
    this.#heard(node);
    this.#acknowledge(node, link.held);
    this.#keepOnlyHeld(node, new Set(link.held));
    // Ten thousand that come back at once share commits; a lease is stored with its node, or after it.
    this.#core.journal.nodeSoon(node);
    this.#announce(node);
    this.#dispatcher.kick();
    return {
      message: (message) => {
        if (node.link === link) this.#message(node, message);
      },
      closed: () => {
        if (node.link === link) this.#closed(node);
      },
    };
  }

  views(): FogNode[] {
    return [...this.#core.nodes.values()].map((node) => this.#view(node));
  }

  /** Throws COORDINATOR_NO_NODE, also for another account's node. */
  ofCaller(caller: NodeCaller, id: string): NodeRecord {
    const node = this.#core.nodes.get(id);
    if (node !== undefined && isKnownTo(caller, node)) return node;
    throw fail('COORDINATOR_NO_NODE', {
      message: `There is no node ${id} of this account. "fog nodes" lists them.`,
      details: { node: id },
    });
  }

  /** Throws COORDINATOR_NO_NODE, as above. */
  async setMode(caller: NodeCaller, id: string, mode: NodeMode): Promise<FogNode> {
    const node = this.ofCaller(caller, id);
    if (node.mode !== mode) {
      node.mode = mode;
      if (mode === 'maintenance') this.#giveBack(node);
      this.#core.journal.node(node);
      this.#announce(node);
      this.#dispatcher.kick();
      await this.#core.journal.committed();
    }
    return this.#view(node);
  }

  /** Throws COORDINATOR_NO_NODE, also for another account's node. */
  async setPrices(caller: NodeCaller, id: string, prices: Prices): Promise<FogNode> {
    const node = this.ofCaller(caller, id);
    await storePrices(this.#core, node, prices);
    this.#announce(node);
    this.#dispatcher.kick();
    return this.#view(node);
  }

  /** What it holds runs elsewhere at once; it is told to stop it. */
  #giveBack(node: NodeRecord): void {
    const tokens = [...node.leases.keys()];
    if (tokens.length === 0) return;
    this.#loseAll(node, 'its node went into maintenance');
    node.link?.send({ type: 'cancel', tokens, reason: 'the node goes into maintenance' });
  }

  #view(node: NodeRecord): FogNode {
    return nodeView(this.#core, node);
  }

  #record(link: AgentLink): NodeRecord {
    const { nodes, clock } = this.#core;
    const known = nodes.get(link.node);
    if (known !== undefined) {
      known.key = link.nodeKey;
      known.owner = link.owner;
      known.name = link.name;
      known.capabilities = link.capabilities;
      if (link.profile !== undefined) takeProfile(this.#core, known, link.profile);
      return known;
    }
    const node: NodeRecord = {
      id: link.node,
      key: link.nodeKey,
      owner: link.owner,
      name: link.name,
      capabilities: link.capabilities,
      profile: link.profile ?? { type: 'compute', labels: {} },
      askedPrices: undefined,
      mode: 'accepting',
      load: undefined,
      rttMs: undefined,
      bandwidthMbps: undefined,
      breaker: CLOSED,
      pingMs: undefined,
      isDead: false,
      joinedAt: clock.now(),
      lastSeenAt: clock.now(),
      lastHeardMs: clock.monotonicMs(),
      settled: 0,
      failed: 0,
      link: undefined,
      leases: new Map(),
    };
    nodes.set(node.id, node);
    return node;
  }

  /** After a reconnect: leases the agent no longer holds will bring nothing. */
  #keepOnlyHeld(node: NodeRecord, held: ReadonlySet<number>): void {
    for (const lease of node.leases.values()) {
      if (held.has(lease.token)) continue;
      loseLease(this.#core, this.#dispatcher, lease, 'its node came back without it');
    }
  }

  #message(node: NodeRecord, message: Message): void {
    this.#heard(node);
    switch (message.type) {
      case 'heartbeat':
        this.#measure(node, message);
        return this.#acknowledge(node, message.held);
      case 'progress':
        for (const { token, phase } of message.tasks) this.#progress(node, token, phase);
        return;
      case 'output':
        return this.#output(node, message);
      case 'results':
        return this.#results.take(node, message);
      case 'goodbye':
        node.link = undefined;
        this.#loseAll(node, 'its node left');
        return this.#announce(node);
    }
  }

  #measure(node: NodeRecord, { load, pong }: Extract<Message, { type: 'heartbeat' }>): void {
    node.load = load ?? node.load;
    if (pong === undefined || pong.ping !== node.pingMs) return;
    const rttMs = this.#core.clock.monotonicMs() - pong.ping - pong.heldMs;
    node.pingMs = undefined;
    // An agent may say it held the ping for longer than it did; it cannot be faster than light.
    if (rttMs >= 0) node.rttMs = smoothed(node.rttMs, rttMs);
  }

  #heard(node: NodeRecord): void {
    node.lastHeardMs = this.#core.clock.monotonicMs();
    node.lastSeenAt = this.#core.clock.now();
  }

  /** Renews what is still the node's, names what is not. */
  #acknowledge(node: NodeRecord, held: readonly number[]): void {
    const { clock, options, leases, journal } = this.#core;
    const revoked: number[] = [];
    const ended: number[] = [];
    for (const token of held) {
      const lease = leases.get(token);
      // Its result may have been taken a moment ago: the agent keeps it until that is durable.
      if (lease === undefined && !journal.isDurable) ended.push(token);
      else if (lease?.node !== node.id) revoked.push(token);
      else if (lease.state === 'leased') lease.expiresAtMs = clock.monotonicMs() + options.leaseMs;
      else if (lease.job.leases.get(lease.index) !== lease) revoked.push(token);
    }
    // Rounded down: no round trip comes out below nothing.
    const ping = Math.floor(clock.monotonicMs());
    node.pingMs = ping;
    const { link } = node;
    link?.send({ type: 'heartbeat-ack', leaseMs: options.leaseMs, revoked, ping });
    if (ended.length === 0) return;
    const reason = 'the lease has ended';
    journal.afterCommit(() => link?.send({ type: 'cancel', tokens: ended, reason }));
  }

  #progress(node: NodeRecord, token: number, phase: Phase): void {
    const lease = this.#core.leases.get(token);
    if (lease?.node !== node.id || lease.state !== 'leased') return;
    lease.phase = phase;
    lease.phaseSinceMs = this.#core.clock.monotonicMs();
    if (phase === 'running' && lease.alias === undefined) copyRuns(this.#core, lease);
    if (isShown(lease)) phaseReached(this.#core, lease.job, phase, node.id);
  }

  #output(node: NodeRecord, chunk: Extract<Message, { type: 'output' }>): void {
    const lease = this.#core.leases.get(chunk.token);
    if (lease?.node !== node.id || lease.state !== 'leased' || !isShown(lease)) return;
    const { index, attempt } = lease;
    const { stream, offset, data } = chunk;
    const output = { index, attempt, stream, offset, data };
    this.#core.live.add(lease.token, output);
    this.#core.listeners.output(lease.job.id, output);
  }

  #closed(node: NodeRecord): void {
    const { clock, options } = this.#core;
    node.link = undefined;
    this.#announce(node);
    this.#graces.get(node.id)?.();
    const cancel = clock.after(options.closeGraceMs, () => {
      this.#graces.delete(node.id);
      if (node.link !== undefined) return;
      if (node.leases.size > 0) noteAbsence(this.#core, node.id);
      this.#loseAll(node, 'its node lost the connection');
    });
    this.#graces.set(node.id, cancel);
  }

  #loseAll(node: NodeRecord, cause: string): void {
    for (const lease of node.leases.values()) {
      disconnectLease(this.#core, this.#dispatcher, lease, cause);
    }
  }

  #sweep(): void {
    const { clock, options, nodes, logger } = this.#core;
    const nowMs = clock.monotonicMs();
    for (const node of nodes.values()) {
      for (const lease of node.leases.values()) {
        if (lease.deadlineMs < nowMs) {
          loseLease(this.#core, this.#dispatcher, lease, 'its node held it far beyond the timeout');
        } else if (lease.expiresAtMs < nowMs) {
          noteAbsence(this.#core, node.id);
          disconnectLease(this.#core, this.#dispatcher, lease, 'its lease was not renewed in time');
        }
      }
      if (node.link !== undefined && nowMs - node.lastHeardMs > options.deadMs) {
        logger.warn('a node is silent and taken for dead', { silentMs: nowMs - node.lastHeardMs });
        node.link.close('no sign of life');
        node.link = undefined;
        node.isDead = true;
        noteAbsence(this.#core, node.id);
        this.#loseAll(node, 'its node fell silent');
        this.#announce(node);
      }
    }
    this.#core.journal.flush();
  }

  #storeSeen(): void {
    const { journal, nodes, clock } = this.#core;
    for (const node of nodes.values()) {
      if (node.link === undefined) continue;
      if (breakerAt(node.breaker, clock.now()).state === 'half-open') this.#dispatcher.kick();
      journal.seen({ id: node.id, last_seen_at: node.lastSeenAt, rtt_ms: node.rttMs ?? null });
    }
  }

  #announce(node: NodeRecord): void {
    this.#core.listeners.node(this.#view(node));
  }
}

/** What further copies of a task do is shown with its attempts only. */
function isShown({ kind, job, index }: LeaseRecord): boolean {
  return kind === 'first' && !job.board.hasEnded(index);
}
