/**
 * Proof of an agent's node key against a fresh nonce, and its enrolment. The signature covers the fog's
 * id and key, so a proof made for one fog is worth nothing at another.
 */
import { randomBytes } from 'node:crypto';
import { type Identity, identityId, verifySignature } from '@fog/crypto';
import { AGENT_PROTOCOL, agentAuthBytes, type Challenge, Hello, parseWith } from '@fog/wire';
import { z } from 'zod';
import type { Enrolment } from '../auth/enrolment.ts';
import { fail } from '../errors.ts';

const NONCE_BYTES = 32;

export interface ProvenAgent {
  readonly node: string;
  readonly owner: string;
  readonly hello: Hello;
}

type Challenged = z.infer<typeof Challenge>;

export function createChallenge(identity: Identity): Challenged {
  return {
    type: 'challenge',
    protocol: AGENT_PROTOCOL,
    fogId: identity.id,
    nonce: randomBytes(NONCE_BYTES).toString('base64'),
    serverKey: Buffer.from(identity.publicKey).toString('base64'),
  };
}

/** A hello of any version: what must be read before the schema of this version may be applied. */
const AnyHello = z.looseObject({ type: z.literal('hello'), protocol: z.int() });

/** Throws WIRE_INVALID, AGENT_PROTOCOL, AGENT_PROOF, AGENT_NOT_ENROLLED and the JOIN_CODE_* errors. */
export async function proveAgent(
  text: string,
  challenge: Challenged,
  enrolment: Enrolment,
): Promise<ProvenAgent> {
  const hello = parseHello(text);
  const nodeKey = Buffer.from(hello.nodeKey, 'base64');
  const proof = agentAuthBytes({ ...challenge, nodeKey: hello.nodeKey });
  if (!verifySignature(nodeKey, proof, Buffer.from(hello.signature, 'base64'))) {
    throw fail('AGENT_PROOF');
  }
  const node = identityId(nodeKey);
  const owner =
    hello.joinCode === undefined
      ? await enrolment.owner(node)
      : await enrolment.enrol(node, hello.joinCode);
  if (owner === undefined) throw fail('AGENT_NOT_ENROLLED');
  return { node, owner, hello };
}

function parseHello(text: string): Hello {
  const value = parseWith(AnyHello, parseJson(text), 'hello');
  if (value.protocol !== AGENT_PROTOCOL) {
    throw fail('AGENT_PROTOCOL', {
      message: `The agent speaks protocol ${value.protocol}, this fog ${AGENT_PROTOCOL}. Use the same version of fog on both machines.`,
      details: { agent: value.protocol, fog: AGENT_PROTOCOL },
    });
  }
  return parseWith(Hello, value, 'hello');
}

/** Undefined for what is no JSON: every schema refuses it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
