import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import type { SandboxLevel } from '@fog/wire';
import { programPath } from './program-folder.ts';
import type { PreparedFiles, SandboxRecipe } from './recipe.ts';
import type { HostTools } from './host-tools.ts';

/** Open files of a sandbox process: Node itself needs about twenty. */
const MAX_OPEN_FILES = 64;

export interface LaunchPlan {
  readonly level: SandboxLevel;
  readonly tools: HostTools;
  readonly programDir: string;
  readonly recipe: SandboxRecipe;
  /** Source name of the entry; the recipe's own unless it builds something. */
  readonly entry: string;
  readonly files: PreparedFiles;
  /** Memory of the largest job the process may run. */
  readonly memoryBytes: number;
}

/** Starts one sandbox process: three pipes, no environment, nothing inherited, a process group of its own. */
export function launch(plan: LaunchPlan): ChildProcess {
  const [file, ...args] = commandLine(plan);
  const filter = plan.level === 'os' ? openFilter(plan.tools.filterPath) : undefined;
  try {
    return spawn(file as string, args, {
      // The filter is bubblewrap's to read and close; the program never sees its descriptor.
      stdio: ['pipe', 'pipe', 'pipe', ...(filter === undefined ? [] : [filter])],
      env: {},
      cwd: '/',
      // A group of its own: Ctrl-C in a terminal reaches the agent, which then ends its tasks in order.
      detached: true,
    });
  } finally {
    if (filter !== undefined) closeSync(filter);
  }
}

function openFilter(filterPath: string | undefined): number | undefined {
  return filterPath === undefined ? undefined : openSync(filterPath, 'r');
}

/** Number under which bubblewrap finds the filter: the first after the three pipes. */
const FILTER_DESCRIPTOR = '3';

/** The whole command: limits, then container or parent-death signal, then Node. */
export function commandLine(plan: LaunchPlan): string[] {
  return [...limitPrefix(plan), ...(plan.level === 'os' ? contained(plan) : plain(plan))];
}

function limitPrefix({ tools, recipe, memoryBytes }: LaunchPlan): string[] {
  if (tools.prlimit === undefined) return [];
  return [
    tools.prlimit,
    `--as=${recipe.addressSpaceBytes}`,
    `--data=${recipe.dataAllowanceBytes + memoryBytes}`,
    '--core=0',
    '--fsize=0',
    `--nofile=${MAX_OPEN_FILES}`,
    '--',
  ];
}

/** Where the container shows the files; nothing of this machine's paths is visible inside. */
const INSIDE = '/fog';

function contained(plan: LaunchPlan): string[] {
  const { tools, programDir, files } = plan;
  const binds: string[] = [];
  const inside: Record<string, string> = {};
  for (const library of tools.nodeLibraries) binds.push('--ro-bind', library, library);
  for (const [name, hostPath] of Object.entries(files)) {
    inside[name] = `${INSIDE}/files/${name}`;
    binds.push('--ro-bind', hostPath, inside[name]);
  }
  binds.push('--ro-bind', tools.node, `${INSIDE}/node`);
  binds.push('--ro-bind', programDir, `${INSIDE}/program`);
  return [
    tools.bwrap ?? 'bwrap',
    ...CONTAINER_FLAGS,
    ...(tools.filterPath === undefined ? [] : ['--seccomp', FILTER_DESCRIPTOR]),
    ...binds,
    // The root is a tmpfs: written to, it would be memory that no limit sees.
    '--remount-ro',
    '/',
    '--',
    ...nodeCommand(plan, {
      node: `${INSIDE}/node`,
      programDir: `${INSIDE}/program`,
      files: inside,
    }),
  ];
}

/** New namespaces for everything, no rights, the identity of nobody. No /proc, /dev or /etc is mounted. */
const CONTAINER_FLAGS =
  '--unshare-all --die-with-parent --new-session --clearenv --uid 65534 --gid 65534 --cap-drop ALL --hostname fog --chdir /'.split(
    ' ',
  );

function plain(plan: LaunchPlan): string[] {
  const { tools, programDir, files, recipe } = plan;
  const watched = tools.setpriv === undefined ? [] : [tools.setpriv, '--pdeathsig', 'KILL', '--'];
  const [node, ...rest] = nodeCommand(plan, { node: tools.node, programDir, files });
  return [...watched, node as string, ...(recipe.permission ? permissions(plan) : []), ...rest];
}

/** Node's own permission model: no files but the program's, no processes, no addons. Networks it does not bar. */
function permissions({ tools, programDir, files }: LaunchPlan): string[] {
  const readable = [programDir, ...Object.values(files)].map((name) => `--allow-fs-read=${name}`);
  return ['--permission', ...readable, ...(tools.setpriv === undefined ? ['--allow-worker'] : [])];
}

interface Visible {
  readonly node: string;
  readonly programDir: string;
  readonly files: PreparedFiles;
}

function nodeCommand(plan: LaunchPlan, visible: Visible): string[] {
  const hasKernelWatch = plan.level === 'os' || plan.tools.setpriv !== undefined;
  const start = { files: visible.files, watchdog: !hasKernelWatch };
  return [
    visible.node,
    ...plan.recipe.nodeFlags,
    path.posix.join(visible.programDir, programPath(plan.entry)),
    JSON.stringify(start),
  ];
}
