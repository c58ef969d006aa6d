import { sha256Hex } from '@fog/crypto';
import type { Hashing } from '@fog/wire';

export const HASHING: Hashing = {
  sha256: sha256Hex,
  fromBase64: (text) => Buffer.from(text, 'base64'),
};
