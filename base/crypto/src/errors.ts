import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const CRYPTO_ERRORS = {
  CRYPTO_KEY_FILE: { message: 'The key file cannot be used.', kind: 'bad-input' },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof CRYPTO_ERRORS> = defineErrors(CRYPTO_ERRORS);
