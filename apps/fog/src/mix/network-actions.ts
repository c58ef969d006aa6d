/** `fog mix authority` and `fog mix network`: how operators who trust no single one make their network file. */
import path from 'node:path';
import { openSeed } from '@fog/crypto';
import { formatDuration } from '@fog/kernel';
import {
  type AuthorityContact,
  authorityContact,
  authorityKeys,
  checkNetwork,
  DEFAULT_EPOCH_MS,
  type MixNetwork,
  networkDigest,
} from '@fog/mixnet';
import { fail } from '../errors.ts';
import { ensurePrivateDir } from '../process/data-dir.ts';
import { type Host, say } from '../process/host.ts';
import { table } from '../show/table.ts';
import {
  contactText,
  createNetworkFile,
  isAuthorityUrl,
  readContactFile,
  readNetworkFile,
} from './network-file.ts';
import { readRoleConfig } from './role-config.ts';

/**
 * Prints the public keys and the address of the authority of this configuration; its key file is made when
 * there is none. Throws FOG_MIX_CONFIG and FOG_MIX_FILE.
 */
export async function showAuthority(
  host: Host,
  { config, url }: { readonly config: string; readonly url: string | undefined },
): Promise<void> {
  const { dataDir, listen } = await readRoleConfig('authority', config);
  const { host: name, port } = listen;
  const address = url ?? `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  if (!isAuthorityUrl(address)) {
    throw fail('FOG_MIX_CONFIG', {
      message: `${address} is no address others can call the authority at: give one with --url http://HOST:PORT.`,
    });
  }
  await ensurePrivateDir(dataDir);
  const keys = authorityKeys(await openSeed(path.join(dataDir, 'authority.key')));
  await host.stdout.write(contactText(authorityContact(keys, address)));
  keys.vrf.erase();
}

export interface MakeNetwork {
  readonly name: string;
  readonly out: string;
  /** A majority when left out. */
  readonly threshold: number | undefined;
  /** One of each authority, as `showAuthority` printed it. */
  readonly files: readonly string[];
  readonly json: boolean;
}

/** Throws FOG_MIX_FILE and MIXNET_NETWORK. */
export async function makeNetwork(host: Host, options: MakeNetwork): Promise<void> {
  const { name, out, files, threshold, json } = options;
  const authorities = await Promise.all(files.map(readContactFile));
  const network: MixNetwork = {
    name,
    epochMs: DEFAULT_EPOCH_MS,
    threshold: threshold ?? Math.floor(authorities.length / 2) + 1,
    authorities: authorities.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  };
  checkNetwork(network);
  const shared = sharedUrl(authorities);
  if (shared !== undefined) {
    throw fail('FOG_MIX_FILE', {
      message: `Two of the authorities have the address ${shared}: one of them must be reached elsewhere.`,
    });
  }
  await createNetworkFile(out, network);
  await host.stdout.write(networkSummary(network, json));
  await say(host, `${out} is written: give it to every member, who compares the digest`);
}

/** Throws FOG_MIX_FILE and MIXNET_NETWORK. */
export async function showNetwork(
  host: Host,
  { file, json }: { readonly file: string; readonly json: boolean },
): Promise<void> {
  const network = await readNetworkFile(file);
  checkNetwork(network);
  await host.stdout.write(networkSummary(network, json));
}

function sharedUrl(authorities: readonly AuthorityContact[]): string | undefined {
  const urls = authorities.map(({ url }) => url);
  return urls.find((url, index) => urls.indexOf(url) !== index);
}

function networkSummary(network: MixNetwork, asJson: boolean): string {
  const { name, threshold, epochMs, authorities } = network;
  const digest = networkDigest(network);
  const shown = authorities.map(({ id, url }) => ({ id, url }));
  if (asJson) {
    return `${JSON.stringify({ name, digest, threshold, epochMs, authorities: shown })}\n`;
  }
  const rows = shown.map(({ id, url }) => [id, url]);
  return (
    `network    ${name}\n` +
    `digest     ${digest}\n` +
    `threshold  ${threshold} of ${authorities.length} signatures\n` +
    `epochs     ${formatDuration(epochMs)}\n\n` +
    table([['AUTHORITY', 'ADDRESS'], ...rows])
  );
}
