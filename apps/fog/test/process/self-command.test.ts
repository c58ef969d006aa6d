import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { tempDir } from '@fog/testkit';
import { selfCommand, shellQuote } from '../../src/process/self-command.ts';

describe('selfCommand', () => {
  it('is npx without its fetching when npx started us', () => {
    assert.equal(selfCommand({ npm_command: 'exec', PATH: '' }, '/x/fog.js'), 'npx --no fog');
  });

  it('is the name when PATH leads here, else the path', async () => {
    await using dir = await tempDir();
    await mkdir(dir.file('bin'));
    await writeFile(dir.file('fog.js'), '', { mode: 0o755 });
    await writeFile(dir.file('other'), '', { mode: 0o755 });
    await symlink(dir.file('fog.js'), dir.file('bin', 'fog'));
    assert.equal(selfCommand({ PATH: dir.file('bin') }, dir.file('fog.js')), 'fog');
    assert.equal(selfCommand({ PATH: dir.file('bin') }, dir.file('other')), dir.file('other'));
    assert.equal(selfCommand({}, '/a b/fog.js'), "'/a b/fog.js'");
  });

  it('quotes for the shell', () => {
    assert.equal(shellQuote("it's"), `'it'\\''s'`);
    assert.equal(shellQuote('/plain/path-1.js'), '/plain/path-1.js');
  });
});
