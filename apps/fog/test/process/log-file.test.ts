import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { tempDir } from '@fog/testkit';
import { openLog } from '../../src/process/log-file.ts';

describe('openLog', () => {
  it('writes one JSON line a message, for this user only, without secrets', async () => {
    await using dir = await tempDir();
    const log = openLog({ dataDir: dir.path, verbose: false });
    log.logger.debug('not kept');
    log.logger.info('started', {
      port: 7700,
      token: 'fog_sk_x',
      session: { httpToken: 'fog_at_x' },
    });
    log.logger.child({ node: 'n1' }).error('broke', { error: new Error('why') });
    log.flush();
    const file = dir.file('logs', 'fog.log');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const text = await readFile(file, 'utf8');
    assert.doesNotMatch(text, /fog_sk_x|fog_at_x/);
    const [started, broke] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(started.msg, 'started');
    assert.equal(started.level, 'info');
    assert.equal(started.port, 7700);
    assert.equal(broke.node, 'n1');
    assert.equal(broke.error.message, 'why');
  });

  it('keeps one older file when it has grown', async () => {
    await using dir = await tempDir();
    await mkdir(dir.file('logs'));
    await writeFile(dir.file('logs', 'fog.log'), 'x'.repeat(10 * 1024 * 1024 + 1));
    const log = openLog({ dataDir: dir.path, verbose: false });
    log.logger.info('new');
    for (let line = 0; line < 11; line += 1) log.logger.info('y'.repeat(1024 * 1024));
    log.logger.info('newest');
    log.flush();
    const old = await readFile(dir.file('logs', 'fog.log.1'), 'utf8');
    assert.match(old, /"new"/);
    const now = await readFile(dir.file('logs', 'fog.log'), 'utf8');
    assert.match(now, /"newest"/);
    assert.ok(now.length < 10 * 1024 * 1024);
  });
});
