import type { WaitOptions } from '../api.ts';
import type { Core } from '../core.ts';
import type { JobRecord } from './job-record.ts';

/** Resolves when `news` is true after a commit, the time is over, or the caller has gone. */
export function waitForNews(
  core: Core,
  job: JobRecord,
  wait: WaitOptions,
  news: () => boolean,
): Promise<void> {
  if (news()) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      job.waiters.delete(wake);
      cancelTimer();
      wait.signal?.removeEventListener('abort', done);
      resolve();
    };
    const wake = (): void => {
      if (news()) done();
    };
    const cancelTimer = core.clock.after(wait.waitMs, done);
    job.waiters.add(wake);
    if (wait.signal?.aborted === true) done();
    else wait.signal?.addEventListener('abort', done, { once: true });
  });
}
