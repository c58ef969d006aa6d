import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const CRYPTO_ERRORS = {
  CRYPTO_KEY_FILE: { message: 'The key file cannot be used.', kind: 'bad-input' },
  CRYPTO_OTHER_KEY: {
    message: 'The peer proved another key than the expected one.',
    kind: 'refused',
  },
  CRYPTO_UNTRUSTED: { message: 'The certificate of the peer is not trusted.', kind: 'refused' },
  CRYPTO_SIZE: { message: 'A buffer has the wrong size.', kind: 'bug' },
  CRYPTO_KEY_ERASED: { message: 'The key was erased and proves nothing any more.', kind: 'bug' },
  CRYPTO_NOT_CANONICAL: {
    message: 'The value has no canonical form: it must be of texts, bytes, integers and the like.',
    kind: 'bug',
  },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof CRYPTO_ERRORS> = defineErrors(CRYPTO_ERRORS);
