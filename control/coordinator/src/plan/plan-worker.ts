/** The planning thread: one batch after the other. */
import { parentPort } from 'node:worker_threads';
import { errorMessage } from '@fog/kernel';
import { placeBatch } from '@fog/scheduler';
import type { PlanReply, PlanRequest } from './plan-messages.ts';

parentPort?.on('message', (request: PlanRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer(request));
});

function answer({ tasks, nodes, ...options }: PlanRequest): PlanReply {
  const fromMs = performance.now();
  try {
    const placement = placeBatch(tasks, nodes, { ...options, nowMs: () => performance.now() });
    return { placement, decisionMs: performance.now() - fromMs };
  } catch (error) {
    return { problem: errorMessage(error) };
  }
}
