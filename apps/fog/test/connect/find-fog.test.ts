import assert from 'node:assert/strict';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { endpointFile, readEndpoint, writeEndpoint } from '../../src/connect/endpoint.ts';
import { findFog, findTarget, needFog, type FogChoice } from '../../src/connect/find-fog.ts';
import { openFog } from '../../src/run/open-fog.ts';
import { createTestHost } from '../fake-host.ts';

/** Nobody listens on port 1. */
const NOBODY = 'http://127.0.0.1:1';
const ENDPOINT = { url: NOBODY, token: 'from-file', pid: 1 };

function choice(dataDir: string, rest: Partial<FogChoice> = {}): FogChoice {
  return { fog: undefined, dataDir, env: {}, signal: new AbortController().signal, ...rest };
}

describe('the endpoint file', () => {
  it('is for this user only and goes away with its fog', async () => {
    await using dir = await tempDir();
    const remove = await writeEndpoint(dir.path, ENDPOINT);
    assert.equal((await stat(endpointFile(dir.path))).mode & 0o777, 0o600);
    assert.deepEqual(await readEndpoint(dir.path), ENDPOINT);
    await remove();
    assert.equal(await readEndpoint(dir.path), undefined);
  });

  it('stays when another fog has written it since', async () => {
    await using dir = await tempDir();
    const remove = await writeEndpoint(dir.path, ENDPOINT);
    await writeEndpoint(dir.path, { ...ENDPOINT, pid: 2 });
    await remove();
    assert.equal((await readEndpoint(dir.path))?.pid, 2);
  });

  it('counts as absent when it is damaged', async () => {
    await using dir = await tempDir();
    for (const text of ['', '{', '{"url":"x"}', '[]']) {
      await writeFile(endpointFile(dir.path), text);
      assert.equal(await readEndpoint(dir.path), undefined);
    }
    await chmod(endpointFile(dir.path), 0o600);
    assert.equal(await readFile(endpointFile(dir.path), 'utf8'), '[]');
  });
});

describe('findTarget', () => {
  it('takes the flag, then FOG_URL, then the endpoint file', async () => {
    await using dir = await tempDir();
    await writeEndpoint(dir.path, ENDPOINT);
    const env = { FOG_URL: 'http://b:2', FOG_TOKEN: 't' };
    const flag = await findTarget(choice(dir.path, { fog: 'http://a:1', env }));
    assert.deepEqual(flag, { url: 'http://a:1', token: 't', source: 'given' });
    assert.equal((await findTarget(choice(dir.path, { env })))?.url, 'http://b:2');
    assert.deepEqual(await findTarget(choice(dir.path)), {
      url: NOBODY,
      token: 'from-file',
      source: 'local',
    });
  });

  it('takes the token of the endpoint file for the same address only', async () => {
    await using dir = await tempDir();
    await writeEndpoint(dir.path, ENDPOINT);
    const same = await findTarget(choice(dir.path, { fog: `${NOBODY}/` }));
    assert.equal(same?.token, 'from-file');
    await assert.rejects(findTarget(choice(dir.path, { fog: 'http://127.0.0.1:2' })), (error) =>
      isFogError(error, 'FOG_NEEDS_TOKEN'),
    );
  });
});

describe('findFog', () => {
  it('takes a fog that does not answer for none, unless it was named', async () => {
    await using dir = await tempDir();
    assert.equal(await findFog(choice(dir.path)), undefined);
    await writeEndpoint(dir.path, ENDPOINT);
    assert.equal(await findFog(choice(dir.path)), undefined);
    await assert.rejects(findFog(choice(dir.path, { fog: NOBODY })), (error) =>
      isFogError(error, 'CLIENT_UNREACHABLE'),
    );
    await assert.rejects(needFog(choice(dir.path), 'fog'), (error) => {
      assert.ok(isFogError(error, 'FOG_NONE_RUNNING'));
      assert.match(error.message, /Start one with "fog up --data-dir \/.+"/);
      return true;
    });
  });
});

describe('openFog', () => {
  it('refuses a detached job that nobody would run', async () => {
    await using dir = await tempDir();
    const options = { fog: undefined, dataDir: dir.path, verbose: false, detach: true };
    await assert.rejects(openFog(createTestHost(), { ...options, sandbox: 'auto' }), (error) => {
      assert.ok(isFogError(error, 'FOG_DETACH_EMBEDDED'));
      assert.match(error.message, /"fog up"/);
      return true;
    });
  });
});
