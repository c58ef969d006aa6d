import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyText } from '../../src/show/why-text.ts';

const PIPE = { isTerminal: false, columns: 80 };

describe('what is shown of why', () => {
  it('is the summary, the needs, what each node says, and the past', () => {
    const text = whyText(
      {
        job: 'jabcdefghijkl',
        state: 'queued',
        summary: 'waits for a free slot',
        needs: [{ job: 'jabcdefghijkm', state: 'settled' }],
        nodes: [
          { node: 'a'.repeat(26), name: 'attic', refusal: 'has no free slot' },
          { node: 'b'.repeat(26), name: 'cellar', score: 1, because: 'idle' },
          { node: 'c'.repeat(26), name: 'roof', score: 1 },
        ],
        history: Array.from({ length: 25 }, (_, n) => ({ time: n, text: `event ${n}` })),
      },
      PIPE,
    );
    assert.match(text, /^jabcdefghijkl \(queued\): waits for a free slot\n/);
    assert.match(text, /jabcdefghijkm +settled/);
    assert.match(text, /attic +a{26} +has no free slot/);
    assert.match(text, /cellar +b{26} +could take it: idle/);
    assert.match(text, /roof +c{26} +could take it\n/);
    assert.match(text, /… and 5 earlier\n/);
    assert.doesNotMatch(text, /event 4\n/);
  });

  it('is short for a job that has ended', () => {
    const ended = { job: 'jabcdefghijkl', state: 'settled', summary: 'it settled' } as const;
    const text = whyText({ ...ended, needs: [], nodes: [], history: [] }, PIPE);
    assert.equal(text, 'jabcdefghijkl: it settled\n');
  });
});
