import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createCredentials, createEnrolment } from '@fog/server';
import { openStore, type Store } from '@fog/store';
import { tempDir, type TempDir, VirtualClock } from '@fog/testkit';

let dir: TempDir;
let store: Store;
const clock = new VirtualClock();

before(async () => {
  dir = await tempDir();
  store = await openStore({ dir: dir.path });
});
after(async () => {
  await store.close();
  await dir[Symbol.asyncDispose]();
});

describe('credentials', () => {
  it('makes one operator, and shows its token once', async () => {
    const credentials = createCredentials(store, clock);
    const first = await credentials.ensureOperator();
    assert.match(first.token ?? '', /^fog_sk_[a-z2-7]{32}$/);
    assert.deepEqual(await credentials.ensureOperator(), { account: 'operator' });
    const caller = await credentials.authenticate(first.token ?? '');
    assert.equal(caller?.account, 'operator');
    assert.equal(caller?.role, 'operator');
  });

  it('stores no token in clear', async () => {
    const credentials = createCredentials(store, clock);
    const token = await credentials.issueToken('operator', 'laptop');
    const rows = await store.db.selectFrom('credential').selectAll().execute();
    assert.ok(!JSON.stringify(rows).includes(token.slice('fog_sk_'.length)));
  });

  it('refuses unknown, expired and revoked tokens', async () => {
    const credentials = createCredentials(store, clock);
    assert.equal(await credentials.authenticate('fog_sk_wrong'), undefined);
    const token = await credentials.issueToken('operator', 'short');
    assert.ok(await credentials.authenticate(token));
    const revoked: string[] = [];
    credentials.onRevoke((hash) => revoked.push(hash));
    const revocation = credentials.revoke(token);
    assert.equal(await credentials.authenticate(token), undefined);
    await revocation;
    assert.equal(await credentials.authenticate(token), undefined);
    assert.equal(revoked.length, 1);
  });

  it('does not keep a token that was revoked while it was looked up', async () => {
    const credentials = createCredentials(store, clock);
    const token = await credentials.issueToken('operator', 'race');
    await Promise.all([credentials.authenticate(token), credentials.revoke(token)]);
    assert.equal(await credentials.authenticate(token), undefined);
  });

  it('honours the end of a credential, also from memory', async () => {
    const credentials = createCredentials(store, clock);
    const token = await credentials.issueToken('operator', 'ends');
    await store.write(async (trx) => {
      const ends = { expires_at: clock.now() + 1_000 };
      await trx.updateTable('credential').set(ends).where('label', '=', 'ends').execute();
    });
    assert.ok(await credentials.authenticate(token));
    clock.advance(1_000);
    assert.equal(await credentials.authenticate(token), undefined);
    assert.equal(await credentials.authenticate(token), undefined);
  });
});

describe('join codes', () => {
  const node = (index: number): string => `node${index}`.padEnd(26, 'a');

  it('enrol ten nodes and no eleventh, however they race', async () => {
    const enrolment = createEnrolment(store, clock);
    const { code, uses, expiresAt } = await enrolment.issue('operator');
    assert.equal(uses, 10);
    assert.equal(expiresAt, clock.now() + 600_000);
    const tries = Array.from({ length: 12 }, (_, index) => enrolment.enrol(node(index), code));
    const settled = await Promise.allSettled(tries);
    assert.equal(settled.filter((each) => each.status === 'fulfilled').length, 10);
    await assert.rejects(enrolment.enrol(node(99), code), { code: 'JOIN_CODE_USED_UP' });
    assert.equal(await enrolment.owner(node(0)), 'operator');
    assert.equal(await enrolment.owner(node(99)), undefined);
  });

  it('are not used by a node that has enrolled before', async () => {
    const enrolment = createEnrolment(store, clock);
    assert.equal(await enrolment.enrol(node(0), 'fog_jc_nonsense'), 'operator');
  });

  it('say whether they are unknown or expired', async () => {
    const enrolment = createEnrolment(store, clock);
    const { code } = await enrolment.issue('operator');
    clock.advance(600_000);
    await assert.rejects(enrolment.enrol(node(50), code), { code: 'JOIN_CODE_EXPIRED' });
    await assert.rejects(enrolment.enrol(node(50), 'fog_jc_x'), { code: 'JOIN_CODE_UNKNOWN' });
    clock.advance(2 * 86_400_000);
    await enrolment.issue('operator');
    await assert.rejects(enrolment.enrol(node(50), code), { code: 'JOIN_CODE_UNKNOWN' });
  });
});
