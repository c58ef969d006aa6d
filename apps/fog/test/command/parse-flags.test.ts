import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { COMMANDS } from '../../src/command/command-table.ts';
import { parseFlags } from '../../src/command/parse-flags.ts';
import { suggest } from '../../src/command/suggest.ts';

const run = (await COMMANDS['run']!.load()).command;
const job = (await COMMANDS['job']!.load()).command;

function problemOf(words: readonly string[], command = run): string {
  try {
    parseFlags(command, words);
  } catch (error) {
    assert.ok(isFogError(error, 'FOG_USAGE'));
    return error.message;
  }
  throw new assert.AssertionError({ message: `accepted ${words.join(' ')}` });
}

describe('flags of fog run', () => {
  it('refuses an empty value', () => {
    assert.match(problemOf(['--output', '', 'a.py']), /^--output is empty\. Usage/);
    assert.match(problemOf(['--output=', 'a.py']), /^--output is empty\./);
  });

  it('reads every flag', () => {
    const text =
      '--count 3 --each x --input a --input=b:c --output o --env A=1 --env=B=--x --timeout 2s ' +
      '--memory=64M --name n --retries 0 --detach --json --fog http://x:1 --data-dir d ' +
      '--sandbox os --verbose prog.py';
    const line = parseFlags(run, text.split(' '));
    const isGiven = (value: unknown): boolean => value !== undefined && value !== false;
    const given = Object.entries(line.flags).filter(
      ([, value]) => isGiven(value) && !(Array.isArray(value) && value.length === 0),
    );
    assert.deepEqual(Object.fromEntries(given), {
      count: '3',
      each: 'x',
      input: ['a', 'b:c'],
      output: 'o',
      env: ['A=1', 'B=--x'],
      timeout: '2s',
      memory: '64M',
      name: 'n',
      retries: '0',
      detach: true,
      json: true,
      fog: 'http://x:1',
      'data-dir': 'd',
      sandbox: 'os',
      verbose: true,
    });
    assert.deepEqual(line.args, ['prog.py']);
  });

  it('leaves everything after the file to the program', () => {
    const line = parseFlags(run, ['--name', 'x', 'a.py', '--json', '--', '-h', '--nonsense']);
    assert.deepEqual(line.args, ['a.py', '--json', '--', '-h', '--nonsense']);
    assert.equal(line.flags['json'], false);
  });

  it('takes a file after -- even when it looks like a flag', () => {
    assert.deepEqual(parseFlags(run, ['--', '--odd.py', '--x']).args, ['--odd.py', '--x']);
  });

  it('reads - as a value and negative numbers too', () => {
    assert.equal(parseFlags(run, ['--each', '-', 'a.py']).flags['each'], '-');
    assert.equal(parseFlags(run, ['--count', '-5', 'a.py']).flags['count'], '-5');
  });

  it('names an unknown flag and the nearest one', () => {
    assert.match(
      problemOf(['--cuont', '3', 'a.py']),
      /Unknown flag --cuont\. Did you mean --count\?/,
    );
    assert.match(problemOf(['-z', 'a.py']), /Unknown flag -z\./);
    assert.match(
      problemOf(['--zzzzzzzz', 'a.py']),
      /Unknown flag --zzzzzzzz\. Flags of the program/,
    );
  });

  it('says what is missing', () => {
    assert.match(problemOf([], job), /^ID is missing\. Usage: fog job/);
    assert.match(problemOf(['--count']), /--count needs a value: --count N/);
    assert.match(problemOf(['--output', '--json', 'a.py']), /--output needs a value: --output DIR/);
  });

  it('refuses a value for a switch and a flag given twice', () => {
    assert.match(problemOf(['--json=yes', 'a.py']), /--json takes no value/);
    assert.match(problemOf(['--count', '1', '--count', '2', 'a.py']), /--count was given twice/);
  });

  it('asks for help without a file', () => {
    assert.equal(parseFlags(run, ['--help']).flags['help'], true);
    assert.equal(parseFlags(run, ['-h']).flags['help'], true);
  });
});

describe('flags of fog job', () => {
  it('takes flags among the arguments', () => {
    const line = parseFlags(job, ['jabc', 'logs', '-f', '--index', '3']);
    assert.deepEqual(line.args, ['jabc', 'logs']);
    assert.equal(line.flags['follow'], true);
    assert.equal(line.flags['index'], '3');
  });

  it('refuses what is too much', () => {
    assert.match(problemOf(['jabc', 'logs', 'more'], job), /Unexpected argument "more"/);
  });
});

describe('suggest', () => {
  it('finds what was meant and nothing else', () => {
    assert.equal(suggest('staus', ['status', 'run']), 'status');
    assert.equal(suggest('node', ['nodes', 'jobs']), 'nodes');
    assert.equal(suggest('xyzzy', ['status', 'run', 'jobs']), undefined);
    assert.equal(suggest('r', ['jobs']), undefined);
  });
});
