import { formatDuration } from '@fog/kernel';
import type { Apart, Sla, SlaBreach, SlaTierReport } from '@fog/wire';
import { type Screen, table } from './table.ts';
import { ago } from './time.ts';

const APART: Readonly<Record<Apart, string>> = {
  node: 'machines',
  owner: 'owners',
  region: 'owners and regions',
};

export function slaText({ tiers, breaches, time }: Sla, screen: Screen): string {
  const promises = table([PROMISES, ...tiers.map(promiseRow)], { right: [1, 2, 3, 5] });
  const measures = table([MEASURES, ...tiers.map(measureRow)], { right: [1, 2, 3, 4] });
  const rows = breaches.map((each) => breachRow(each, time));
  const last = rows.length === 0 ? '' : `\n${table([BREACHES, ...rows], { screen })}`;
  return `${promises}\nMeasured in the last 24 hours:\n${measures}${last}`;
}

/** For "fog status": the tiers of which anything was measured. */
export function tiersLine(tiers: readonly SlaTierReport[]): string[] {
  const measured = tiers.filter(({ isKept }) => isKept !== undefined);
  if (measured.length === 0) return [];
  const said = measured.map(({ tier, isKept, measured: { breaches } }) => {
    const many = breaches === 1 ? '1 breach' : `${breaches} breaches`;
    return `${tier} ${isKept === true ? 'kept' : 'NOT KEPT'}${breaches === 0 ? '' : ` (${many})`}`;
  });
  return [`tiers     ${said.join(', ')}`];
}

const PROMISES = ['TIER', 'BEGINS WITHIN', 'SUCCESS', 'ERRORS', 'COPIES', 'PRICE'];
const MEASURES = ['TIER', 'BEGAN WITHIN', 'SUCCESS', 'ERRORS', 'BREACHES', 'PROMISE'];
const BREACHES = ['WHEN', 'JOB', 'TIER', 'SEVERITY', 'WHAT'];

function promiseRow({ tier, promise }: SlaTierReport): string[] {
  const { startMs, successPct, errorPct, copies, apart, priceFactor } = promise;
  return [
    tier,
    formatDuration(startMs),
    `${successPct} %`,
    `${errorPct} %`,
    copies === 1 ? '1' : `${copies} on different ${APART[apart]}`,
    `× ${priceFactor}`,
  ];
}

function measureRow({ tier, measured, isKept }: SlaTierReport): string[] {
  const { startP95Ms, successPct, errorPct, breaches } = measured;
  return [
    tier,
    startP95Ms === undefined ? '-' : formatDuration(startP95Ms),
    percentText(successPct),
    percentText(errorPct),
    String(breaches),
    isKept === undefined ? 'nothing measured' : isKept ? 'kept' : 'NOT KEPT',
  ];
}

function percentText(percent: number | undefined): string {
  return percent === undefined ? '-' : `${Number(percent.toFixed(2))} %`;
}

function breachRow(
  { time, job, tier, kind, severity, value, limit }: SlaBreach,
  now: number,
): string[] {
  const what = {
    latency: `began after ${formatDuration(value)}, not within ${formatDuration(limit)}`,
    success: `${percentText(value)} of its tasks came to their end, not ${percentText(limit)}`,
    errors: `${percentText(value)} of its attempts failed, not ${percentText(limit)} at most`,
  };
  return [ago(now, time), job, tier, severity, what[kind]];
}
