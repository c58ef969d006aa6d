/** Nodes and their connections: attach, heartbeat, silence, loss. */
import type { FogNode, FromAgent, Phase } from '@fog/wire';
import type { AgentLink, AgentSession } from '../api.ts';
import type { Core } from '../core.ts';
import { phaseReached } from '../job/lifecycle.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { loseLease } from '../lease/requeue.ts';
import type { ResultDesk } from '../lease/result-desk.ts';
import { nodeRow, nodeStatus, nodeView, type NodeRecord } from './node-record.ts';

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
    this.#heard(node);
    this.#keepOnlyHeld(node, new Set(link.held));
    this.#core.journal.node(nodeRow(node));
    this.#announce(node);
    this.#acknowledge(node, link.held);
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
    const { clock, options, nodes } = this.#core;
    const nowMs = clock.monotonicMs();
    return [...nodes.values()].map((node) =>
      nodeView(node, nodeStatus(node, nowMs, options.suspectMs)),
    );
  }

  #record(link: AgentLink): NodeRecord {
    const { nodes, clock } = this.#core;
    const known = nodes.get(link.node);
    if (known !== undefined) {
      known.owner = link.owner;
      known.name = link.name;
      known.capabilities = link.capabilities;
      known.profile = link.profile ?? known.profile;
      return known;
    }
    const node: NodeRecord = {
      id: link.node,
      owner: link.owner,
      name: link.name,
      capabilities: link.capabilities,
      profile: link.profile ?? { type: 'compute', labels: {} },
      mode: 'accepting',
      load: undefined,
      rttMs: undefined,
      bandwidthMbps: undefined,
      breaker: { state: 'closed', failures: 0 },
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
        return this.#acknowledge(node, message.held);
      case 'progress':
        for (const { token, phase } of message.tasks) this.#progress(node, token, phase);
        return;
      case 'output':
        return this.#output(node, message);
      case 'results':
        return this.#results.take(node, message.results);
      case 'goodbye':
        node.link = undefined;
        this.#loseAll(node, 'its node left');
        return this.#announce(node);
    }
  }

  #heard(node: NodeRecord): void {
    node.lastHeardMs = this.#core.clock.monotonicMs();
    node.lastSeenAt = this.#core.clock.now();
  }

  /** Renews what is still the node's, names what is not. */
  #acknowledge(node: NodeRecord, held: readonly number[]): void {
    const { clock, options, leases } = this.#core;
    const revoked: number[] = [];
    for (const token of held) {
      const lease = leases.get(token);
      if (lease?.node !== node.id) revoked.push(token);
      else if (lease.state === 'leased') lease.expiresAtMs = clock.monotonicMs() + options.leaseMs;
      else if (lease.job.leases.get(lease.index) !== lease) revoked.push(token);
    }
    node.link?.send({ type: 'heartbeat-ack', leaseMs: options.leaseMs, revoked });
  }

  #progress(node: NodeRecord, token: number, phase: Phase): void {
    const lease = this.#core.leases.get(token);
    if (lease?.node !== node.id || lease.state !== 'leased') return;
    lease.phase = phase;
    phaseReached(this.#core, lease.job, phase, node.id);
  }

  #output(node: NodeRecord, chunk: Extract<Message, { type: 'output' }>): void {
    const lease = this.#core.leases.get(chunk.token);
    if (lease?.node !== node.id || lease.state !== 'leased') return;
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
      if (node.link === undefined) this.#loseAll(node, 'its node lost the connection');
    });
    this.#graces.set(node.id, cancel);
  }

  #loseAll(node: NodeRecord, cause: string): void {
    for (const lease of node.leases.values()) {
      loseLease(this.#core, this.#dispatcher, lease, cause);
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
          loseLease(this.#core, this.#dispatcher, lease, 'its lease was not renewed in time');
        }
      }
      if (node.link !== undefined && nowMs - node.lastHeardMs > options.deadMs) {
        logger.warn('a node is silent and taken for dead', { silentMs: nowMs - node.lastHeardMs });
        node.link.close('no sign of life');
        node.link = undefined;
        this.#loseAll(node, 'its node fell silent');
        this.#announce(node);
      }
    }
  }

  #storeSeen(): void {
    for (const node of this.#core.nodes.values()) {
      if (node.link !== undefined) this.#core.journal.node(nodeRow(node));
    }
  }

  #announce(node: NodeRecord): void {
    const { clock, options, listeners } = this.#core;
    listeners.node(nodeView(node, nodeStatus(node, clock.monotonicMs(), options.suspectMs)));
  }
}
