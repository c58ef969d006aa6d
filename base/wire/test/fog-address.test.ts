import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatFogAddress, MAX_ADDRESSES, readFogAddress } from '../src/index.ts';

const ID = 'odnmb6fco6vzhcp35net5gg6iy';

describe('the address of a fog', () => {
  it('is read and written as one word', () => {
    for (const text of [
      'http://127.0.0.1:7700',
      `https://${ID}@192.0.2.2:7700`,
      `https://${ID}@192.0.2.2:7700,[2001:db8::1]:7700,fog.example`,
      'https://fog.example',
    ]) {
      const { address } = readFogAddress(text);
      assert.ok(address);
      assert.equal(formatFogAddress(address), text);
    }
  });

  it('takes the key and the scheme of the first address for all', () => {
    const { address } = readFogAddress(
      `https://${ID}@a.example:1,b.example:2,https://${ID}@c.example:3`,
    );
    assert.equal(address?.fogId, ID);
    assert.deepEqual(
      address?.urls.map(({ origin }) => origin),
      ['https://a.example:1', 'https://b.example:2', 'https://c.example:3'],
    );
  });

  it('is refused with the reason and the remedy', () => {
    const wrong: [string, RegExp][] = [
      ['', /is not the address of a fog/],
      ['localhost:7700', /is not the address of a fog/],
      ['ftp://x', /is not the address of a fog/],
      ['http://127.0.0.1:7700/path', /is not the address of a fog/],
      ['http://192.0.2.2:7700', /without TLS.*--listen/],
      ['https://someone@192.0.2.2:7700', /not the id of a fog/],
      [`https://${ID}:secret@192.0.2.2:7700`, /is not the address of a fog/],
      [`https://${ID}@a.example,https://${'a'.repeat(26)}@b.example`, /names two fogs/],
      [
        Array(MAX_ADDRESSES + 1)
          .fill('https://a.example')
          .join(','),
        /at most/,
      ],
    ];
    for (const [text, why] of wrong) assert.match(readFogAddress(text).problem ?? '', why, text);
  });
});
