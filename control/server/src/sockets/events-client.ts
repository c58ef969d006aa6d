import { EventReplay } from '@fog/coordinator';
import { errorMessage, isFogError, type Logger } from '@fog/kernel';
import { type EventsMessage, EventsRequest, type JobEvent, parseWith } from '@fog/wire';
import type { WebSocket } from 'ws';
import type { Caller } from '../auth/credentials.ts';
import { parseJson } from './agent-handshake.ts';
import type { FollowJob, Follower } from './follow-job.ts';
import { MAX_EVENT_BACKLOG_BYTES, MAX_EVENT_REQUESTS, MAX_FOLLOWED_JOBS } from './limits.ts';

type Topic = Extract<EventsRequest, { type: 'subscribe' }>['topic'];

const POLICY_VIOLATION = 1008;
const SERVICE_RESTART = 1012;

type ReadEvents = (query: {
  readonly after: number;
  readonly limit: number;
}) => Promise<JobEvent[]>;

interface ClientDeps {
  readonly followJob: FollowJob;
  /** Of all jobs of the caller. */
  readonly readEvents: ReadEvents;
  readonly logger: Logger;
}

/** One socket: what it asked for, and the bound on what waits for it. */
export class EventsClient {
  readonly socket: WebSocket;
  readonly caller: Caller;
  readonly #followJob: FollowJob;
  readonly #readEvents: ReadEvents;
  readonly #logger: Logger;
  readonly #topics = new Set<Topic>();
  /** Followed jobs; the end of each is known once the coordinator has answered. */
  readonly #follows = new Map<string, (() => void) | undefined>();
  /** Job events of the topic, when the reader asked for those since one it knows. */
  #replay: EventReplay | undefined;
  #requests = 0;
  #dropped = 0;

  constructor(socket: WebSocket, caller: Caller, deps: ClientDeps) {
    this.socket = socket;
    this.caller = caller;
    this.#followJob = deps.followJob;
    this.#readEvents = deps.readEvents;
    this.#logger = deps.logger;
    socket.on('message', (data: Buffer) => void this.#request(data.toString('utf8')));
    socket.once('close', () => {
      for (const end of this.#follows.values()) end?.();
      this.#follows.clear();
    });
  }

  /** True when the event is to be sent; one that a replay will find is not. */
  takes(event: JobEvent): boolean {
    if (!this.wants('jobs')) return false;
    if (this.#replay === undefined) return true;
    this.#replay.offer(event);
    return false;
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

  /** When what was said so far is on its way; false when the socket has closed. */
  #drained(): Promise<boolean> {
    if (this.socket.readyState !== this.socket.OPEN) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.socket.ping(undefined, undefined, (error) => resolve(!(error instanceof Error)));
    });
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
      if (request.type === 'follow') return await this.#follow(request.job, request.after);
      await this.#subscribe(request.topic, request.after);
    } catch (error) {
      this.#refuse(error);
    }
  }

  async #subscribe(topic: Topic, after: number | undefined): Promise<void> {
    const isKnown = this.#topics.has(topic);
    this.#topics.add(topic);
    this.#say({ type: 'subscribed', topic });
    if (topic !== 'jobs' || after === undefined || isKnown) return;
    this.#replay = new EventReplay({
      after,
      tell: (event) => this.#say({ type: 'job-event', event }),
      drained: () => this.#drained(),
    });
    await this.#replay.run((query) => this.#readEvents(query));
  }

  async #follow(job: string, after: number | undefined): Promise<void> {
    if (this.#follows.has(job)) return;
    if (this.#follows.size >= MAX_FOLLOWED_JOBS) {
      const message = `One socket follows at most ${MAX_FOLLOWED_JOBS} jobs. Open another one.`;
      return this.#say({ type: 'error', code: 'SERVER_BUSY', message });
    }
    this.#follows.set(job, undefined);
    const follower: Follower = {
      tell: (message) => this.#say(message),
      drained: () => this.#drained(),
      over: () => void this.#follows.delete(job),
      lost: () => this.socket.close(SERVICE_RESTART, 'another coordinator may lead'),
    };
    try {
      const end = await this.#followJob(job, after, follower);
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
