import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { identityFromSeed } from '@fog/crypto';
import { createLinkCertificate } from '../../src/link/link-certificate.ts';
import { seed } from './link-world.ts';

test('the certificate is valid, self-signed, and holds the key of the seed', () => {
  const { certificate, publicKey } = createLinkCertificate(seed(5));
  assert.deepEqual(publicKey, identityFromSeed(seed(5)).publicKey);
  const parsed = new X509Certificate(certificate);
  const { x, crv } = parsed.publicKey.export({ format: 'jwk' });
  assert.deepEqual([crv, Buffer.from(x ?? '', 'base64url')], ['Ed25519', Buffer.from(publicKey)]);
  assert.equal(parsed.verify(parsed.publicKey), true);
});

test('certificates of two keys differ in key and signature alone', () => {
  const [a, b] = [1, 2].map(
    (byte) => new X509Certificate(createLinkCertificate(seed(byte)).certificate),
  );
  assert.ok(a && b);
  assert.deepEqual(
    [a.subject, a.serialNumber, a.validFrom, a.validTo, a.raw.length],
    [b.subject, b.serialNumber, b.validFrom, b.validTo, b.raw.length],
  );
  assert.deepEqual(createLinkCertificate(seed(1)), createLinkCertificate(seed(1)));
});
