import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const MIXNET_ERRORS = {
  MIXNET_TOO_FEW_RELAYS: {
    message: 'Too few relays for this level.',
    kind: 'unavailable',
    retryable: true,
  },
  MIXNET_HOPS: { message: 'A path of so many hops is not possible.', kind: 'bad-input' },
  MIXNET_NOT_A_RELAY: {
    message: 'The relay is not running in the present consensus.',
    kind: 'not-found',
    retryable: true,
  },
  MIXNET_ADDRESS: { message: 'The text is no address in the mixnet.', kind: 'bad-input' },
  MIXNET_NO_CONSENSUS: {
    message: 'There is no usable consensus.',
    kind: 'unavailable',
    retryable: true,
  },
  MIXNET_NO_GATEWAY: {
    message: 'No gateway can be reached.',
    kind: 'unavailable',
    retryable: true,
  },
  MIXNET_NO_ANSWER: { message: 'No answer came.', kind: 'timeout', retryable: true },
  MIXNET_BUSY: {
    message: 'The client has too much to send.',
    kind: 'rate-limited',
    retryable: true,
  },
  MIXNET_ANSWER: { message: 'The answer cannot be sent.', kind: 'refused' },
  MIXNET_GUARD_FILE: { message: 'The file of entry gateways cannot be used.', kind: 'bad-input' },
  MIXNET_STOPPED: { message: 'The mix client was stopped.', kind: 'cancelled' },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof MIXNET_ERRORS> = defineErrors(MIXNET_ERRORS);
