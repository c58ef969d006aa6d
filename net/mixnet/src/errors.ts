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
  MIXNET_AUDIT_FILE: {
    message: 'The records of the delay audit cannot be used.',
    kind: 'bad-input',
  },
  MIXNET_STOPPED: { message: 'The mix client was stopped.', kind: 'cancelled' },
  MIXNET_RELAY_FILE: { message: 'A file of the relay cannot be used.', kind: 'bad-input' },
  MIXNET_KEY_PLACE: { message: 'A mix key of another epoch is in this place.', kind: 'bug' },
  MIXNET_LANES: { message: 'The peel pool serves as many relays as it can.', kind: 'refused' },
  MIXNET_PEEL_THREAD: {
    message: 'A peel thread did not start.',
    kind: 'unavailable',
    retryable: true,
  },
  MIXNET_LINK_LISTEN: { message: 'The relay cannot listen.', kind: 'unavailable', retryable: true },
  MIXNET_LINK_FEATURES: { message: 'The features cannot be told to peers.', kind: 'bad-input' },
  MIXNET_LINK_UNREACHABLE: {
    message: 'The gateway cannot be reached.',
    kind: 'unavailable',
    retryable: true,
  },
  MIXNET_LINK_KEY: { message: 'The gateway shows another link key.', kind: 'refused' },
  MIXNET_LINK_PROTOCOL: { message: 'The gateway speaks another protocol.', kind: 'refused' },
  MIXNET_LINK_CLOCK: {
    message: 'The clocks of client and gateway differ too much.',
    kind: 'refused',
  },
  MIXNET_LINK_REFUSED: {
    message: 'The gateway refuses the link.',
    kind: 'refused',
    retryable: true,
  },
  MIXNET_FRAME: { message: 'The frame cannot be sent.', kind: 'bug' },
  MIXNET_NETWORK: { message: 'The description of the mix network is wrong.', kind: 'bad-input' },
  MIXNET_AUTHORITY: {
    message: 'A directory authority gave no answer.',
    kind: 'unavailable',
    retryable: true,
  },
  MIXNET_AUTHORITY_LISTEN: {
    message: 'The directory authority cannot listen.',
    kind: 'unavailable',
    retryable: true,
  },
  MIXNET_STATE: { message: "The authority's state cannot be used.", kind: 'bad-input' },
  MIXNET_CLOCK: {
    message: "This machine's clock is wrong.",
    kind: 'refused',
    retryable: true,
  },
  MIXNET_DESCRIPTOR_REFUSED: {
    message: 'The directory authorities refuse the descriptor.',
    kind: 'refused',
  },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof MIXNET_ERRORS> = defineErrors(MIXNET_ERRORS);
