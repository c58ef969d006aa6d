import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Sla, SLA_TIERS, type SlaTierReport, TIER_PROMISES } from '@fog/wire';
import { slaText, tiersLine } from '../../src/show/sla-text.ts';
import { quoteText } from '../../src/show/price-text.ts';

const PIPE = { isTerminal: false, columns: 80 };
const nothing = { starts: 0, lateStarts: 0, tasks: 0, attempts: 0, breaches: 0 };
const tiers: SlaTierReport[] = SLA_TIERS.map((tier) => ({
  tier,
  promise: TIER_PROMISES[tier],
  measured: nothing,
}));
const silver: SlaTierReport = {
  tier: 'silver',
  promise: TIER_PROMISES.silver,
  measured: {
    starts: 20,
    lateStarts: 3,
    startP95Ms: 4_321,
    tasks: 20,
    successPct: 95,
    attempts: 41,
    errorPct: 2.439_02,
    breaches: 3,
  },
  isKept: false,
};
const sla: Sla = {
  time: 100_000,
  since: 0,
  tiers: tiers.map((each) => (each.tier === 'silver' ? silver : each)),
  breaches: [
    {
      time: 40_000,
      job: 'jaaaaaaaaaaaa',
      tier: 'silver',
      kind: 'latency',
      severity: 'high',
      value: 4_400,
      limit: 1_200,
    },
    {
      time: 30_000,
      job: 'jbbbbbbbbbbbb',
      tier: 'gold',
      kind: 'errors',
      severity: 'medium',
      value: 0.15,
      limit: 0.1,
    },
  ],
};

describe('the service levels', () => {
  it('are promises, measures and breaches', () => {
    const text = slaText(sla, PIPE);
    assert.match(text, /^bronze +2\.5 s +97 % +3 % +1 +× 1$/m);
    assert.match(
      text,
      /^platinum +200 ms +99\.95 % +0\.05 % +3 on different owners and regions +× 8$/m,
    );
    assert.match(text, /^silver +4\.3 s +95 % +2\.44 % +3 +NOT KEPT$/m);
    assert.match(text, /^gold +- +- +- +0 +nothing measured$/m);
    assert.match(text, /jaaaaaaaaaaaa +silver +high +began after 4\.4 s, not within 1\.2 s$/m);
    assert.match(text, /gold +medium +0\.15 % of its attempts failed, not 0\.1 % at most$/m);
    assert.doesNotMatch(slaText({ ...sla, breaches: [] }, PIPE), /WHEN/);
  });

  it('are one line of the status, when there is something to say', () => {
    assert.deepEqual(tiersLine(sla.tiers), ['tiers     silver NOT KEPT (3 breaches)']);
    const kept = { ...silver, isKept: true, measured: { ...silver.measured, breaches: 1 } };
    assert.deepEqual(tiersLine([kept]), ['tiers     silver kept (1 breach)']);
    assert.deepEqual(tiersLine(tiers), []);
  });

  it('a quote is in credits, however small', () => {
    assert.equal(quoteText({ micro: 1, forMs: 3_600_000 }), '0.000001 for 1 h');
    assert.equal(quoteText({ micro: 2_500_000, forMs: 500 }), '2.5 for 500 ms');
    assert.equal(quoteText({ micro: 0, forMs: 1 }), '0 for 1 ms');
    assert.equal(quoteText(undefined), '-');
  });
});
