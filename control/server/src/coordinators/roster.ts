/** The coordinators of one fog, as they tell each other; where to find them when one is lost. */
import type { CoordinatorApi } from '@fog/coordinator';
import type { Clock } from '@fog/kernel';
import type { Live, Membership } from '@fog/live';
import { FogCoordinator, formatFogAddress, MAX_ADDRESSES, readFogAddress } from '@fog/wire';

export interface Roster {
  /** Announces this one at its address; resolves when it has heard of the others, if it can. */
  join(address: string): Promise<void>;
  leave(): Promise<void>;
  /** Those that announce themselves, the leader first. */
  readonly coordinators: readonly FogCoordinator[];
  /** Of all coordinators that are reached as this one is, the leader's first; of this one alone, `own`. */
  addresses(own: readonly string[]): readonly string[];
}

export interface RosterDeps {
  /** Id of this coordinator. */
  readonly id: string;
  readonly coordinator: Pick<CoordinatorApi, 'leader'>;
  readonly live: Pick<Live, 'join'>;
  readonly clock: Pick<Clock, 'now'>;
}

const GROUP = 'coordinators';
/** What a coordinator says of itself. */
const Announcement = FogCoordinator.pick({ address: true, since: true });

export function createRoster({ id, coordinator, live, clock }: RosterDeps): Roster {
  let membership: Membership | undefined;
  let ownAddress: string | undefined;
  const all = (): FogCoordinator[] => {
    const { leader } = coordinator;
    const views = (membership?.members ?? []).flatMap(({ id: member, value }) => {
      const said = Announcement.safeParse(parse(value)).data;
      const leads = leader === undefined ? member === id : said?.address === leader;
      const { data } = FogCoordinator.safeParse({ id: member, ...said, leads });
      return data === undefined ? [] : [data];
    });
    return views.toSorted((a, b) => Number(b.leads) - Number(a.leads) || a.since - b.since);
  };
  return {
    join: async (address) => {
      ownAddress = address;
      membership = await live.join(GROUP, {
        id,
        value: JSON.stringify({ address, since: clock.now() }),
      });
    },
    leave: async () => {
      await membership?.leave();
      membership = undefined;
    },
    get coordinators() {
      return all();
    },
    addresses: (own) => {
      const { leader } = coordinator;
      const members = membership?.members ?? [];
      // Each agent that is welcomed asks: a fog of one coordinator has an answer without reading anything.
      const isAlone = (leader ?? ownAddress) === ownAddress && members.every((m) => m.id === id);
      const [first] = ownAddress === undefined || isAlone ? [] : urlsOf(ownAddress);
      if (first === undefined) return own;
      // The database knows the leader even while nothing else is heard of the others.
      const others = [leader, ...all().map(({ address }) => address)].filter(
        (address) => address !== undefined,
      );
      // Who came by TLS cannot be sent elsewhere without it, nor off this machine to its loopback; and nobody
      // to another key, whatever is announced: join lines are made of these.
      const kind = kindOf(first);
      const urls = [...others, ...own].flatMap(urlsOf).filter((url) => kindOf(url) === kind);
      return [...new Set(urls)].slice(0, MAX_ADDRESSES);
    },
  };
}

/** Each with scheme and key. */
function urlsOf(address: string): string[] {
  const { address: read } = readFogAddress(address);
  return (read?.urls ?? []).map((url) => formatFogAddress({ fogId: read?.fogId, urls: [url] }));
}

/** Scheme and key. */
function kindOf(url: string): string {
  const { protocol, username } = new URL(url);
  return `${protocol}//${username}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
