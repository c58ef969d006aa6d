/** Parts of a mixnet that can run alone in their process. */
export const MIX_ROLES = ['relay', 'authority', 'gateway'] as const;
export type MixRole = (typeof MIX_ROLES)[number];
