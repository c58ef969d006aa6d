export {
  type BuildSpace,
  createBuildSpace,
  createHeader,
  createPacket,
  createPayloadSpace,
  hopDelayTag,
  type PayloadSpace,
} from './build.ts';
export { COMMAND, type CommandName, commandName } from './commands.ts';
export { SPHINX_ERRORS } from './errors.ts';
export {
  createReassembler,
  decodeFragment,
  type Fragment,
  FRAGMENT_FRAME_BYTES,
  FRAGMENT_ID_BYTES,
  type FragmentVerdict,
  MAX_DONE_MESSAGES,
  MAX_FRAGMENTS,
  MAX_OPEN_BYTES,
  MAX_OPEN_MESSAGES,
  MAX_OPEN_MS,
  type Reassembler,
  splitMessage,
} from './fragments.ts';
export {
  BODY_BYTES,
  geometryHash,
  HEADER_BYTES,
  ID_BYTES,
  MAX_DELAY_CLASS,
  MAX_HOPS,
  MAX_SURBS,
  PACKET,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  SLOT,
  SLOT_BYTES,
  SUITE,
  SURB_BYTES,
  SURB_ID_BYTES,
  SURB_KEYS_BYTES,
  TAG_BYTES,
} from './geometry.ts';
export { createMixKey, eraseMixKey, type MixKey, mixKeyFromSecret } from './mix-key.ts';
export {
  dataRoom,
  decodePayload,
  encodePayload,
  PAYLOAD_KIND,
  type PayloadContent,
} from './payload.ts';
export {
  createPeelSpace,
  peel,
  PEEL_VERDICTS,
  type PeeledHop,
  type PeelSpace,
  type PeelVerdict,
} from './peel.ts';
export type { Route, RouteEnd, RouteHop } from './route.ts';
export {
  createSurb,
  openReply,
  replyWithSurb,
  type ReplyVerdict,
  surbEpochByte,
  surbFirstHop,
  type SurbVerdict,
} from './surb.ts';
