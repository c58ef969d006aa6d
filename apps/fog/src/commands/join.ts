import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { AgentStatus } from '@fog/harvest';
import type { FogError } from '@fog/kernel';
import { defineCommand } from '../command/command.ts';
import { DATA_DIR_FLAG, JSON_FLAG, SANDBOX_FLAG } from '../command/shared-flags.ts';
import { dataDirOf, ensurePrivateDir } from '../process/data-dir.ts';
import { knownFogsFile } from '../connect/known-fogs-file.ts';
import { PROFILE_FLAGS, readProfile } from '../connect/profile-flags.ts';
import { type Host, say, sayNext } from '../process/host.ts';
import { createProgressLine } from '../run/progress-line.ts';
import { readWholeStdin } from '../run/read-stdin.ts';
import { readSandbox, readSlots } from '../run/run-flags.ts';

/** A join code has some 40 characters. */
const MAX_CODE_BYTES = 1024;

export const command = defineCommand({
  name: 'join',
  summary: 'lend this machine to a fog',
  usage: ['join URL [--token CODE] [flags]'],
  about: `
  Runs tasks of the fog at URL on this machine until Ctrl-C. The first time it needs the code that
  "fog up" or "fog invite" printed; it may also come from FOG_JOIN_TOKEN, or from stdin with --token -.
  Of a fog on another machine the URL is https://ID@HOST:PORT[,HOST:PORT…]: ID is that of its key, and
  with another key nothing is sent; further addresses are tried in turn. Both are remembered.
  A second "fog join" on one machine is a second node.`,
  flags: {
    token: { type: 'text', value: 'CODE|-', help: 'join code, needed the first time' },
    slots: { type: 'text', value: 'N', help: 'tasks at once (one for each core)' },
    name: { type: 'text', value: 'NAME', help: 'name of this node (the host name)' },
    ...JSON_FLAG,
    ...DATA_DIR_FLAG,
    ...SANDBOX_FLAG,
    ...PROFILE_FLAGS,
  },
  args: ['URL'],
  examples: [
    { line: 'fog join http://127.0.0.1:7700 --token CODE', does: 'the first time' },
    { line: 'fog join http://127.0.0.1:7700', does: 'ever after' },
    { line: 'fog join http://127.0.0.1:7700 --token - < code', does: 'keeps the code to itself' },
    {
      line: 'fog join http://127.0.0.1:7700 --region eu-west --at 52.52,13.40 --label disk=ssd',
      does: 'says what the machine is; it is said anew with each join',
    },
  ],
  exitCodes: {
    0: 'left in good order after Ctrl-C',
    2: 'wrong command line',
    125: 'the fog cannot be reached',
    126: 'the fog refused this machine',
  },
  run: async ({ flags, args, host }) => {
    const slots = readSlots(flags.slots) ?? availableParallelism();
    const sandbox = readSandbox(flags.sandbox, host.env);
    const profile = readProfile(flags);
    const joinCode = await readJoinCode(flags.token, host);
    const dataDir = await ensurePrivateDir(dataDirOf(flags['data-dir'], host.env));
    const { openLog } = await import('../process/log-file.ts');
    const log = openLog({ dataDir, verbose: flags.verbose });
    const ended = Promise.withResolvers<FogError | undefined>();
    const status = reporter(host, ended.resolve);
    const { composeAgent } = await import('../compose/compose-agent.ts');
    using composed = await composeAgent(
      {
        url: args[0] ?? '',
        agentsDir: path.join(dataDir, 'agents'),
        knownFogsFile: knownFogsFile(dataDir),
        runtimesDir: path.join(dataDir, 'runtimes'),
        slots,
        sandbox,
        name: flags.name,
        profile,
        measureSpeed: true,
        joinCode,
        onStatus: status,
      },
      { clock: host.clock, logger: log.logger },
    );
    const { agent, nodeId, runtime } = composed;
    const { asked } = host.interrupts;
    await agent.start(asked);
    try {
      const { level, levelReason } = runtime;
      const document = {
        node: nodeId,
        url: args[0],
        slots,
        sandbox: level,
        runtimes: runtime.runtimes,
      };
      const text = `this machine is node ${nodeId} of the fog at ${args[0]}\n`;
      await host.stdout.write(flags.json ? `${JSON.stringify(document)}\n` : text);
      if (level !== 'os') await say(host, `sandbox level "${level}": ${levelReason ?? ''}`);
      await sayNext(host, 'leave with Ctrl-C; come back with the same command without --token');
      asked.addEventListener('abort', () => ended.resolve(undefined), { once: true });
      if (asked.aborted) ended.resolve(undefined);
      const error = await ended.promise;
      if (error !== undefined) throw error;
      await say(host, 'leaving the fog');
      return 0;
    } finally {
      await agent.stop();
      log.flush();
    }
  },
});

async function readJoinCode(flag: string | undefined, host: Host): Promise<string | undefined> {
  if (flag !== '-') return flag ?? (host.env['FOG_JOIN_TOKEN'] || undefined);
  const bytes = await readWholeStdin(host, MAX_CODE_BYTES);
  return Buffer.from(bytes).toString('utf8').trim() || undefined;
}

/** Tells a person how it goes: changes as lines, the count of tasks in place on a terminal. */
function reporter(host: Host, ended: (error: FogError) => void): (status: AgentStatus) => void {
  const progress = createProgressLine(host.stderr);
  let last = '';
  let tail: Promise<void> = Promise.resolve();
  return (status) => {
    if (status.error !== undefined) ended(status.error);
    if (status.error !== undefined || host.interrupts.asked.aborted) return;
    tail = tail.then(async () => {
      if (status.state === 'working') {
        await progress.show(`fog: ${status.detail}`);
      } else {
        await progress.clear();
        if (status.detail !== last) await say(host, status.detail);
        last = status.detail;
      }
    });
  };
}
