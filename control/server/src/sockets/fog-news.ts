/** What happens to jobs and nodes, for the readers at each coordinator: the leader tells the others. */
import type { CoordinatorApi, FogListener } from '@fog/coordinator';
import { isFogError } from '@fog/kernel';
import type { Live } from '@fog/live';
import { FogNode, JobEvent } from '@fog/wire';
import { z } from 'zod';
import { parseJson } from './agent-handshake.ts';

export interface FogNews {
  /** False while another coordinator leads and cannot be heard. */
  readonly isComplete: boolean;
  /** Until the end of it, or until another leads or ceases to be heard: then it must be asked for anew. */
  subscribe(listener: Required<FogListener>): () => void;
  close(): void;
}

export interface FogNewsDeps {
  readonly coordinator: Pick<CoordinatorApi, 'leader' | 'onLeadership' | 'subscribe'>;
  readonly live: Pick<Live, 'isShared' | 'publish' | 'subscribe'>;
}

const CHANNEL = 'news';
const News = z.union([
  z.strictObject({ event: JobEvent, owner: z.string() }),
  z.strictObject({ node: FogNode }),
]);
type News = z.infer<typeof News>;

export function createFogNews({ coordinator, live }: FogNewsDeps): FogNews {
  let stopTelling = (): void => {};
  const tell = (news: News): void => {
    if (live.isShared) live.publish(CHANNEL, JSON.stringify(news));
  };
  const tellWhileLeading = (): void => {
    stopTelling();
    stopTelling = subscribeIfLeading(coordinator, {
      jobEvent: (event, owner) => tell({ event, owner }),
      node: (node) => tell({ node }),
    });
  };
  tellWhileLeading();
  const stopWatching = coordinator.onLeadership(tellWhileLeading);
  return {
    get isComplete() {
      return coordinator.leader === undefined || live.isShared;
    },
    subscribe: (listener) => {
      if (coordinator.leader === undefined) return coordinator.subscribe(listener);
      return live.subscribe(CHANNEL, (text) => {
        const { data: news } = News.safeParse(parseJson(text));
        if (news === undefined) return;
        if ('node' in news) listener.node(news.node);
        else listener.jobEvent(news.event, news.owner);
      });
    },
    close: () => {
      stopWatching();
      stopTelling();
    },
  };
}

function subscribeIfLeading(
  coordinator: FogNewsDeps['coordinator'],
  listener: FogListener,
): () => void {
  try {
    return coordinator.subscribe(listener);
  } catch (error) {
    const isIdle = ['COORDINATOR_STANDBY', 'COORDINATOR_STOPPED', 'STORE_DISK_FULL'].some((code) =>
      isFogError(error, code),
    );
    if (!isIdle) throw error;
    return () => {};
  }
}
