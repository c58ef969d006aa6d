/** What the product is compared with: jobs strictly in the order they came, and a simple rule for the node. */
import {
  capacityFor,
  type PlacementNode,
  type PlacementTask,
  type Random,
  route,
  seededRandom,
} from '@fog/scheduler';
import type { ReplayJob } from './replay-job.ts';
import type { Strategy } from './simulation.ts';

/** A node with a free slot that fits, or undefined when there is none. */
type Pick = (task: PlacementTask, fleet: readonly PlacementNode[]) => string | undefined;

/** First fitting node in order of arrival. */
export function fifo(): Strategy {
  return inOrderOfArrival((task, fleet) => fleet.find((node) => hasRoom(task, node))?.id);
}

/** Any fitting node. */
export function random(seed: number): Strategy {
  const dice: Random = seededRandom(seed);
  return inOrderOfArrival((task, fleet) => {
    const fitting = fleet.filter((node) => hasRoom(task, node));
    return fitting[dice.below(fitting.length)]?.id;
  });
}

/** The product's routing strategy of that name. */
export function leastLoaded(): Strategy {
  const state = { random: () => 0 };
  return inOrderOfArrival((task, fleet) => route('least_loaded', task, fleet, state));
}

function hasRoom(task: PlacementTask, node: PlacementNode): boolean {
  return capacityFor(task, [node]) > 0;
}

/** A job that no node has room for is passed by those behind it, which favours these baselines. */
function inOrderOfArrival(pick: Pick): Strategy {
  let waiting: ReplayJob[] = [];
  return {
    add(job) {
      if (waiting.includes(job)) return;
      const at = waiting.findIndex(({ order }) => order > job.order);
      waiting.splice(at === -1 ? waiting.length : at, 0, job);
    },
    decide({ fleet, free, start }) {
      for (const job of waiting) {
        while (job.board.ready && free() > 0) {
          const node = pick(job.task, fleet);
          if (node === undefined) break;
          start(job, job.board.take() ?? 0, node);
        }
        if (free() === 0) break;
      }
      waiting = waiting.filter(({ board }) => board.ready);
    },
  };
}
