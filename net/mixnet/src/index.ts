export type { AuditedHop, AuditReport, Suspicion } from './audit/audit-book.ts';
export {
  createDelayAudit,
  type DelayAudit,
  type DelayAuditDeps,
  type DelayAuditOptions,
} from './audit/delay-audit.ts';
export { lossFindings, type RelayFinding } from './audit/findings.ts';
export { LEVELS } from './client/levels.ts';
export type { LoopReport, LoopRequest } from './client/loops.ts';
export type {
  LossClass,
  MixAddress,
  MixClient,
  PingHop,
  PingResult,
  PrivacyLevel,
  SendOptions,
} from './client/mix-client-api.ts';
export { PRIVACY_LEVELS } from './client/mix-client-api.ts';
export {
  createMixClient,
  type MeasuringClient,
  type MixClientDeps,
  type MixClientOptions,
} from './client/mix-client.ts';
export { choosePath, type PathRequest } from './client/paths.ts';
export {
  type Authority,
  type AuthorityDeps,
  type AuthorityOptions,
  createAuthority,
} from './directory/authority.ts';
export { authorityContact, type AuthorityKeys, authorityKeys } from './directory/authority-keys.ts';
export type { AuthorityStatus, ConsensusSummary } from './directory/authority-requests.ts';
export { checkNetwork } from './directory/check-network.ts';
export {
  type ConsensusClient,
  type ConsensusClientDeps,
  type ConsensusClientOptions,
  createConsensusClient,
} from './directory/consensus-client.ts';
export { createSignDescriptor } from './directory/descriptor.ts';
export type {
  Consensus,
  ConsensusAuthority,
  ConsensusRelay,
  RelayDescriptor,
  RelayFlag,
  RelayRole,
  SignedConsensus,
  VerifiedConsensus,
} from './directory/documents.ts';
export type { RelayStanding } from './directory/figures.ts';
export { verifyLottery, type LotteryVerdict } from './directory/lottery.ts';
export { networkDigest } from './directory/network-digest.ts';
export { MIXNET_ERRORS } from './errors.ts';
export { createGateway, type Gateway, type GatewayStats } from './gateway/gateway.ts';
export { ECHO_SERVICE, type MixService, NULL_SERVICE } from './gateway/services.ts';
export { connectToGateway } from './link/gateway-link.ts';
export { idBytes, idText } from './ids.ts';
export type { LinkDirectory, RelayLinks } from './link/link-ports.ts';
export { createRelayLinks } from './link/relay-links.ts';
export {
  type AuthorityContact,
  DEFAULT_EPOCH_MS,
  epochAt,
  epochStart,
  type MixNetwork,
} from './network.ts';
export type { Deliveries, Directory, MixMetrics } from './ports.ts';
export { EMBEDDED_MAX_SLOTS, MAX_SLOTS } from './relay/limits.ts';
export { createPeelPool, type PeelPool } from './relay/peel-pool.ts';
export type { Relay, RelayDeps, RelayOptions, RelayStatus } from './relay/relay-ports.ts';
export { createRelay } from './relay/relay.ts';
export { openSignedConsensus } from './directory/open-consensus.ts';
