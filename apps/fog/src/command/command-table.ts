import type { AnyCommand } from './command.ts';

interface CommandRow {
  readonly summary: string;
  /** Commands load one by one: `fog run` against a running fog must not pay for a coordinator. */
  load(): Promise<{ readonly command: AnyCommand }>;
}

/** One machine is asked about as naturally as all. */
const ALIASES: Readonly<Record<string, string>> = { node: 'nodes' };

export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  run: {
    summary: 'run a program and bring its output back',
    load: () => import('../commands/run.ts'),
  },
  up: { summary: 'start a fog on this machine', load: () => import('../commands/up.ts') },
  join: { summary: 'lend this machine to a fog', load: () => import('../commands/join.ts') },
  invite: {
    summary: 'print a line that joins another machine',
    load: () => import('../commands/invite.ts'),
  },
  status: {
    summary: 'show what the fog is doing',
    load: () => import('../commands/status.ts'),
  },
  nodes: {
    summary:
      'list the machines of the fog, their trust and prices; drain them, ask where work would go',
    load: () => import('../commands/nodes.ts'),
  },
  sla: {
    summary: 'show what the tiers promise, and how far it is kept',
    load: () => import('../commands/sla.ts'),
  },
  jobs: { summary: 'list jobs', load: () => import('../commands/jobs.ts') },
  job: {
    summary: 'show a job; read its logs, get its output, ask why, cancel it, run it again',
    load: () => import('../commands/job.ts'),
  },
  deployments: {
    summary: 'list services: programs the fog keeps running',
    load: () => import('../commands/deployments.ts'),
  },
  deployment: {
    summary: 'keep a program running: create, scale, update, delete; read its logs',
    load: () => import('../commands/deployment.ts'),
  },
  scheduler: {
    summary: 'see how batches are placed; compare strategies',
    load: () => import('../commands/scheduler.ts'),
  },
  mix: { summary: 'look into the mixnet and measure it', load: () => import('../commands/mix.ts') },
  doctor: {
    summary: 'check this machine and say what to mend',
    load: () => import('../commands/doctor.ts'),
  },
  version: { summary: 'print the version', load: () => import('../commands/version.ts') },
  help: { summary: 'show help for a command', load: () => import('../commands/help.ts') },
};

/** Undefined for a word that is no command. */
export function commandRow(name: string): CommandRow | undefined {
  const full = (Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined) ?? name;
  return Object.hasOwn(COMMANDS, full) ? COMMANDS[full] : undefined;
}
