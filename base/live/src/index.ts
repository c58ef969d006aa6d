export { LIVE_ERRORS } from './errors.ts';
export {
  type Count,
  type Live,
  type LiveDeps,
  type LiveOptions,
  type Member,
  type Membership,
  type MessageListener,
  openLive,
} from './live.ts';
