/** What each event of a kind leaves of those before it: some hundred events are remembered, enough to show a lower bound of 0.95. */
export const FORGETTING = 0.99;
/** Evidence this old counts half: a machine may change hands or get better. */
export const HALF_LIFE_MS: number = 30 * 86_400_000;
/** Longest time that fades at once: a clock that runs away leaves an eighth, not nothing. */
export const MAX_FADE_MS: number = 3 * HALF_LIFE_MS;
/** A clock that goes back further than this has jumped. */
export const MAX_BACK_MS: number = 86_400_000;
/** Weight one event may have at most. */
export const MAX_WEIGHT = 10;
/** A proven lie weighs as much as this many right results. */
export const LIE_WEIGHT = 5;
/** What is expected of a node nobody knows: below every score that is tolerated, so that a new name is never worth more than an old one. */
export const PRIOR_MEAN = 0.3;
/** Observations the expectation is worth. */
export const PRIOR_WEIGHT = 2;
/** Expected share of right work below which a node is treated as nobody knows it. */
export const TOLERATED_MEAN = 0.4;
/** Right results after which a node is no newcomer any more (BOINC's number). */
export const NEWCOMER_RESULTS = 10;
/** However good its record, one result in so many of a node is checked: a liar who waits is found too. */
export const LEAST_CHECKED = 0.02;
/** Right results one wrong one outweighs when it is decided how often a node is checked: the same as no record at all. */
export const WRONG_PER_CHECK = 100;
/** What one account may say for one node in a day: two that vouch for each other do not get far with it. */
export const RATER_DAY_WEIGHT = 20;
/** Accounts whose word for a node is kept; the longest silent goes first. */
export const MAX_RATERS = 64;
/** Sources remembered to find a second use of one: a day of evidence of a busy fog. */
export const MAX_SOURCES = 10_000;
/** Who is credible is found again this often. */
export const SCORE_EVERY_MS = 60_000;
/** Share of failures that is normal for machines people switch off. */
export const TOLERATED_FAILURES = 0.05;
/** Verified work after which an owner is as credible as can be. */
export const VERIFIED_FULLY = 10;
