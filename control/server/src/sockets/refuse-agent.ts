import { errorMessage, isFogError, type Logger } from '@fog/kernel';
import type { ToAgent } from '@fog/wire';
import type { WebSocket } from 'ws';

const POLICY_VIOLATION = 1008;

/** Tells the agent why, and whether trying again can help, then closes. */
export function refuseAgent(socket: WebSocket, error: unknown, logger: Logger): void {
  const known = isFogError(error) && error.kind !== 'bug' ? error : undefined;
  if (known === undefined) {
    logger.error('a handshake with an agent failed', { cause: errorMessage(error) });
  }
  const refused: ToAgent = {
    type: 'refused',
    code: known?.code ?? 'SERVER_BUG',
    message: (known?.message ?? 'The fog failed to do this.').slice(0, 1024),
    final: known !== undefined && !known.retryable && known.kind !== 'unavailable',
  };
  if (socket.readyState !== socket.OPEN) return;
  socket.resume();
  socket.send(JSON.stringify(refused));
  socket.close(POLICY_VIOLATION, refused.code);
}
