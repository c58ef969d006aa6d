import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { silentLogger } from '@fog/kernel';
import { createForwarder } from '../../src/http/forward.ts';
import { rawProblem, toProblem } from '../../src/http/problem.ts';

let forwarder = createForwarder(silentLogger);
let leader: Server;
let standby: Server;
let leaderUrl = '';
const problemOf = (error: unknown): ReturnType<typeof toProblem> =>
  toProblem(error, silentLogger, 'test');

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Says what reached the leader. */
async function answerWith(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { host, authorization, connection } = request.headers;
  const body = Buffer.concat(parts).toString();
  return JSON.stringify({
    method: request.method,
    url: request.url,
    host,
    authorization,
    connection,
    body,
  });
}

before(async () => {
  leader = http.createServer((request, response) => {
    void answerWith(request).then((text) => {
      response.writeHead(207, { 'x-from': 'leader' }).end(text);
    });
  });
  leader.on('upgrade', (_request, socket: Socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n',
    );
    socket.pipe(socket);
  });
  standby = http.createServer((request, response) => {
    try {
      forwarder.request(leaderUrl, request, response);
    } catch (error) {
      response.writeHead(503).end(JSON.stringify(problemOf(error)));
    }
  });
  standby.on('upgrade', (request, socket, head: Buffer) => {
    try {
      forwarder.upgrade(leaderUrl, request, socket, head);
    } catch (error) {
      socket.end(rawProblem(problemOf(error)));
    }
  });
  for (const server of [leader, standby]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  leaderUrl = urlOf(leader);
});

after(() => {
  forwarder.close();
  for (const server of [leader, standby]) {
    server.closeAllConnections();
    server.close();
  }
});

describe('a standby', () => {
  it('hands a request on unchanged, and the answer back', async () => {
    const answer = await fetch(`${urlOf(standby)}/api/v1/jobs?x=1`, {
      method: 'POST',
      body: 'hello',
      headers: { authorization: 'Bearer t' },
    });
    assert.equal(answer.status, 207);
    assert.equal(answer.headers.get('x-from'), 'leader');
    const seen = (await answer.json()) as Record<string, string>;
    assert.deepEqual(
      [seen['method'], seen['url'], seen['authorization'], seen['body']],
      ['POST', '/api/v1/jobs?x=1', 'Bearer t', 'hello'],
    );
    assert.equal(seen['host'], new URL(leaderUrl).host);
  });

  it('keeps a body a body: no request hides in it', async () => {
    const hidden = 'DELETE /hidden HTTP/1.1\r\nhost: x\r\n\r\n';
    let requests = 0;
    const count = (): void => void (requests += 1);
    leader.on('request', count);
    for (const method of ['GET', 'DELETE', 'POST']) {
      const request = http.request(urlOf(standby), {
        method,
        headers: { 'transfer-encoding': 'chunked' },
      });
      request.end(hidden);
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      const seen = JSON.parse((await answer.toArray()).join('')) as Record<string, string>;
      assert.deepEqual([seen['method'], seen['body']], [method, hidden]);
    }
    leader.off('request', count);
    assert.equal(requests, 3);
  });

  it('joins sockets', async () => {
    const request = http.get(`${urlOf(standby)}/api/v1/agent`, {
      headers: { connection: 'upgrade', upgrade: 'echo' },
    });
    const [, socket] = (await once(request, 'upgrade')) as [IncomingMessage, Socket];
    socket.write('ping');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    assert.equal(echo.toString(), 'ping');
    socket.destroy();
  });

  it('does not hand on what was handed on before', async () => {
    const answer = await fetch(urlOf(standby), { headers: { 'fog-forwarded': '1' } });
    assert.equal(answer.status, 503);
    assert.equal(((await answer.json()) as { code: string }).code, 'SERVER_NO_LEADER');
  });

  it('says when the leader does not answer', async () => {
    const before = leaderUrl;
    leaderUrl = 'http://127.0.0.1:9';
    const answer = await fetch(urlOf(standby));
    leaderUrl = before;
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '1');
    assert.match(((await answer.json()) as { detail: string }).detail, /does not answer/);
  });

  it('gives up a leader that stands still, for calls and for sockets', async () => {
    const held = http.createServer(() => {}).listen(0, '127.0.0.1');
    await once(held, 'listening');
    // Accepts and reads, as a stopped process does, and never answers.
    held.on('upgrade', () => {});
    const [before, patient] = [leaderUrl, forwarder];
    leaderUrl = urlOf(held);
    forwarder = createForwarder(silentLogger, 20);
    const answer = await fetch(`${urlOf(standby)}/api/v1/jobs?waitMs=10`);
    assert.equal(answer.status, 503);
    assert.match(((await answer.json()) as { detail: string }).detail, /no answer in time/);
    const request = http.get(urlOf(standby), { headers: { connection: 'upgrade', upgrade: 'x' } });
    const [refused] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(refused.statusCode, 503);
    refused.resume();
    forwarder.close();
    [leaderUrl, forwarder] = [before, patient];
    held.closeAllConnections();
    held.close();
  });
});
