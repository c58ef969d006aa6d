import type { CoordinatorApi, JobListener } from '@fog/coordinator';
import { type EventsMessage, readFogAddress } from '@fog/wire';
import { followEvents } from '../client/follow.ts';
import { createServers } from '../client/servers.ts';
import { fail } from '../errors.ts';
import { FORWARDED } from '../http/forward.ts';

export interface Follower {
  readonly tell: (message: EventsMessage) => void;
  /** Resolves when it can take more; false when it is gone. */
  readonly drained: () => Promise<boolean>;
  /** The job is followed no more. */
  readonly over: () => void;
  /** Neither is anything else: the reader must connect anew. */
  readonly lost: () => void;
}

/** `after`: the last event the reader knows, if any. Returns the end of it. */
export type FollowJob = (
  job: string,
  after: number | undefined,
  follower: Follower,
) => Promise<() => void>;

export function followHere(coordinator: CoordinatorApi, account: string): FollowJob {
  return (job, after, { tell, drained }) => {
    const listener: JobListener = {
      event: (event) => tell({ type: 'job-event', event }),
      output: (output) => tell({ type: 'output', job, ...output }),
      drained,
    };
    return coordinator.follow(account, job, listener, after);
  };
}

/** What the leader tells of the job, asked for with the reader's own token. Throws SERVER_NO_LEADER. */
export function followAtLeader(leader: string, token: string): FollowJob {
  return async (job, after, follower) => {
    const { address } = readFogAddress(leader);
    if (address === undefined) throw fail('SERVER_NO_LEADER');
    const life = new AbortController();
    const options = { servers: createServers(address), token, headers: { [FORWARDED]: '1' } };
    const request = { type: 'follow', job, ...(after === undefined ? {} : { after }) } as const;
    const relay = async (): Promise<void> => {
      for await (const message of followEvents(options, request, life.signal)) {
        follower.tell(message);
        if (message.type === 'error') return follower.over();
      }
      if (!life.signal.aborted) follower.lost();
    };
    void relay().catch(follower.lost);
    return () => life.abort();
  };
}
