/** Whether the description of a network makes sense, before anything is built on it. */
import { identityId, sameBytes } from '@fog/crypto';
import { fail } from '../errors.ts';
import type { MixNetwork } from '../network.ts';
import type { AuthorityKeys } from './authority-keys.ts';
import { MAX_AUTHORITIES, MAX_EPOCH_MS, MAX_NAME_BYTES, MIN_EPOCH_MS } from './limits.ts';

const KEY_BYTES = 32;

/** Throws MIXNET_NETWORK. With `self`, the authority of these keys must be one of the network's. */
export function checkNetwork(network: MixNetwork, self?: AuthorityKeys): void {
  const wrong = faultOf(network) ?? (self === undefined ? undefined : selfFault(network, self));
  if (wrong === undefined) return;
  throw fail('MIXNET_NETWORK', {
    message: `The description of the mix network "${network.name}" is wrong: ${wrong}.`,
  });
}

function faultOf({ name, epochMs, threshold, authorities }: MixNetwork): string | undefined {
  if (name === '' || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    return `its name must have 1 to ${MAX_NAME_BYTES} bytes`;
  }
  if (!(Number.isSafeInteger(epochMs) && epochMs >= MIN_EPOCH_MS && epochMs <= MAX_EPOCH_MS)) {
    return `an epoch must last ${MIN_EPOCH_MS} to ${MAX_EPOCH_MS} ms`;
  }
  if (authorities.length === 0 || authorities.length > MAX_AUTHORITIES) {
    return `it must have 1 to ${MAX_AUTHORITIES} authorities`;
  }
  const majority = Math.floor(authorities.length / 2) + 1;
  if (!Number.isInteger(threshold) || threshold < majority || threshold > authorities.length) {
    return `its threshold must be ${majority} to ${authorities.length} of ${authorities.length} authorities`;
  }
  if (new Set(authorities.map(({ id }) => id)).size !== authorities.length) {
    return 'it names an authority twice';
  }
  const odd = authorities.find(
    ({ id, key, vrfKey }) => vrfKey.length !== KEY_BYTES || identityId(key) !== id,
  );
  return odd === undefined ? undefined : `the keys of authority ${odd.id} are not its own`;
}

function selfFault(
  { authorities }: MixNetwork,
  { identity, vrf }: AuthorityKeys,
): string | undefined {
  const contact = authorities.find(({ id }) => id === identity.id);
  if (contact === undefined) return `the authority ${identity.id} is none of its authorities`;
  return sameBytes(contact.vrfKey, vrf.publicKey)
    ? undefined
    : `it names another VRF key of authority ${identity.id} than this one has`;
}
