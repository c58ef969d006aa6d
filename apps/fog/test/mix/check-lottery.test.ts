import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLottery } from '../../src/mix/check-lottery.ts';

const base64 = (bytes: number, fill: number): string =>
  Buffer.alloc(bytes, fill).toString('base64');

describe('the check of the lottery', () => {
  it('refuses a document that the authorities did not sign', async () => {
    const answer = {
      network: 'test',
      threshold: 1,
      epochMs: 1_200_000,
      authorities: [{ id: 'a', key: base64(32, 1), vrfKey: base64(32, 2), url: 'http://x' }],
      document: base64(100, 3),
      signatures: [{ authority: 'a', signature: base64(64, 4) }],
    };
    await assert.rejects(checkLottery(answer, undefined), {
      code: 'FOG_LOTTERY',
      message: /0 good signatures of configured authorities and needs 1/,
    });
  });
});
