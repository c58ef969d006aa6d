import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { tempDir } from '@fog/testkit';
import { readRoleConfig } from '../../src/mix/role-config.ts';

const YAML = `
dataDir: relay
network: ../network.json
listen: { host: 127.0.0.1, port: 7720 }
family: alice
`;

describe('the configuration of a role', () => {
  it('is YAML or JSON, with paths relative to the file', async () => {
    await using dir = await tempDir();
    await mkdir(dir.file('etc'));
    const file = dir.file('etc/relay.yaml');
    await writeFile(file, YAML);
    const config = await readRoleConfig('relay', file);
    assert.ok(config.role === 'relay');
    assert.equal(config.dataDir, dir.file('etc/relay'));
    assert.equal(config.network, dir.file('network.json'));
    assert.equal(config.family, 'alice');
    assert.equal(config.profile, 'standalone');

    const json = dir.file('authority.json');
    const listen = { host: '::1', port: 7710 };
    const standing = 'fog/mixnet/standing.json';
    await writeFile(json, JSON.stringify({ dataDir: '/x', network: '/n', listen, standing }));
    const authority = await readRoleConfig('authority', json);
    assert.deepEqual(authority, {
      role: 'authority',
      dataDir: '/x',
      network: '/n',
      listen,
      embedded: false,
      standing: dir.file(standing),
    });
  });

  it('is refused with what is wrong and where', async () => {
    await using dir = await tempDir();
    const file = dir.file('relay.yaml');
    const cases: readonly [string, RegExp][] = [
      ['dataDir: [', /relay\.yaml cannot be used: /],
      ['dataDir: x\nnetwork: n\n', /listen: /],
      [YAML.replace('127.0.0.1', 'example.org'), /listen\.host: must be an IP address/],
      [YAML.replace('7720', '0'), /listen\.port: /],
      [`${YAML}colour: blue\n`, /"colour"/],
      ['a: &a [1]\nb: *a\n', /Alias/],
      [`${YAML}admit: []\n`, /"admit"/],
      ['# nothing', /the whole: /],
      [`${YAML}# ${'x'.repeat(300_000)}`, /more than 262144 bytes/],
    ];
    for (const [text, message] of cases) {
      await writeFile(file, text);
      await assert.rejects(readRoleConfig('relay', file), { code: 'FOG_MIX_CONFIG', message });
    }
    await assert.rejects(readRoleConfig('relay', dir.file('none.yaml')), {
      code: 'FOG_MIX_CONFIG',
      message: /none\.yaml.*ENOENT/,
    });
  });
});
