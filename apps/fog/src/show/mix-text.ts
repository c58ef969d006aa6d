import { formatDuration } from '@fog/kernel';
import type { MixAudit, MixBench, MixHop, MixPath, MixPing, MixRelay, MixStatus } from '@fog/wire';
import { table } from './table.ts';

type AuditRow = MixAudit['relays'][number];

const PPM = 1_000_000;

export function mixStatusText(status: MixStatus): string {
  const { network, consensus, time, notes, authorities, relays, own } = status;
  if (consensus === undefined) return `network    ${network}\nconsensus  none yet\n`;
  const { epoch, revision, hash, signers, threshold, validUntil } = consensus;
  const active = relays.filter((relay) => relay.active).length;
  const lines = [
    `network    ${network}`,
    `consensus  epoch ${epoch}, revision ${revision}, ${hash.slice(0, 16)}, serves for another ${formatDuration(Math.max(0, validUntil - time))}`,
    `signed by  ${signers.length} of ${authorities.length} authorities, ${threshold} needed`,
    `relays     ${relays.length}, ${active} active`,
    ...(status.address === undefined ? [] : [`address    ${status.address}`]),
    ...notes.map((note) => `note       ${note}`),
  ];
  const authorityRows = authorities.map((each) => [
    each.id,
    yesNo(each.voted),
    yesNo(each.signed),
    String(each.absences),
    each.equivocated ? 'YES' : 'no',
  ]);
  const head = ['AUTHORITY', 'VOTED', 'SIGNED', 'ABSENT', 'EQUIVOCATED'];
  return [
    `${lines.join('\n')}\n`,
    table([head, ...authorityRows], { right: [3] }),
    relaysTable(relays),
    ...(own.length === 0 ? [] : [ownTable(status)]),
  ].join('\n');
}

export function relaysTable(relays: readonly MixRelay[]): string {
  const rows = relays.map((relay) => [
    relay.id,
    relay.roles.join(','),
    relay.active ? 'yes' : 'no',
    percent(relay.weightPpm),
    percent(relay.reputationPpm),
    relay.flags.join(','),
    relay.address,
  ]);
  const head = ['RELAY', 'ROLES', 'ACTIVE', 'WEIGHT', 'REPUTATION', 'FLAGS', 'ADDRESS'];
  return table([head, ...rows], { right: [3, 4] });
}

function percent(ppm: number): string {
  return `${((100 * ppm) / PPM).toFixed(1)} %`;
}

function ownTable({ own }: MixStatus): string {
  const rows = own.map(({ name, staleMs, dropped, ...counts }) => {
    const { received, forwarded, delivered, cover, links } = counts;
    const lost = Object.entries(dropped).map(([reason, count]) => `${reason} ${count}`);
    return [
      staleMs === undefined ? name : `${name} (silent for ${formatDuration(staleMs)})`,
      ...[received, forwarded, delivered, cover, links].map(String),
      lost.join(', ') || 'none',
    ];
  });
  const head = ['HERE', 'IN', 'FORWARDED', 'DELIVERED', 'COVER', 'LINKS', 'DROPPED'];
  return table([head, ...rows], { right: [1, 2, 3, 4, 5] });
}

export function pingText(ping: MixPing): string {
  return `${pingSummary(ping)}${hopsTable(ping.hops)}`;
}

export function pingSummary({ rttMs, hops }: MixPing): string {
  return `${rttMs.toFixed(2)} ms over ${hops.length} hops\n`;
}

export function benchText(bench: MixBench): string {
  const { rtt, machine, sent, unsent, delivered, late, lost, hops, delayClass } = bench;
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  const lines = [
    `asked      ${bench.rate} loops a second for ${bench.seconds} s over ${hops} hops of delay class ${delayClass}`,
    `sent       ${sent}, at most ${ms(bench.behindMs)} behind the clock${unsent === 0 ? '' : `; ${unsent} not sent: no gateway, or a full queue`}`,
    `delivered  ${delivered}, ${late} of them late`,
    `lost       ${lost}`,
    ...(rtt === undefined
      ? []
      : [
          `rtt        p50 ${ms(rtt.p50Ms)}, p99 ${ms(rtt.p99Ms)}, mean ${ms(rtt.meanMs)}`,
          `delay      owed ${ms(bench.owedMeanMs)} in the mean of the classes, measured ${ms(rtt.meanMs)} with links and work`,
        ]),
    `rate       ${bench.loopsPerSecond.toFixed(1)} loops a second came home, ${bench.packetsPerSecond.toFixed(1)} packets a second over all hops`,
    `machine    ${machine.cores} cores, ${machine.cpu}, load ${machine.loadAverage.toFixed(2)}, Node ${machine.node}`,
  ];
  return `${lines.join('\n')}\n\nThese are loops of this fog's own mix client. What one relay carries at most is another figure: npm run bench -- mixnet.\n`;
}

export function pathText({ level, hops }: MixPath): string {
  return `level ${level}, ${hops.length} hops\n${hopsTable(hops)}`;
}

function hopsTable(hops: readonly MixHop[]): string {
  const rows = hops.map(({ relay, delayClass }, index) => [
    String(index + 1),
    relay,
    String(delayClass),
  ]);
  return table([['HOP', 'RELAY', 'DELAY CLASS'], ...rows], { right: [0, 2] });
}

export function auditText({ relays, open, epochMs }: MixAudit): string {
  if (relays.length === 0 && open === 0) {
    return 'no loop was sent yet: the fog sends one each half minute or so, from its first consensus on\n';
  }
  const waiting = `${loopsText(open)} for a relay to reveal what it owed, which it does two to three epochs later (an epoch is ${formatDuration(epochMs)})\n`;
  if (relays.length === 0) return `no loop is settled yet; ${waiting}`;
  const rows = relays.map((hop) => [
    hop.relay,
    String(hop.loops),
    ...[hop.owedMeanMs, hop.tookMeanMs].map((ms) =>
      ms === undefined ? '' : `${ms.toFixed(1)} ms`,
    ),
    ...[hop.short, hop.lost, hop.unrevealed, hop.forged].map(String),
    suspicionText(hop),
  ]);
  const head = [
    'RELAY',
    'LOOPS',
    'OWED',
    'TOOK',
    'EARLY',
    'LOST',
    'UNREVEALED',
    'FORGED',
    'SUSPECT',
  ];
  const suspects = relays.filter(({ suspicions }) => suspicions.length > 0).length;
  const settled = relays.reduce((sum, { loops }) => sum + loops, 0);
  return [
    table([head, ...rows], { right: [1, 2, 3, 4, 5, 6, 7] }),
    `${suspects === 0 ? 'no suspects' : `suspects: ${suspects}`} in ${settled} settled loops over ${relays.length === 1 ? 'one relay' : `${relays.length} relays`}; ${waiting}`,
    'OWED is the mean delay that was due, TOOK the whole way home. A suspect is counted, weak evidence and nothing more.\n',
  ].join('\n');
}

function loopsText(count: number): string {
  return count === 1 ? '1 loop waits' : `${count} loops wait`;
}

function suspicionText({ suspicions, short, loops, forged, medianExcessMs }: AuditRow): string {
  const texts = suspicions.map((suspicion) => {
    if (suspicion === 'short') return `let ${short} of ${loops} go early`;
    if (suspicion === 'forged') return `${forged} with a false reveal`;
    return `holds them too long, ${(medianExcessMs ?? 0).toFixed(1)} ms beyond`;
  });
  return texts.join('; ') || 'no';
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
