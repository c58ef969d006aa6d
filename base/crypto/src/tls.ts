/**
 * Connections to a fog that is known by the id of its key. The socket is handed over only after the peer has
 * proven that key (or, without one, a certificate of an authority this machine trusts): nothing is written
 * to an impostor. The certificate's names and times say nothing here, the key says all.
 */
import type { X509Certificate } from 'node:crypto';
import type { Agent, AgentOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { fail } from './errors.ts';
import { identityId } from './identity.ts';

/** From dialling to the end of the TLS handshake: a silent peer must not hold a call for ever. */
const TLS_HANDSHAKE_MS = 10_000;

type Done = (error: Error | null, socket?: Socket) => void;

/**
 * An agent of `node:http` for calls to `url`. With `keyId` the peer must prove the key of that id, else its
 * certificate must be of a trusted authority and name the host. Calls throw CRYPTO_OTHER_KEY and CRYPTO_UNTRUSTED.
 */
export function createPeerAgent(
  url: URL,
  keyId: string | undefined,
  options: AgentOptions = {},
): Agent {
  if (url.protocol !== 'https:') {
    const http = process.getBuiltinModule('node:http');
    return new http.Agent(options);
  }
  const https = process.getBuiltinModule('node:https');
  const agent: Agent = new https.Agent(options);
  const createConnection = (_options: unknown, done: Done): undefined => connect(url, keyId, done);
  return Object.assign(agent, { createConnection });
}

/** The id of an Ed25519 key in a certificate; undefined for another kind of key. */
export function certificateKeyId({ publicKey }: X509Certificate): string | undefined {
  if (publicKey.asymmetricKeyType !== 'ed25519') return undefined;
  return identityId(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'));
}

function connect(url: URL, keyId: string | undefined, done: Done): undefined {
  const tls = process.getBuiltinModule('node:tls');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isName = !/^[\d.]+$|:/.test(host);
  const socket = tls.connect({
    host,
    port: url.port === '' ? 443 : Number(url.port),
    ...(isName ? { servername: host } : {}),
    // With a pinned key the check below is the whole trust; without, it is done by Node.
    rejectUnauthorized: keyId === undefined,
    minVersion: keyId === undefined ? 'TLSv1.2' : 'TLSv1.3',
    ALPNProtocols: ['http/1.1'],
  });
  let settled = false;
  const settle: Done = (error, ready) => {
    if (settled) return;
    settled = true;
    socket.setTimeout(0);
    if (error !== null) socket.destroy();
    done(error, ready);
  };
  socket.setTimeout(TLS_HANDSHAKE_MS, () => settle(new Error('no TLS handshake in time')));
  socket.once('secureConnect', () => {
    const wrong = keyId === undefined ? undefined : wrongKey(socket, url, keyId);
    if (wrong === undefined) settle(null, socket);
    else settle(wrong);
  });
  // Stays for an error between two owners of the socket; those have listeners of their own.
  socket.on('error', (error) => settle(keyId === undefined ? untrusted(url, error) : plain(error)));
  socket.once('close', () => settle(new Error('the peer closed the connection in the handshake')));
}

function wrongKey(socket: TLSSocket, url: URL, expected: string): Error | undefined {
  const certificate = socket.getPeerX509Certificate();
  const seen = certificate === undefined ? undefined : certificateKeyId(certificate);
  if (seen === expected) return undefined;
  const other = seen ?? 'a key of another kind';
  return fail('CRYPTO_OTHER_KEY', {
    message: `Not the fog that was meant answers at ${url.host}: expected the key ${expected}, seen ${other}. Nothing was sent to it. Check the address; if the fog has a new key, take a new join line from "fog invite" there.`,
    details: { host: url.host, expected, seen: other },
  });
}

/** Codes of Node for a certificate that does not stand the check. */
const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/;

function untrusted(url: URL, error: NodeJS.ErrnoException): Error {
  const { code = '' } = error;
  if (!CERTIFICATE_CODES.test(code)) return plain(error);
  return fail('CRYPTO_UNTRUSTED', {
    message: `The certificate at ${url.host} is of no authority this machine trusts (${code}), and the address names no key. Copy the whole address from the fog, with the key before the "@": "fog invite" prints it there. Or make its authority known to Node with NODE_EXTRA_CA_CERTS=FILE.`,
    details: { host: url.host, reason: code },
    cause: error,
  });
}

function plain(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ERR_SSL_WRONG_VERSION_NUMBER' && error.code !== 'EPROTO') return error;
  return new Error('what listens there does not speak TLS', { cause: error });
}
