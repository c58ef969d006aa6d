import {
  FogNode,
  FogStatus,
  Job,
  JobDetail,
  JobEvent,
  JobsPage,
  JoinCode,
  MixAudit,
  MixBench,
  MixConsensus,
  MixPath,
  MixPing,
  MixStatus,
  ResultsPage,
  ServiceStatus,
  Task,
  type TaskOutcome,
  UploadedBlob,
} from '@fog/wire';
import { z } from 'zod';
import { fail } from '../errors.ts';
import type { CallOptions, ClientOptions, FogClient } from './fog-client.ts';
import { followEvents } from './follow.ts';
import { type Call, createTransport, type Transport, type TransportOptions } from './transport.ts';

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
const EventsFrame = z.object({ events: z.array(JobEvent) });

/** Connects lazily: nothing is sent before the first call. Throws CLIENT_URL. */
export function createClient(options: ClientOptions): FogClient {
  const target = { url: parseUrl(options.url), token: options.token };
  const transport = createTransport(target);
  return {
    url: target.url.origin,
    ...jobCalls(transport),
    ...byteCalls(transport, target),
    ...fogCalls(transport),
    ...mixCalls(transport),
  };
}

type JobCalls = 'submit' | 'job' | 'jobs' | 'results' | 'task' | 'events' | 'cancel';

function jobCalls(transport: Transport): Pick<FogClient, JobCalls> {
  return {
    submit: (spec, options = {}) =>
      ask(transport, Job, {
        method: 'POST',
        path: '/api/v1/jobs',
        body: Buffer.from(JSON.stringify(spec)),
        contentType: 'application/json',
        idempotencyKey: options.idempotencyKey,
        signal: options.signal,
      }),
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
    follow: (id, options) => followEvents(target, { type: 'follow', job: id }, options.signal),
  };
}

type FogCalls = 'nodes' | 'status' | 'services' | 'restartService' | 'createJoinCode';

function fogCalls(transport: Transport): Pick<FogClient, FogCalls> {
  return {
    nodes: async (options) =>
      (await ask(transport, NodesFrame, get('/api/v1/nodes', {}, options))).nodes,
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
      ask(transport, MixPing, {
        ...post('/api/v1/mixnet/ping', options),
        body: Buffer.from(JSON.stringify(request)),
        contentType: 'application/json',
      }),
    mixBench: (request, options) =>
      ask(transport, MixBench, {
        ...post('/api/v1/mixnet/bench', options),
        body: Buffer.from(JSON.stringify(request)),
        contentType: 'application/json',
      }),
    mixPath: (level, options) =>
      ask(transport, MixPath, get('/api/v1/mixnet/path', { level }, options)),
    mixAudit: (options) => ask(transport, MixAudit, get('/api/v1/mixnet/audit', {}, options)),
  };
}

async function ask<T extends z.ZodType>(
  transport: Transport,
  schema: T,
  call: Call,
): Promise<z.output<T>> {
  const parsed = schema.safeParse(await transport.json(call));
  if (parsed.success) return parsed.data;
  throw fail('CLIENT_BAD_ANSWER', {
    message: `The fog answered ${call.method} ${call.path.split('?')[0]} in a shape this version does not know. Use the same version on both sides.`,
    cause: parsed.error,
  });
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

function get(
  path: string,
  query: Query,
  options: CallOptions | { signal?: AbortSignal | undefined } = {},
): Call {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  const suffix = text.length === 0 ? '' : `?${text.join('&')}`;
  return { method: 'GET', path: path + suffix, signal: options.signal };
}

function post(path: string, options: CallOptions = {}): Call {
  return { method: 'POST', path, signal: options.signal };
}

function jobPath(id: string): string {
  return `/api/v1/jobs/${encodeURIComponent(id)}`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' && url.hostname !== '') return url;
  throw fail('CLIENT_URL', {
    message: `"${text}" is not the address of a fog. Write it as http://127.0.0.1:7700.`,
  });
}
