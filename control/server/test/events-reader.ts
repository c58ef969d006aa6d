/** A client of the events socket that keeps what it hears. */
import { once } from 'node:events';
import { waitFor } from '@fog/testkit';
import type { EventsMessage } from '@fog/wire';
import { WebSocket } from 'ws';
import { bearer } from './fog-fixture.ts';

export class Reader implements Disposable {
  readonly socket: WebSocket;
  readonly messages: EventsMessage[] = [];
  constructor(url: string, token: string) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/events`, {
      headers: bearer(token),
    });
    this.socket.on('error', () => {});
    this.socket.on('message', (data: Buffer) => this.messages.push(JSON.parse(data.toString())));
  }
  async ask(request: object): Promise<void> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open');
    this.socket.send(JSON.stringify(request));
  }
  async seen(type: EventsMessage['type'], count = 1): Promise<EventsMessage[]> {
    const found = (): EventsMessage[] => this.messages.filter((each) => each.type === type);
    await waitFor(`${count} × ${type}`, () => found().length >= count);
    return found();
  }
  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}
