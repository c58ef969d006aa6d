import { LONGEST_TIMER_MS } from '../limits.ts';

/**
 * Keeps the process running until the returned function is called: an agent that waits to dial
 * again holds no socket, and the timers of a Clock do not keep a process alive.
 */
export function keepProcessAlive(): () => void {
  const timer = setInterval(() => {}, LONGEST_TIMER_MS);
  return () => clearInterval(timer);
}
