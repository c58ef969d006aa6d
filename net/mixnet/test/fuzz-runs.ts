/** Repetitions of a fuzzer: few, or as many as fit the milliseconds of FUZZ_MS. fast-check prints the seed. */
export function fuzzRuns(few: number): { numRuns: number; interruptAfterTimeLimit: number } {
  const ms = process.env['FUZZ_MS'];
  return {
    numRuns: ms === undefined ? few : 100_000_000,
    interruptAfterTimeLimit: ms === undefined ? 30_000 : Number(ms),
  };
}
