/** What each privacy level costs and gives. */
import type { PrivacyLevel } from './mix-client-api.ts';

export interface LevelPlan {
  readonly hops: number;
  readonly delayClass: number;
  /** Loops at λL. */
  readonly loops: boolean;
  /** Real-or-loop packets at λP, and padding from the gateway at the same rate. */
  readonly stream: boolean;
}

export const LEVELS: Readonly<Record<PrivacyLevel, LevelPlan>> = {
  public: { hops: 1, delayClass: 0, loops: false, stream: false },
  private: { hops: 3, delayClass: 1, loops: false, stream: false },
  confidential: { hops: 3, delayClass: 2, loops: true, stream: false },
  secret: { hops: 5, delayClass: 3, loops: true, stream: true },
};
