import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { type TempDir, tempDir } from '@fog/testkit';
import { runCli } from '../../src/cli.ts';
import { readNetworkFile } from '../../src/mix/network-file.ts';
import { createTestHost } from '../fake-host.ts';

async function fog(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const host = createTestHost();
  const code = await runCli(words, host);
  return { code, out: host.out(), err: host.err() };
}

/** The file an operator gives the others. */
async function contact(dir: TempDir, name: string, port: number, url?: string): Promise<string> {
  const listen = { host: url === undefined ? '127.0.0.1' : '0.0.0.0', port };
  const config = dir.file(`${name}.json`);
  await writeFile(config, JSON.stringify({ dataDir: name, network: 'network.json', listen }));
  const words = url === undefined ? [] : ['--url', url];
  const { code, out, err } = await fog('mix', 'authority', '--config', config, ...words);
  assert.equal(code, 0, err);
  const file = dir.file(`${name}.contact`);
  await writeFile(file, out);
  return file;
}

async function contacts(dir: TempDir): Promise<[string, string, string]> {
  const a = await contact(dir, 'a', 7710);
  const b = await contact(dir, 'b', 7711);
  return [a, b, await contact(dir, 'c', 7710, 'http://[2001:db8::7]:7710')];
}

describe('the network file of several operators', () => {
  it('is made of what each prints of its authority, and has one digest for all', async () => {
    await using dir = await tempDir();
    const [a, b, c] = await contacts(dir);
    const out = dir.file('network.json');
    const made = await fog('mix', 'network', '--name', 'three', '--out', out, a, b, c, '--json');
    assert.equal(made.code, 0, made.err);
    const shown = await fog('mix', 'network', out, '--json');
    assert.equal(shown.out, made.out);
    const { name, digest, threshold, authorities } = JSON.parse(made.out);
    assert.deepEqual([name, threshold, authorities.length], ['three', 2, 3]);
    assert.match(digest, /^[0-9a-f]{64}$/);
    const network = await readNetworkFile(out);
    const urls = network.authorities.map(({ url }) => url);
    assert.ok(urls.includes('http://[2001:db8::7]:7710'));
    const other = dir.file('other.json');
    const turned = await fog(
      'mix',
      'network',
      '--name',
      'three',
      '--out',
      other,
      c,
      a,
      b,
      '--json',
    );
    assert.equal(JSON.parse(turned.out).digest, digest);
    assert.match((await fog('mix', 'network', out)).out, new RegExp(`digest +${digest}`));
  });

  it('holds public keys only, and the key file is for its owner alone', async () => {
    await using dir = await tempDir();
    const file = await contact(dir, 'a', 7710);
    const key = dir.file('a/authority.key');
    assert.equal((await stat(key)).mode & 0o777, 0o600);
    const seed = (await readFile(key, 'utf8')).trim();
    const text = await readFile(file, 'utf8');
    assert.ok(!text.includes(seed));
    assert.deepEqual(Object.keys(JSON.parse(text)), ['version', 'id', 'key', 'vrfKey', 'url']);
    assert.equal(await readFile(await contact(dir, 'a', 7710), 'utf8'), text);
  });

  it('is refused in one sentence', async () => {
    await using dir = await tempDir();
    const [a, b, c] = await contacts(dir);
    const out = dir.file('network.json');
    const refused = async (pattern: RegExp, ...words: string[]): Promise<void> => {
      const { code, err } = await fog('mix', 'network', '--name', 'x', '--out', out, ...words);
      assert.equal(code, 2, err);
      assert.match(err, pattern);
    };
    await refused(/names an authority twice/, a, a, b);
    await refused(/threshold must be 2 to 3 of 3/, '--threshold', '1', a, b, c);
    const twin = await contact(dir, 'd', 7710);
    await refused(/have the address http:\/\/127\.0\.0\.1:7710/, a, twin);
    const forged = {
      ...JSON.parse(await readFile(a, 'utf8')),
      id: JSON.parse(await readFile(b, 'utf8')).id,
    };
    await writeFile(a, JSON.stringify(forged));
    await refused(/keys of authority \w+ are not its own/, a, c);
    await writeFile(a, '{"version":1}');
    await refused(/a\.contact does not name a directory authority: .*Its operator makes it/, a, b);
    await writeFile(a, ' '.repeat(70_000));
    await refused(/more than 65536 bytes/, a);
    await writeFile(out, 'kept');
    await refused(/network\.json cannot be written: EEXIST/, b, c);
    assert.equal(await readFile(out, 'utf8'), 'kept');
  });

  it('takes addresses that others can call', async () => {
    await using dir = await tempDir();
    const config = dir.file('a.json');
    const listen = { host: '0.0.0.0', port: 7710 };
    await writeFile(config, JSON.stringify({ dataDir: 'a', network: 'n', listen }));
    for (const url of [
      [],
      ['--url', 'https://x:1'],
      ['--url', 'http://x/path'],
      ['--url', 'http://a@x'],
      ['--url', 'x'],
      ['--url', 'http://0.0.0.0:1'],
      ['--url', 'http://x:99999'],
    ]) {
      const { code, err } = await fog('mix', 'authority', '--config', config, ...url);
      assert.equal(code, 2, err);
      assert.match(err, /no address others can call/);
    }
  });
});
