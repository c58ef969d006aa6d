/** Accounts and their bearer tokens. A token is 160 random bits and is stored as its SHA-256 only. */
import { randomSecret, secretHash } from '@fog/crypto';
import type { Clock } from '@fog/kernel';
import type { Store } from '@fog/store';
import { MAX_CACHED_CREDENTIALS } from './limits.ts';

export type Role = 'user' | 'operator';

export interface Caller {
  readonly account: string;
  readonly role: Role;
  /** Hash of the token it came with. */
  readonly credential: string;
}

export interface Operator {
  readonly account: string;
  /** Only when it was made by this call: it cannot be read again. */
  readonly token?: string;
}

export interface Credentials {
  /** Makes the account `operator` and its first token when the fog has no operator yet. */
  ensureOperator(): Promise<Operator>;
  /** A further token of the account, in clear once. */
  issueToken(account: string, label: string): Promise<string>;
  /** Undefined for unknown, expired and revoked tokens. */
  authenticate(token: string): Promise<Caller | undefined>;
  /** The caller of a token that was right a while ago and still is, without asking the store. */
  known(token: string): Caller | undefined;
  /** From the moment it is called the token is refused, also on open sockets. */
  revoke(token: string): Promise<void>;
  /** Tells the hashes of revoked tokens; returns the end of it. */
  onRevoke(listener: (hash: string) => void): () => void;
}

interface Known extends Caller {
  readonly expiresAt: number | null;
}

const TOKEN_PREFIX = 'fog_sk_';
const OPERATOR = 'operator';

export function createCredentials(store: Store, clock: Clock): Credentials {
  const cache = createCache();
  const listeners = new Set<(hash: string) => void>();
  const inTime = (hash: string, known: Known | undefined): Known | undefined => {
    if (known === undefined) return undefined;
    if (known.expiresAt === null || known.expiresAt > clock.now()) return known;
    cache.forget(hash);
    return undefined;
  };
  return {
    ensureOperator: () => ensureOperator(store, clock),
    issueToken: async (account, label) => {
      const token = randomSecret(TOKEN_PREFIX);
      await store.write(async (trx) => {
        await trx
          .insertInto('credential')
          .values(credentialRow(token, account, label, clock))
          .execute();
      });
      return token;
    },
    authenticate: async (token) => {
      const hash = secretHash(token);
      const known = cache.get(hash) ?? (await cache.fill(hash, () => readCredential(store, hash)));
      return inTime(hash, known);
    },
    known: (token) => {
      const hash = secretHash(token);
      return inTime(hash, cache.get(hash));
    },
    revoke: async (token) => {
      const hash = secretHash(token);
      cache.refuse(hash);
      for (const listener of listeners) listener(hash);
      await store.write(async (trx) => {
        await trx.deleteFrom('credential').where('hash', '=', hash).execute();
      });
      cache.forget(hash);
    },
    onRevoke: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function ensureOperator(store: Store, clock: Clock): Promise<Operator> {
  const token = randomSecret(TOKEN_PREFIX);
  const isNew = await store.write(async (trx) => {
    const account = { id: OPERATOR, name: OPERATOR, role: OPERATOR, created_at: clock.now() };
    // One statement asks and makes: two coordinators may start at once.
    const made = await trx
      .insertInto('account')
      .values(account)
      .onConflict((c) => c.column('id').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (made === undefined) return false;
    const row = credentialRow(token, OPERATOR, 'first start', clock);
    await trx.insertInto('credential').values(row).execute();
    return true;
  });
  return isNew ? { account: OPERATOR, token } : { account: OPERATOR };
}

function credentialRow(
  token: string,
  account: string,
  label: string,
  clock: Clock,
): {
  hash: string;
  account: string;
  label: string;
  created_at: number;
  expires_at: null;
} {
  const hash = secretHash(token);
  return { hash, account, label, created_at: clock.now(), expires_at: null };
}

/** The lookup is by hash, so its timing tells nothing of the token. */
async function readCredential(store: Store, hash: string): Promise<Known | undefined> {
  const row = await store.db
    .selectFrom('credential')
    .innerJoin('account', 'account.id', 'credential.account')
    .select(['account.id', 'account.role', 'credential.expires_at'])
    .where('credential.hash', '=', hash)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const role = row.role === OPERATOR ? OPERATOR : 'user';
  return { account: row.id, role, credential: hash, expiresAt: row.expires_at };
}

interface CredentialCache {
  get(hash: string): Known | undefined;
  /** Keeps what `read` finds, unless the token was revoked meanwhile. */
  fill(hash: string, read: () => Promise<Known | undefined>): Promise<Known | undefined>;
  /** Not found any more, whatever the store still says, until `forget`. */
  refuse(hash: string): void;
  forget(hash: string): void;
}

function createCache(): CredentialCache {
  const known = new Map<string, Known>();
  const refused = new Set<string>();
  let revocations = 0;
  return {
    get: (hash) => known.get(hash),
    fill: async (hash, read) => {
      const before = revocations;
      const found = refused.has(hash) ? undefined : await read();
      if (found === undefined || refused.has(hash)) return undefined;
      // A revocation that ended while the read was under way may have been of this very token.
      if (before !== revocations) return read();
      if (known.size >= MAX_CACHED_CREDENTIALS) known.delete(known.keys().next().value as string);
      known.set(hash, found);
      return found;
    },
    refuse: (hash) => {
      refused.add(hash);
      known.delete(hash);
    },
    forget: (hash) => {
      revocations += 1;
      refused.delete(hash);
      known.delete(hash);
    },
  };
}
