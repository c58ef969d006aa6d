import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { errorMessage } from '@fog/kernel';
import { commandRow } from '../../apps/fog/src/command/command-table.ts';
import { parseFlags } from '../../apps/fog/src/command/parse-flags.ts';
import { fences, fogWords, shellCommands, splitCommands } from './shell-snippets.ts';
import { documents, productPackages, readSource, ROOT } from './workspace.ts';

/** Fewer commands mean that the check looked in the wrong place. */
const LEAST = { fog: 5, other: 5 };
const SNIPPET_DIR = path.join(ROOT, 'node_modules/.cache/fog-snippets');

const commands = documents().flatMap(shellCommands);

async function fogProblem(words: readonly string[]): Promise<string | undefined> {
  const [name = 'help', ...rest] = words;
  if (name.startsWith('-')) return undefined;
  const row = commandRow(name);
  if (row === undefined) return `fog has no command "${name}"`;
  const { command } = await row.load();
  try {
    parseFlags(command, rest);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

function otherProblem(words: readonly string[]): string | undefined {
  const [program, ...rest] = words;
  if (program === 'npm' && rest[0] === 'run') {
    const { scripts } = JSON.parse(readSource('package.json').text) as {
      scripts: Record<string, string>;
    };
    return scripts[rest[1] ?? ''] === undefined ? `no script "${rest[1]}"` : undefined;
  }
  const file = program === 'node' ? rest.find((word) => !word.startsWith('-')) : program;
  const ours = /^(\.\/|\.ci\/|tools\/|bench\/|examples\/)/.test(file ?? '');
  return ours && !existsSync(path.join(ROOT, file ?? '')) ? `no file ${file}` : undefined;
}

describe('commands in documents', () => {
  it('that start fog are understood by its parser', async () => {
    const problems: string[] = [];
    let seen = 0;
    for (const { where, words } of commands) {
      const given = fogWords(words);
      if (given === undefined) continue;
      seen += 1;
      const problem = await fogProblem(given);
      if (problem !== undefined) problems.push(`${where}: ${problem}`);
    }
    assert.deepEqual(problems, []);
    assert.ok(seen >= LEAST.fog, `saw only ${seen} fog commands`);
  });

  it('that start something else of the repository name what exists', () => {
    const others = commands.filter(({ words }) => fogWords(words) === undefined);
    const problems = others.flatMap(({ where, words }) => {
      const problem = otherProblem(words);
      return problem === undefined ? [] : [`${where}: ${problem}`];
    });
    assert.deepEqual(problems, []);
    assert.ok(others.length >= LEAST.other, `saw only ${others.length} other commands`);
  });

  it('never invite a bare "npx fog" but in the clone section of the README', () => {
    const bare = /npx (?:--yes |-y )?fog\b/;
    const source = productPackages().flatMap((each) => each.source);
    const examples = documents().map((file) =>
      file.path === 'README.md' ? { ...file, text: withoutCloneSection(file.text) } : file,
    );
    assert.ok(source.length > 0 && examples.length > 0);
    const found = [...source, ...examples].filter((file) => bare.test(file.text));
    assert.deepEqual(
      found.map((file) => file.path),
      [],
    );
  });
});

function withoutCloneSection(readme: string): string {
  const start = readme.indexOf('\n## Start in a clone');
  assert.ok(start >= 0, 'README.md has no section "Start in a clone"');
  const end = readme.indexOf('\n## ', start + 1);
  return readme.slice(0, start) + readme.slice(end);
}

describe('TypeScript in documents', () => {
  it('type-checks', async () => {
    const blocks = documents().flatMap((file) =>
      fences(file)
        .filter(({ language }) => language === 'ts')
        .map(({ firstLine, lines }) => ({ where: `${file.path}:${firstLine}`, lines })),
    );
    await rm(SNIPPET_DIR, { recursive: true, force: true });
    await mkdir(SNIPPET_DIR, { recursive: true });
    const files = blocks.map(({ where }) => `${where.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`);
    for (const [index, { lines }] of blocks.entries()) {
      const text = `${lines.join('\n')}\nexport {};\n`;
      await writeFile(path.join(SNIPPET_DIR, files[index] as string), text);
    }
    const config = { extends: path.join(ROOT, 'tsconfig.json'), include: [], files };
    await writeFile(path.join(SNIPPET_DIR, 'tsconfig.json'), JSON.stringify(config));
    assert.ok(blocks.length > 0, 'saw no block');
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
    await promisify(execFile)(tsc, ['-p', SNIPPET_DIR], {
      shell: process.platform === 'win32',
    }).catch((error: { stdout?: string }) => assert.fail(error.stdout ?? 'tsc failed'));
    await rm(SNIPPET_DIR, { recursive: true, force: true });
  });
});

describe('splitCommands', () => {
  it('takes pipes, chains, quotes, assignments and redirections apart', () => {
    assert.deepEqual(splitCommands(`echo "a b" | npx fog run up.py 2>/dev/null # shown`), [
      ['echo', 'a b'],
      ['npx', 'fog', 'run', 'up.py'],
    ]);
    assert.deepEqual(splitCommands(`FOG_URL=http://x fog status && fog run --each 'a*' f.py <in`), [
      ['fog', 'status'],
      ['fog', 'run', '--each', 'a*', 'f.py'],
    ]);
  });
});
