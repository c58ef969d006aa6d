/** Deployments as accounts ask for them: create, read, change, delete. */
import { sha256Hex, randomLabel } from '@fog/crypto';
import {
  type Deployment,
  type DeploymentChange,
  type DeploymentSpec,
  type FogStatus,
  type JobSpec,
} from '@fog/wire';
import type { References } from '../content/references.ts';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import { checkPossible } from '../job/check-possible.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Viewer } from '../registry/node-record.ts';
import { type DeploymentRecord, deploymentRow } from './deployment-record.ts';
import { DEPLOYMENT_ID_CHARS, MAX_DEPLOYMENTS } from './limits.ts';
import type { Reconciler } from './reconciler.ts';
import { degradedBy, deploymentView, healthyOf } from './view.ts';

interface DeploymentParts {
  readonly core: Core;
  readonly references: References;
  readonly reconciler: Reconciler;
  /** Says why a queued job does not run. */
  readonly waitingFor: (job: JobRecord) => string | undefined;
}

export class Deployments {
  readonly #parts: DeploymentParts;

  constructor(parts: DeploymentParts) {
    this.#parts = parts;
  }

  /** The same key and spec answer the same deployment. */
  async create(
    account: string,
    spec: DeploymentSpec,
    key?: string,
    role?: string,
  ): Promise<Deployment> {
    const { core, reconciler } = this.#parts;
    const id = deploymentId(account, key);
    const before = core.deployments.get(id);
    if (before !== undefined) return this.#again(before, spec);
    await this.#checkJob({ account, role }, spec.job);
    const own = this.#of(account);
    const twin = core.deployments.get(id);
    if (twin !== undefined) return this.#again(twin, spec);
    const named = own.find((one) => one.spec.name === spec.name);
    if (named !== undefined) throw nameTaken(named);
    if (own.length >= MAX_DEPLOYMENTS) throw tooMany();
    const now = core.clock.now();
    const deployment: DeploymentRecord = {
      id,
      owner: account,
      spec,
      version: 1,
      createdAt: now,
      updatedAt: now,
      slots: new Map(),
    };
    core.deployments.set(id, deployment);
    core.journal.deployment(deploymentRow(deployment));
    await core.journal.committed();
    reconciler.poke(deployment);
    return this.#view(deployment);
  }

  /** In the order of their names. */
  list(account: string): Deployment[] {
    const own = this.#of(account).toSorted((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
    return own.map((one) => this.#view(one));
  }

  get(account: string, id: string): Deployment {
    return this.#view(this.#find(account, id));
  }

  async change(
    account: string,
    id: string,
    change: DeploymentChange,
    role?: string,
  ): Promise<Deployment> {
    const { core, reconciler } = this.#parts;
    if (change.job !== undefined) await this.#checkJob({ account, role }, change.job);
    const deployment = this.#find(account, id);
    const { spec } = deployment;
    const job = change.job ?? spec.job;
    const isNew = JSON.stringify(job) !== JSON.stringify(spec.job);
    deployment.spec = { ...spec, job, replicas: change.replicas ?? spec.replicas };
    if (isNew) deployment.version += 1;
    deployment.updatedAt = core.clock.now();
    core.journal.deployment(deploymentRow(deployment));
    await core.journal.committed();
    reconciler.poke(deployment);
    return this.#view(deployment);
  }

  /** The deployment and the end of all its replicas are one commit. */
  async remove(account: string, id: string): Promise<Deployment> {
    const { core, reconciler } = this.#parts;
    const deployment = this.#find(account, id);
    core.deployments.delete(id);
    core.journal.deploymentGone(id);
    reconciler.endAll(deployment);
    await core.journal.committed();
    return { ...this.#view(deployment), state: 'deleting', healthy: 0 };
  }

  counts(): FogStatus['deployments'] {
    const { core } = this.#parts;
    const all = [...core.deployments.values()];
    const nowMs = core.clock.monotonicMs();
    return {
      total: all.length,
      degraded: all.filter((one) => degradedBy(one, nowMs) !== undefined).length,
      replicas: all.reduce((sum, { spec }) => sum + spec.replicas, 0),
      healthy: all.reduce((sum, one) => sum + healthyOf(one), 0),
    };
  }

  #of(account: string): DeploymentRecord[] {
    return [...this.#parts.core.deployments.values()].filter(({ owner }) => owner === account);
  }

  /** The same answer for one that is not there and for another account's. */
  #find(account: string, id: string): DeploymentRecord {
    const deployment = this.#parts.core.deployments.get(id);
    if (deployment?.owner === account) return deployment;
    throw fail('COORDINATOR_NO_DEPLOYMENT', {
      message: `There is no deployment ${id}. "fog deployments" lists yours.`,
      details: { deployment: id },
    });
  }

  #again(before: DeploymentRecord, spec: DeploymentSpec): Deployment {
    const isChanged = before.updatedAt !== before.createdAt;
    if (isChanged || JSON.stringify(before.spec) === JSON.stringify(spec)) {
      return this.#view(before);
    }
    throw fail('COORDINATOR_IDEMPOTENCY', {
      message: `The idempotency key was used for deployment ${before.id}, whose spec differs. Use a new key for a new deployment.`,
      details: { deployment: before.id },
    });
  }

  async #checkJob(caller: Viewer, job: JobSpec): Promise<void> {
    const { core, references } = this.#parts;
    checkServiceSpec(job);
    checkPossible(core, caller, job);
    await references.check(caller.account, job);
  }

  #view(deployment: DeploymentRecord): Deployment {
    const { core, waitingFor } = this.#parts;
    return deploymentView(deployment, core.clock.monotonicMs(), waitingFor);
  }
}

/** What makes no sense for a program that runs until it is stopped. */
function checkServiceSpec(job: JobSpec): void {
  const wrong = {
    array: job.array !== undefined && 'scale it with replicas',
    needs: job.needs !== undefined && 'it would wait once, not with each start',
    deadlineAt: job.deadlineAt !== undefined && 'it has no end',
    class: (job.class ?? 'B') !== 'B' && 'classes S and A compare results, and it has none',
    determinism: job.determinism === 'strict' && 'strict runs are compared by their results',
    outputs: job.outputs.length > 0 && 'files are handed back at the end, and it has none',
  };
  const found = Object.entries(wrong).find(([, why]) => why !== false);
  if (found === undefined) return;
  throw fail('COORDINATOR_DEPLOYMENT', {
    message: `The job of a deployment must not say "${found[0]}": ${String(found[1])}. Leave it out.`,
    details: { field: found[0] },
  });
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** With an idempotency key it follows from account and key, so that a second try finds the first. */
function deploymentId(account: string, key: string | undefined): string {
  if (key === undefined) return `d${randomLabel(DEPLOYMENT_ID_CHARS)}`;
  const hash = Buffer.from(sha256Hex(Buffer.from(`deployment ${account} ${key}`)), 'hex');
  const label = [...hash.subarray(0, DEPLOYMENT_ID_CHARS)].map((byte) => BASE32[byte % 32]);
  return `d${label.join('')}`;
}

function nameTaken({ id, spec }: DeploymentRecord): Error {
  return fail('COORDINATOR_NAME_TAKEN', {
    message: `This account has a deployment "${spec.name}" already (${id}). Change that one, or take another name.`,
    details: { deployment: id },
  });
}

function tooMany(): Error {
  return fail('COORDINATOR_QUOTA', {
    message: `This account has ${MAX_DEPLOYMENTS} deployments, which is as many as it may have. Delete one first.`,
  });
}
