/** What the nemesis can do. Each action ends with everything as it was before. */
import type { Fleet } from './fleet.ts';
import type { Member } from './member.ts';
import type { ActionName, Step } from './schedule.ts';

export interface Action extends ActionName {
  readonly possible: (fleet: Fleet) => boolean;
  /** Name of the target: one action at a time is done to it. */
  readonly target: (fleet: Fleet, step: Step) => string;
  /** Resolves with how it is mended. */
  readonly begin: (fleet: Fleet, step: Step) => Promise<Heal>;
}

export type Heal = () => Promise<void>;

const always = (): boolean => true;
const canCut = ({ site }: Fleet): boolean => site.canCut;
const canFill = ({ site }: Fleet): boolean => site.canFill;

/** Longer than leadership (5 s) and than a lease of a short-times run (7.5 s). */
const LONG_MS = [6_000, 14_000] as const;
/** A process that is started again soon. */
const SOON_MS = [200, 4_000] as const;
const JUMPS_MS = [-3_600_000, -20_000, 20_000, 3_600_000];

const WORKERS = (fleet: Fleet): readonly Member[] => fleet.workers;
const COORDINATORS = (fleet: Fleet): readonly Member[] =>
  fleet.coordinators.map(({ member }) => member);

type Members = typeof WORKERS;

export const ACTIONS: readonly Action[] = [
  { ...killing(WORKERS), name: 'kill-worker', weight: 3 },
  { ...killing(COORDINATORS), name: 'kill-coordinator', weight: 3 },
  { ...freezing(WORKERS), name: 'freeze-worker', weight: 2 },
  { ...freezing(COORDINATORS), name: 'freeze-coordinator', weight: 3 },
  { ...cutting(WORKERS), name: 'cut-worker', weight: 3 },
  { ...cutting(COORDINATORS), name: 'cut-coordinator', weight: 2 },
  { ...filling(WORKERS), name: 'fill-worker', weight: 1 },
  { ...filling(COORDINATORS), name: 'fill-coordinator', weight: 1 },
  { ...jumping(WORKERS), name: 'jump-worker', weight: 1 },
  { ...jumping(COORDINATORS), name: 'jump-coordinator', weight: 1 },
  {
    name: 'cut-database',
    weight: 2,
    lasts: LONG_MS,
    possible: always,
    target: ({ coordinators }, { target }) => `database of ${at(coordinators, target).member.name}`,
    begin: async ({ coordinators }, { target }) => {
      const { database } = at(coordinators, target);
      database.cut();
      return async () => database.heal();
    },
  },
  {
    name: 'restart-database',
    weight: 1,
    lasts: SOON_MS,
    possible: always,
    target: () => 'database',
    begin: async ({ postgres }) => {
      await postgres.stop();
      return () => postgres.start();
    },
  },
  {
    name: 'kill-database',
    weight: 1,
    lasts: SOON_MS,
    possible: always,
    target: () => 'database',
    begin: async ({ postgres }) => {
      await postgres.kill();
      return () => postgres.start();
    },
  },
  {
    name: 'kill-live',
    weight: 1,
    lasts: LONG_MS,
    possible: always,
    target: () => 'Redis',
    begin: async ({ redis }) => {
      await redis.kill();
      return () => redis.start();
    },
  },
  {
    name: 'freeze-live',
    weight: 1,
    lasts: LONG_MS,
    possible: always,
    target: () => 'Redis',
    begin: async ({ redis }) => {
      redis.freeze();
      return async () => redis.thaw();
    },
  },
];

type Deed = Omit<Action, 'name' | 'weight'>;

function killing(members: Members): Deed {
  return deed(members, { lasts: SOON_MS, possible: always }, async (member) => {
    await member.kill();
    return () => member.startAgain();
  });
}

function freezing(members: Members): Deed {
  return deed(members, { lasts: LONG_MS, possible: always }, async (member) => {
    member.freeze();
    return async () => member.thaw();
  });
}

function cutting(members: Members): Deed {
  return deed(members, { lasts: LONG_MS, possible: canCut }, async (member) => {
    await member.place.cut();
    return () => member.place.heal();
  });
}

function filling(members: Members): Deed {
  return deed(members, { lasts: LONG_MS, possible: canFill }, async (member) => {
    await member.fillDisk();
    return () => member.freeDisk();
  });
}

function jumping(members: Members): Deed {
  const terms = { lasts: LONG_MS, possible: always };
  return deed(members, terms, async (member, { lastsMs }) => {
    await member.setClock(JUMPS_MS[lastsMs % JUMPS_MS.length] ?? 0);
    return () => member.setClock(0);
  });
}

type Terms = Pick<Deed, 'lasts' | 'possible'>;
type Doing = (member: Member, step: Step) => Promise<Heal>;

function deed(members: Members, terms: Terms, doing: Doing): Deed {
  return {
    ...terms,
    target: (fleet, step) => at(members(fleet), step.target).name,
    begin: (fleet, step) => doing(at(members(fleet), step.target), step),
  };
}

function at<T>(items: readonly T[], target: number): T {
  return items[Math.floor(target * items.length)] as T;
}
