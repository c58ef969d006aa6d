import { errorMessage, isFogError, type Logger } from '@fog/kernel';
import { type EventsMessage, EventsRequest, parseWith } from '@fog/wire';
import type { WebSocket } from 'ws';
import type { Caller } from '../auth/credentials.ts';
import { parseJson } from './agent-handshake.ts';
import type { FollowJob, Follower } from './follow-job.ts';
import { MAX_EVENT_BACKLOG_BYTES, MAX_EVENT_REQUESTS, MAX_FOLLOWED_JOBS } from './limits.ts';

type Topic = Extract<EventsRequest, { type: 'subscribe' }>['topic'];

const POLICY_VIOLATION = 1008;
const SERVICE_RESTART = 1012;

/** One socket: what it asked for, and the bound on what waits for it. */
export class EventsClient {
  readonly socket: WebSocket;
  readonly caller: Caller;
  readonly #followJob: FollowJob;
  readonly #logger: Logger;
  readonly #topics = new Set<Topic>();
  /** Followed jobs; the end of each is known once the coordinator has answered. */
  readonly #follows = new Map<string, (() => void) | undefined>();
  #requests = 0;
  #dropped = 0;

  constructor(
    socket: WebSocket,
    caller: Caller,
    deps: { readonly followJob: FollowJob; readonly logger: Logger },
  ) {
    this.socket = socket;
    this.caller = caller;
    this.#followJob = deps.followJob;
    this.#logger = deps.logger;
    socket.on('message', (data: Buffer) => void this.#request(data.toString('utf8')));
    socket.once('close', () => {
      for (const end of this.#follows.values()) end?.();
      this.#follows.clear();
    });
  }

  wants(topic: Topic): boolean {
    return this.#topics.has(topic);
  }

  /** True when what belongs to `owner` may be shown to this caller. */
  mayWatch(owner: string): boolean {
    return this.caller.role === 'operator' || this.caller.account === owner;
  }

  /** The credential is void: nothing more is sent, not even a goodbye. */
  expel(): void {
    this.socket.terminate();
  }

  /** Drops the message when the client reads too slowly; it is told how many once it has caught up. */
  send(text: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.socket.bufferedAmount > MAX_EVENT_BACKLOG_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#tellDropped();
    this.socket.send(text, this.#sent);
  }

  readonly #sent = (): void => {
    if (this.#dropped > 0 && this.socket.bufferedAmount <= MAX_EVENT_BACKLOG_BYTES / 2) {
      this.#tellDropped();
    }
  };

  #tellDropped(): void {
    if (this.#dropped === 0 || this.socket.readyState !== this.socket.OPEN) return;
    const lagged: EventsMessage = { type: 'lagged', dropped: this.#dropped };
    this.#dropped = 0;
    this.socket.send(JSON.stringify(lagged));
  }

  #say(message: EventsMessage): void {
    this.send(JSON.stringify(message));
  }

  async #request(text: string): Promise<void> {
    try {
      this.#requests += 1;
      if (this.#requests > MAX_EVENT_REQUESTS) {
        this.socket.close(POLICY_VIOLATION, 'too many requests on one socket');
        return;
      }
      const request = parseWith(EventsRequest, parseJson(text), 'request');
      if (request.type === 'follow') return await this.#follow(request.job);
      this.#topics.add(request.topic);
      this.#say({ type: 'subscribed', topic: request.topic });
    } catch (error) {
      this.#refuse(error);
    }
  }

  async #follow(job: string): Promise<void> {
    if (this.#follows.has(job)) return;
    if (this.#follows.size >= MAX_FOLLOWED_JOBS) {
      const message = `One socket follows at most ${MAX_FOLLOWED_JOBS} jobs. Open another one.`;
      return this.#say({ type: 'error', code: 'SERVER_BUSY', message });
    }
    this.#follows.set(job, undefined);
    const follower: Follower = {
      tell: (message) => this.#say(message),
      over: () => void this.#follows.delete(job),
      lost: () => this.socket.close(SERVICE_RESTART, 'another coordinator may lead'),
    };
    try {
      const end = await this.#followJob(job, follower);
      if (this.socket.readyState === this.socket.OPEN) this.#follows.set(job, end);
      else end();
    } catch (error) {
      this.#follows.delete(job);
      throw error;
    }
  }

  #refuse(error: unknown): void {
    if (isFogError(error) && error.kind !== 'bug') {
      return this.#say({ type: 'error', code: error.code, message: error.message });
    }
    this.#logger.error('a request on the events socket failed', {
      cause: errorMessage(error),
    });
    this.#say({ type: 'error', code: 'SERVER_BUG', message: 'The fog failed to do this.' });
  }
}
