/** What commands remember of fogs on other machines: the key by which to know them, and further addresses. */
import { openKnownFogs } from '@fog/harvest/known-fogs';
import { formatFogAddress, readFogAddress } from '@fog/wire';
import { ensurePrivateDir } from '../process/data-dir.ts';
import { knownFogsFile } from './known-fogs-file.ts';

/** The address with what is known of its fog; as it is when it says nothing sensible. Throws AGENT_KNOWN_FOGS. */
export async function completeAddress(text: string, dataDir: string): Promise<string> {
  const { address } = readFogAddress(text);
  if (address === undefined || address.urls[0]?.protocol !== 'https:') return text;
  const known = await openKnownFogs(knownFogsFile(dataDir));
  return formatFogAddress(known.complete(address));
}

/** After the fog has proven the key its address names. */
export async function rememberFog(
  text: string,
  addresses: readonly string[] | undefined,
  dataDir: string,
): Promise<void> {
  const { address } = readFogAddress(text);
  const [url] = address?.urls ?? [];
  if (address?.fogId === undefined || url?.protocol !== 'https:') return;
  const others = addresses?.flatMap((each) => readFogAddress(each).address?.urls ?? []) ?? [];
  const known = await openKnownFogs(knownFogsFile(await ensurePrivateDir(dataDir)));
  const more = [...address.urls.slice(1), ...others];
  await known.remember({ fogId: address.fogId, pinned: true, url, others: more });
}
