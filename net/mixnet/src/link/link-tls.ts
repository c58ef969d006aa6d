/** How links use TLS: version 1.3 alone, Ed25519 alone, no tickets, and no trust but in the raw key. */
import { constants } from 'node:crypto';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import type { LinkCertificate } from './link-certificate.ts';

const HYBRID_GROUPS = 'X25519MLKEM768:X25519';
const PLAIN_GROUPS = 'X25519';
const EXPORTER_LABEL = 'EXPORTER-fog-mix-client/1';
const EXPORTER_BYTES = 32;

/** Without a certificate: the end of a client. */
export function linkTlsOptions(certificate?: LinkCertificate): SecureContextOptions {
  return {
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
    sigalgs: 'ed25519',
    ecdhCurve: linkGroups(),
    secureOptions: constants.SSL_OP_NO_TICKET,
    ...(certificate && { key: certificate.key, cert: certificate.certificate }),
  };
}

/** The hybrid post-quantum group first where this OpenSSL has it. */
export function linkGroups(): string {
  try {
    createSecureContext({ ecdhCurve: HYBRID_GROUPS });
    return HYBRID_GROUPS;
  } catch {
    return PLAIN_GROUPS;
  }
}

export function linkSecureContext(certificate?: LinkCertificate): SecureContext {
  return createSecureContext(linkTlsOptions(certificate));
}

/** The raw Ed25519 key whose possession the peer has proven in this handshake; undefined for none or another kind. */
export function peerLinkKey(socket: TLSSocket): Uint8Array | undefined {
  const key = socket.getPeerX509Certificate()?.publicKey;
  if (key?.asymmetricKeyType !== 'ed25519') return undefined;
  return new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
}

/** Both ends of one TLS session, and nobody else, have these 32 bytes (RFC 8446 §7.5). */
export function sessionBinding(socket: TLSSocket): Uint8Array {
  return socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
}
