import assert from 'node:assert/strict';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { isFogError, utf8 } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import {
  agreementKey,
  createSha256,
  identityFromSeed,
  identityId,
  openIdentity,
  randomLabel,
  randomSecret,
  sameHash,
  secretHash,
  sha256Hex,
  verifySignature,
  x25519,
  x25519PublicKey,
} from '../src/index.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

test('RFC 8032 §7.1 test 1 and 2: keys and signatures', () => {
  const vectors = [
    {
      seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      message: '',
      signature:
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    },
    {
      seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      message: '72',
      signature:
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    },
  ];
  for (const vector of vectors) {
    const identity = identityFromSeed(hex(vector.seed));
    assert.deepEqual(identity.publicKey, hex(vector.publicKey));
    const message = hex(vector.message);
    const signature = identity.sign(message);
    assert.deepEqual(signature, hex(vector.signature));
    assert.equal(verifySignature(identity.publicKey, message, signature), true);
    assert.equal(verifySignature(identity.publicKey, utf8('other'), signature), false);
  }
});

test('keys and signatures of a wrong length are just wrong', () => {
  const identity = identityFromSeed(new Uint8Array(32));
  const message = utf8('m');
  assert.equal(verifySignature(new Uint8Array(31), message, identity.sign(message)), false);
  assert.equal(verifySignature(identity.publicKey, message, new Uint8Array(63)), false);
});

test('an identity agrees with whoever knows its public key', () => {
  const identity = identityFromSeed(new Uint8Array(32).fill(7));
  const [secret, point] = [new Uint8Array(32).fill(9), new Uint8Array(32)];
  x25519PublicKey(point, secret);
  const [ours, theirs] = [new Uint8Array(32), new Uint8Array(32)];
  assert.equal(identity.agree(ours, point), true);
  const key = agreementKey(identity.publicKey);
  assert.ok(key);
  assert.equal(x25519(theirs, secret, key), true);
  assert.deepEqual(ours, theirs);
  assert.equal(identity.agree(ours, new Uint8Array(32)), false);
});

test('only an Ed25519 key of full order has an agreement key', () => {
  const identityPoint = new Uint8Array(32);
  identityPoint[0] = 1;
  for (const none of [identityPoint, new Uint8Array(32).fill(2), new Uint8Array(31)]) {
    assert.equal(agreementKey(none), undefined);
  }
});

test('an id is 26 base32 characters that depend on the key alone', () => {
  const { id, publicKey } = identityFromSeed(new Uint8Array(32).fill(7));
  assert.match(id, /^[a-z2-7]{26}$/);
  assert.equal(identityId(publicKey), id);
  assert.notEqual(identityFromSeed(new Uint8Array(32)).id, id);
});

test('a key file is made once, 0600, and read again; a damaged one is refused with the remedy', async () => {
  await using dir = await tempDir();
  const file = path.join(dir.path, 'keys', 'node.key');
  const made = await openIdentity(file);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await openIdentity(file)).id, made.id);
  await chmod(file, 0o600);
  await writeFile(file, 'c2hvcnQ=');
  const refused = (error: unknown): boolean =>
    isFogError(error, 'CRYPTO_KEY_FILE') && /backup/.test(error.message);
  await assert.rejects(openIdentity(file), refused);
  const directory = path.join(dir.path, 'directory.key');
  await mkdir(directory);
  await assert.rejects(openIdentity(directory), refused);
});

test('hashes: SHA-256 of "abc" (FIPS 180-4), incremental and at once; comparison', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  assert.equal(sha256Hex(utf8('abc')), abc);
  assert.equal(createSha256().update('a').update('bc').digest('hex'), abc);
  assert.equal(secretHash('abc'), abc);
  assert.equal(sameHash(abc, abc), true);
  assert.equal(sameHash(abc, `${abc}0`), false);
  assert.equal(sameHash(abc, abc.replace('b', 'c')), false);
});

test('secrets and labels are base32 of the asked length and do not repeat', () => {
  assert.match(randomSecret('fog_sk_'), /^fog_sk_[a-z2-7]{32}$/);
  assert.match(randomLabel(12), /^[a-z2-7]{12}$/);
  assert.equal(new Set(Array.from({ length: 1000 }, () => randomLabel(12))).size, 1000);
});
