import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLiveStream, type LiveStream } from '../../src/run/live-stream.ts';

function feed(stream: LiveStream, attempt: number, offset: number, text: string): string {
  const fresh = stream.accept(attempt, offset, Buffer.from(text));
  return fresh === undefined ? '' : Buffer.from(fresh).toString();
}

describe('createLiveStream', () => {
  it('prints chunks in order, each byte once', () => {
    const stream = createLiveStream();
    assert.equal(feed(stream, 1, 0, 'abc'), 'abc');
    assert.equal(feed(stream, 1, 3, 'def'), 'def');
    // The same again after a reconnect, and more of it.
    assert.equal(feed(stream, 1, 0, 'abc'), '');
    assert.equal(feed(stream, 1, 2, 'cdefg'), 'g');
    assert.equal(stream.printed, 7);
  });

  it('waits for the stored bytes after a gap', () => {
    const stream = createLiveStream();
    assert.equal(feed(stream, 1, 0, 'ab'), 'ab');
    assert.equal(feed(stream, 1, 5, 'fg'), '');
    assert.equal(stream.settle(1), 2);
    assert.equal(feed(stream, 1, 2, 'cdefg'), 'cdefg');
    assert.equal(stream.endDiffers(7), false);
  });

  it('goes on where a second attempt says something new', () => {
    const stream = createLiveStream();
    assert.equal(feed(stream, 1, 0, 'abcd'), 'abcd');
    assert.equal(feed(stream, 2, 0, 'ab'), '');
    assert.equal(feed(stream, 2, 2, 'cdef'), 'ef');
    assert.equal(feed(stream, 1, 4, 'old'), '');
    assert.equal(stream.settle(2), 6);
    assert.equal(stream.endDiffers(6), false);
  });

  it('notices an attempt that says other bytes', () => {
    const stream = createLiveStream();
    feed(stream, 1, 0, 'abcd');
    assert.equal(feed(stream, 2, 0, 'abXdef'), 'ef');
    assert.equal(stream.endDiffers(6), true);
  });

  it('notices an attempt that says less', () => {
    const stream = createLiveStream();
    feed(stream, 1, 0, 'abcd');
    assert.equal(stream.settle(2), 0);
    assert.equal(feed(stream, 2, 0, 'ab'), '');
    assert.equal(stream.endDiffers(2), true);
  });

  it('reads the stored stream of another attempt from its start', () => {
    const stream = createLiveStream();
    feed(stream, 1, 0, 'abcd');
    feed(stream, 2, 0, 'ab');
    assert.equal(stream.settle(3), 0);
    assert.equal(feed(stream, 3, 0, 'abcdef'), 'ef');
    assert.equal(stream.endDiffers(6), false);
  });
});
