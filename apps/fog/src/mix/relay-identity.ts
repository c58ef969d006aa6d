import path from 'node:path';
import { type Identity, openIdentity } from '@fog/crypto';

/** The key that signs a relay's descriptors, in the relay's own directory. */
export function openRelayIdentity(dataDir: string): Promise<Identity> {
  return openIdentity(path.join(dataDir, 'relay.key'));
}
