import { execFileSync } from 'node:child_process';
import os from 'node:os';
import type { Benchmark } from './benchmark.ts';

export function report(input: {
  readonly name: string;
  readonly benchmark: Benchmark;
  readonly figures: Readonly<Record<string, number>>;
  readonly json: boolean;
}): string {
  const figures = Object.fromEntries(
    Object.entries(input.figures).map(([key, value]) => [key, Number(value.toPrecision(4))]),
  );
  const info = input.benchmark.figures;
  if (!input.json) return table(figures, info);
  const units = Object.fromEntries(Object.keys(figures).map((key) => [key, info[key]?.unit ?? '']));
  const document = { bench: input.name, figures, units, machine: machine(), commit: commit() };
  return `${JSON.stringify(document)}\n`;
}

function table(figures: Readonly<Record<string, number>>, info: Benchmark['figures']): string {
  const { cpu, cores, node } = machine();
  const rows = Object.entries(figures).map(
    ([key, value]) =>
      `${key.padEnd(26)} ${String(value).padStart(10)} ${(info[key]?.unit ?? '').padEnd(9)} ${info[key]?.target ?? ''}`,
  );
  return [`${cpu}, ${cores} cores, Node ${node}`, ...rows, ''].join('\n');
}

export function machine(): Record<string, string | number> {
  const [first] = os.cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${os.platform()} ${os.release()}`,
    node: process.versions.node,
    loadAverage: Number((os.loadavg()[0] ?? 0).toFixed(2)),
  };
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
