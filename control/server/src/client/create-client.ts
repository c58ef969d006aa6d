import {
  type FogAddress,
  FogNode,
  NodeTrust,
  FogStatus,
  formatFogAddress,
  Job,
  JobDetail,
  JobEvent,
  JobsPage,
  JobWhy,
  JoinCode,
  MixAudit,
  MixBench,
  MixConsensus,
  MixPath,
  MixPing,
  MixStatus,
  readFogAddress,
  ResultsPage,
  RouteAnswer,
  ServiceStatus,
  Sla,
  Task,
  Topology,
  type TaskOutcome,
  UploadedBlob,
} from '@fog/wire';
import { z } from 'zod';
import { fail } from '../errors.ts';
import { ask, get, post, send } from './ask.ts';
import { deploymentCalls } from './deployment-calls.ts';
import type { ClientOptions, FogClient } from './fog-client.ts';
import { followJob } from './resume.ts';
import { schedulerCalls } from './scheduler-calls.ts';
import { createServers } from './servers.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';

// Pages and specs may hold a hundred thousand rows the server has checked already: only their frame is parsed.
const JobDetailFrame = z.object({
  ...JobDetail.shape,
  spec: z.custom<JobDetail['spec']>(isObject),
});
const ResultsFrame = z.object({
  ...ResultsPage.shape,
  results: z.custom<TaskOutcome[]>(Array.isArray),
});
const NodesFrame = z.object({ nodes: z.array(FogNode) });
const ServicesFrame = z.object({ services: z.array(ServiceStatus) });
const JobsFrame = z.object({ jobs: z.array(Job) });
const EventsFrame = z.object({ events: z.array(JobEvent) });

/** Connects lazily: nothing is sent before the first call. Throws CLIENT_URL. */
export function createClient(options: ClientOptions): FogClient {
  const address = parseAddress(options.url);
  const target = { servers: createServers(address), token: options.token };
  const transport = createTransport(target);
  return {
    url: formatFogAddress(address),
    ...jobCalls(transport),
    ...byteCalls(transport, target),
    ...deploymentCalls(transport),
    ...schedulerCalls(transport),
    ...fogCalls(transport),
    ...mixCalls(transport),
  };
}

type JobCalls =
  | 'submit'
  | 'submitBatch'
  | 'job'
  | 'why'
  | 'jobs'
  | 'results'
  | 'task'
  | 'events'
  | 'cancel';

function jobCalls(transport: Transport): Pick<FogClient, JobCalls> {
  return {
    submit: (spec, options = {}) =>
      ask(transport, Job, {
        ...send('/api/v1/jobs', spec, options),
        idempotencyKey: options.idempotencyKey,
      }),
    submitBatch: async (batch, options = {}) => {
      const call = send('/api/v1/jobs/batch', batch, options);
      const answer = { ...call, idempotencyKey: options.idempotencyKey };
      return (await ask(transport, JobsFrame, answer)).jobs;
    },
    why: (id, options) => ask(transport, JobWhy, get(`${jobPath(id)}/why`, {}, options)),
    job: (id, options = {}) =>
      ask(transport, JobDetailFrame, {
        ...get(jobPath(id), { waitMs: options.waitMs }, options),
        waitMs: options.waitMs,
      }),
    jobs: ({ signal, ...query } = {}) =>
      ask(transport, JobsPage, get('/api/v1/jobs', query, { signal })),
    results: (id, { signal, ...query } = {}) =>
      ask(transport, ResultsFrame, {
        ...get(`${jobPath(id)}/results`, query, { signal }),
        waitMs: query.waitMs,
      }),
    task: (id, index, options) =>
      ask(transport, Task, get(`${jobPath(id)}/tasks/${index}`, {}, options)),
    events: async (id, { signal, ...query } = {}) => {
      const page = get(`${jobPath(id)}/events`, query, { signal });
      return (await ask(transport, EventsFrame, page)).events;
    },
    cancel: (id, options) => ask(transport, Job, post(`${jobPath(id)}/cancel`, options)),
  };
}

