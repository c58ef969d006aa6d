import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coordinates } from '../../src/connect/coordinates.ts';

describe('coordinates', () => {
  it('are degrees on the globe', () => {
    const value = { latitude: 52.52, longitude: -13.4 };
    assert.deepEqual(coordinates('52.52,-13.4'), { value });
    assert.deepEqual(coordinates(' -90 , +180 '), { value: { latitude: -90, longitude: 180 } });
  });

  it('are refused off the globe, and as something else', () => {
    for (const text of ['91,0', '0,181', '-90.1,0', '0,-999']) {
      assert.match(JSON.stringify(coordinates(text)), /off the globe/);
    }
    for (const text of ['', '1', '1,2,3', 'a,b', '1;2', '1e9,2', '52°,13°', '1000,0']) {
      assert.match(JSON.stringify(coordinates(text)), /must be LAT,LON/);
    }
  });
});
