import { randomSecret, secretHash } from '@fog/crypto';

/** What the token of an agent session gives access to. */
export interface SessionAccess {
  readonly node: string;
  /** Aborts when the session ends: its transfers end with it. */
  readonly signal: AbortSignal;
}

export interface AgentSessions {
  /** A token for HTTP that lives until `end`. */
  begin(node: string): { readonly token: string; end(): void };
  find(token: string): SessionAccess | undefined;
}

/** Tokens are kept in memory only, as hashes: looking one up by hash tells nothing by its timing. */
export function createAgentSessions(): AgentSessions {
  const sessions = new Map<string, SessionAccess>();
  return {
    begin: (node) => {
      const token = randomSecret('fog_at_');
      const hash = secretHash(token);
      const life = new AbortController();
      sessions.set(hash, { node, signal: life.signal });
      return {
        token,
        end: () => {
          sessions.delete(hash);
          life.abort();
        },
      };
    },
    find: (token) => sessions.get(secretHash(token)),
  };
}
