export { betaCdf, betaQuantile } from './beta.ts';
export { type Applied, type CounterRow, type Ignored, ReputationBook } from './book.ts';
export { type Uniform } from './draw.ts';
export { type Evidence, FOG_RATER, type TrustUse } from './evidence.ts';
export {
  LEAST_CHECKED,
  LIE_WEIGHT,
  MAX_WEIGHT,
  NEWCOMER_RESULTS,
  TOLERATED_MEAN,
} from './limits.ts';
export { type Score } from './score.ts';
