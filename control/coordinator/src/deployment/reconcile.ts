/**
 * What to do next for one deployment. Pure: the same slots, plan and time give the same actions.
 *
 * A slot runs one replica at a time, so there are never more than wanted. An update replaces a slot's replica
 * in place: a healthy one of the old version is stopped only while fewer than `maxUnavailable` are missing, and
 * no more than `maxUnavailable` slots prove the new version at once. A version that crashes never proves itself,
 * so the update stays where it is, and slots that are still on the old version come back with the old one.
 */
export interface Plan {
  readonly wanted: number;
  readonly version: number;
  /** Replicas that may be missing while some are replaced or moved. */
  readonly maxUnavailable: number;
}

export interface SlotState {
  readonly slot: number;
  /** Of its newest replica; undefined before the first. */
  readonly version: number | undefined;
  /** `silent`: its probe failed; `none`: nothing runs. */
  readonly run: 'none' | 'starting' | 'healthy' | 'silent' | 'stopping';
  /** Healthy for long enough to count for a new version. */
  readonly isProven: boolean;
  /** When it may start again after a crash. */
  readonly waitUntilMs: number;
  /** Its node shall be left, and another could take it. */
  readonly canMove: boolean;
}

export type Action =
  | { readonly kind: 'start'; readonly slot: number; readonly version: number }
  | {
      readonly kind: 'stop';
      readonly slot: number;
      readonly because: 'surplus' | 'silent' | 'update';
    }
  | { readonly kind: 'move'; readonly slot: number };

export function reconcile(plan: Plan, slots: readonly SlotState[], nowMs: number): Action[] {
  const kept = slots.filter(({ slot }) => slot < plan.wanted);
  const surplus = slots.filter((each) => each.slot >= plan.wanted && isUp(each));
  const silent = kept.filter(({ run }) => run === 'silent');
  // The update spends of it what a move may not spend again.
  const budget = budgetOf(plan, kept);
  const actions: Action[] = [
    ...surplus.map(({ slot }) => ({ kind: 'stop', slot, because: 'surplus' }) as const),
    ...silent.map(({ slot }) => ({ kind: 'stop', slot, because: 'silent' }) as const),
    ...update(plan, kept, budget, nowMs),
    ...starts(plan, kept, nowMs),
  ];
  const touched = new Set(actions.map(({ slot }) => slot));
  const rest = kept.filter(({ slot }) => !touched.has(slot));
  return [...actions, ...moves(plan, rest, budget)];
}

interface Budget {
  /** Slots that do not serve. */
  missing: number;
  /** Slots of the new version that have not proven themselves. */
  proving: number;
}

function budgetOf(plan: Plan, kept: readonly SlotState[]): Budget {
  return {
    missing: kept.filter((each) => !isAvailable(plan, each)).length,
    proving: kept.filter((each) => each.version === plan.version && !each.isProven).length,
  };
}

/** Slots that do not serve are replaced first: it costs nothing. */
function update(plan: Plan, kept: readonly SlotState[], budget: Budget, nowMs: number): Action[] {
  const rank = (each: SlotState): number => (isAvailable(plan, each) ? 1 : 0);
  const old = kept
    .filter((each) => isOld(plan, each))
    .toSorted((a, b) => rank(a) - rank(b) || a.slot - b.slot);
  return old.flatMap((each): Action[] => {
    const { slot, run, version = 0 } = each;
    const available = isAvailable(plan, each);
    const mayReplace =
      budget.proving < plan.maxUnavailable && (!available || budget.missing < plan.maxUnavailable);
    if (!mayReplace) {
      return run === 'none' && nowMs >= each.waitUntilMs ? [{ kind: 'start', slot, version }] : [];
    }
    budget.proving += 1;
    if (available) budget.missing += 1;
    if (run === 'none') return [{ kind: 'start', slot, version: plan.version }];
    return run === 'starting' || run === 'healthy'
      ? [{ kind: 'stop', slot, because: 'update' }]
      : [];
  });
}

function starts(plan: Plan, kept: readonly SlotState[], nowMs: number): Action[] {
  return kept
    .filter((each) => !isOld(plan, each) && each.run === 'none' && nowMs >= each.waitUntilMs)
    .map(({ slot }) => ({ kind: 'start', slot, version: plan.version }));
}

/** One at a time: the room elsewhere was counted for one. */
function moves(plan: Plan, kept: readonly SlotState[], { missing }: Budget): Action[] {
  const one = kept.find(
    (each) =>
      each.canMove && isUp(each) && (!isAvailable(plan, each) || missing < plan.maxUnavailable),
  );
  return one === undefined ? [] : [{ kind: 'move', slot: one.slot }];
}

function isUp({ run }: SlotState): boolean {
  return run === 'starting' || run === 'healthy' || run === 'silent';
}

export function isOld(
  plan: Pick<Plan, 'version'>,
  { version }: Pick<SlotState, 'version'>,
): boolean {
  return version !== undefined && version !== plan.version;
}

function isAvailable(plan: Plan, each: SlotState): boolean {
  return each.run === 'healthy' && (isOld(plan, each) || each.isProven);
}
