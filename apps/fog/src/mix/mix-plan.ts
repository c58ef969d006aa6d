/** Keys, ports and the network file of the mixnet that one fog hosts or uses, below `<data dir>/mixnet`. */
import path from 'node:path';
import { openSeed } from '@fog/crypto';
import { authorityContact, authorityKeys, DEFAULT_EPOCH_MS, type MixNetwork } from '@fog/mixnet';
import { ensurePrivateDir } from '../process/data-dir.ts';
import { freePorts } from './free-ports.ts';
import {
  AUTHORITIES,
  AUTHORITY_PORT,
  EMBEDDED_RATE,
  GATEWAYS,
  RELAY_PORT,
  RELAYS,
} from './limits.ts';
import { readNetworkFile, writeNetworkFile } from './network-file.ts';
import type { AuthorityConfig, RelayConfig } from './role-config.ts';
import { openRelayIdentity } from './relay-identity.ts';

export interface MixPlan {
  readonly network: MixNetwork;
  readonly dir: string;
  readonly authorities: readonly AuthorityConfig[];
  readonly relays: readonly RelayConfig[];
}

export interface MixPlanOptions {
  readonly dataDir: string;
  readonly fogId: string;
  /** Any free ports in place of the usual ones. */
  readonly anyPorts: boolean;
}

const HOST = '127.0.0.1';

export function isGateway(index: number): boolean {
  return index < GATEWAYS;
}

/** Throws FOG_MIX_FILE, FOG_NO_PORTS and FOG_DATA_DIR. */
export async function openPlan(options: MixPlanOptions): Promise<MixPlan> {
  const dir = await ensurePrivateDir(path.join(options.dataDir, 'mixnet'));
  const networkFile = path.join(dir, 'network.json');
  const dirs = Array.from({ length: AUTHORITIES }, (_, index) =>
    path.join(dir, `authority-${index + 1}`),
  );
  const seeds = await Promise.all(
    dirs.map(async (each) => openSeed(path.join(await ensurePrivateDir(each), 'authority.key'))),
  );
  const relayDirs = Array.from({ length: RELAYS }, (_, index) =>
    path.join(dir, `relay-${index + 1}`),
  );
  // Another family among them would end the network of one operator: paths could not be made any more.
  const admit = await Promise.all(relayDirs.map(openRelayId));
  const [authorityPorts, relayPorts] = await choosePorts(options.anyPorts);
  const name = `fog-${options.fogId}`;
  const network: MixNetwork = {
    name,
    epochMs: DEFAULT_EPOCH_MS,
    threshold: Math.floor(AUTHORITIES / 2) + 1,
    authorities: seeds.map((seed, index) =>
      authorityContact(authorityKeys(seed), `http://${HOST}:${authorityPorts[index]}`),
    ),
  };
  await writeNetworkFile(networkFile, network);
  return {
    network,
    dir,
    authorities: authorityPorts.map((port, index) => ({
      dataDir: dirs[index] as string,
      network: networkFile,
      listen: { host: HOST, port },
      embedded: true,
      admit,
      standing: standingFile(dir),
    })),
    relays: relayPorts.map((port, index) => ({
      dataDir: relayDirs[index] as string,
      network: networkFile,
      listen: { host: HOST, port },
      addresses: [],
      // One family for all: the authorities conclude that there is one operator.
      family: name,
      region: '',
      profile: 'embedded',
      declaredRate: EMBEDDED_RATE,
    })),
  };
}

/** For a member of a mixnet that others host. Keeps a copy of the file: it is what this machine believes. */
export async function openMemberPlan(dataDir: string, file: string): Promise<MixPlan> {
  const network = await readNetworkFile(file);
  const dir = await ensurePrivateDir(path.join(dataDir, 'mixnet'));
  await writeNetworkFile(path.join(dir, 'network.json'), network);
  return { network, dir, authorities: [], relays: [] };
}

/** Where a fog keeps the reputations of relays, below its mixnet's directory. */
export function standingFile(dir: string): string {
  return path.join(dir, 'standing.json');
}

async function openRelayId(dir: string): Promise<string> {
  return (await openRelayIdentity(await ensurePrivateDir(dir))).id;
}

async function choosePorts(anyPorts: boolean): Promise<[number[], number[]]> {
  if (anyPorts) {
    const ports = await freePorts(undefined, AUTHORITIES + RELAYS);
    return [ports.slice(0, AUTHORITIES), ports.slice(AUTHORITIES)];
  }
  const authorityPorts = await freePorts(AUTHORITY_PORT, AUTHORITIES);
  const first = Math.max(RELAY_PORT, (authorityPorts.at(-1) ?? 0) + 1);
  return [authorityPorts, await freePorts(first, RELAYS)];
}