type ByteCalls = 'uploadBlob' | 'readStream' | 'readFile' | 'follow';

function byteCalls(transport: Transport, target: TransportOptions): Pick<FogClient, ByteCalls> {
  return {
    uploadBlob: (body, options) =>
      ask(transport, UploadedBlob, {
        ...post('/api/v1/blobs', options),
        body,
        contentType: 'application/octet-stream',
      }),
    readStream: (id, index, stream, options = {}) => {
      const path = `${jobPath(id)}/tasks/${index}/${stream}`;
      return transport.bytes(get(path, { offset: options.offset }, options));
    },
    readFile: (id, index, path, options) => {
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      return transport.bytes(get(`${jobPath(id)}/tasks/${index}/files/${encoded}`, {}, options));
    },
    follow: (id, options) => followJob(target, id, options),
  };
}

type FogCalls =
  | 'nodes'
  | 'route'
  | 'setNodeMode'
  | 'setNodePrices'
  | 'nodeTrust'
  | 'topology'
  | 'sla'
  | 'status'
  | 'services'
  | 'restartService'
  | 'createJoinCode';

function fogCalls(transport: Transport): Pick<FogClient, FogCalls> {
  return {
    nodes: async (options) =>
      (await ask(transport, NodesFrame, get('/api/v1/nodes', {}, options))).nodes,
    route: (request, options) =>
      ask(transport, RouteAnswer, send('/api/v1/nodes/route', request, options)),
    setNodePrices: (id, prices, options) =>
      ask(
        transport,
        FogNode,
        send(`/api/v1/nodes/${encodeURIComponent(id)}/prices`, { prices }, options),
      ),
    setNodeMode: (id, mode, options) =>
      ask(
        transport,
        FogNode,
        send(`/api/v1/nodes/${encodeURIComponent(id)}/mode`, { mode }, options),
      ),
    nodeTrust: (id, options) =>
      ask(transport, NodeTrust, get(`/api/v1/nodes/${encodeURIComponent(id)}/trust`, {}, options)),
    topology: (options) => ask(transport, Topology, get('/api/v1/topology', {}, options)),
    sla: (options) => ask(transport, Sla, get('/api/v1/sla', {}, options)),
    status: (options) => ask(transport, FogStatus, get('/api/v1/status', {}, options)),
    services: async (options) =>
      (await ask(transport, ServicesFrame, get('/api/v1/services', {}, options))).services,
    restartService: (name, options) => {
      const path = `/api/v1/services/${encodeURIComponent(name)}/restart`;
      return ask(transport, ServiceStatus, post(path, options));
    },
    createJoinCode: (options) => ask(transport, JoinCode, post('/api/v1/join-codes', options)),
  };
}

type MixCalls = 'mixStatus' | 'mixConsensus' | 'mixPing' | 'mixBench' | 'mixPath' | 'mixAudit';

function mixCalls(transport: Transport): Pick<FogClient, MixCalls> {
  return {
    mixStatus: (options) => ask(transport, MixStatus, get('/api/v1/mixnet/status', {}, options)),
    mixConsensus: (options) =>
      ask(transport, MixConsensus, get('/api/v1/mixnet/consensus', {}, options)),
    mixPing: (request, options) =>
      ask(transport, MixPing, send('/api/v1/mixnet/ping', request, options)),
    mixBench: (request, options) =>
      ask(transport, MixBench, send('/api/v1/mixnet/bench', request, options)),
    mixPath: (level, options) =>
      ask(transport, MixPath, get('/api/v1/mixnet/path', { level }, options)),
    mixAudit: (options) => ask(transport, MixAudit, get('/api/v1/mixnet/audit', {}, options)),
  };
}

function jobPath(id: string): string {
  return `/api/v1/jobs/${encodeURIComponent(id)}`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function parseAddress(text: string): FogAddress {
  const { address, problem } = readFogAddress(text);
  if (address !== undefined) return address;
  throw fail('CLIENT_URL', { message: problem });
}
