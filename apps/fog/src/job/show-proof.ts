import { fail } from '../errors.ts';
import { say } from '../process/host.ts';
import { type JobCall, printJson } from './job-action.ts';
import { proofProblem } from './proof-problem.ts';

/** Prints what the node signed for one result, and whether it stands a check made on this machine. */
export async function showProof(call: JobCall): Promise<number> {
  const { id, index = 0, host, client, signal } = call;
  const { proof, outcome, verification } = await client.task(id, index, { signal });
  if (outcome === undefined) {
    throw fail('FOG_NOT_ENDED', {
      message: `Task ${index} of job ${id} has not ended. Wait for it with "logs -f".`,
    });
  }
  const problem =
    proof === undefined ? 'the fog keeps no signature of it' : proofProblem(proof, outcome);
  await printJson(host, { job: id, index, verification, ...proof, problem });
  const by = proof === undefined ? '' : ` by node ${proof.manifest.node}`;
  await say(
    host,
    problem === undefined
      ? `task ${index} is signed${by}, and the signature is good`
      : `the result of task ${index} is not proven: ${problem}`,
  );
  return problem === undefined ? 0 : 1;
}
