import type { Agent } from 'node:http';

/** How blobs go to and from the coordinator of the open session. */
export interface HttpAccess {
  readonly base: URL;
  /** Bearer token; good as long as the session. */
  readonly token: string;
  readonly agent: Agent;
}
