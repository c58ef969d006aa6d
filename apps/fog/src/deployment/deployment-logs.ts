import { fail } from '../errors.ts';
import { jobLogs } from '../job/job-logs.ts';
import { say } from '../process/host.ts';
import { type DeploymentCall, findDeployment } from './deployment-call.ts';

/** Output of one replica: while it runs until it ends or is interrupted, else what its last run left. */
export async function deploymentLogs(
  call: DeploymentCall,
  name: string,
  which: { readonly slot: number; readonly stderr: boolean },
): Promise<number> {
  const { client, signal, host } = call;
  const deployment = await findDeployment(client, name, signal);
  const replica = deployment.replicas.find(({ slot }) => slot === which.slot);
  if (replica === undefined) {
    throw fail('FOG_NO_DEPLOYMENT', {
      message: `Deployment "${deployment.name}" has no replica ${which.slot}: it has ${deployment.replicas.length}, counted from 0.`,
      details: { deployment: deployment.id, slot: which.slot },
    });
  }
  const { endedAt } = await client.job(replica.job, { signal });
  const follow = endedAt === undefined;
  await say(host, `replica ${which.slot} of ${deployment.name}, job ${replica.job}`);
  const flags = { json: call.json, follow, stderr: which.stderr, output: undefined, detach: false };
  return jobLogs({ ...call, id: replica.job, index: 0, flags });
}
