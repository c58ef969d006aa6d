import { fail } from '../errors.ts';
import type { BucketOptions } from './blobs.ts';

export interface S3Target {
  readonly bucket: string;
  /** `https://host/bucket`, to which keys are appended: this form every S3-compatible server knows. */
  readonly bucketUrl: string;
  /** Empty, or ends in a slash. */
  readonly prefix: string;
  readonly region: string;
  readonly credentials: S3Credentials;
  /** `bucket "NAME" at HOST`. */
  readonly place: string;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^[\w.!-]+(?:\/[\w.!-]+)*$/;
const PARAMETERS = ['endpoint', 'region'];

/** Throws STORE_URL, whose text repeats no part of the URL that could be a secret. */
export function parseS3Target({ url: text, env }: BucketOptions): S3Target {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 's3:') throw badUrl('it does not begin with s3://');
  if (url.username !== '' || url.password !== '') {
    throw badUrl('credentials come from the environment, not from the address');
  }
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.includes(name)) throw badUrl(`there is no parameter "${name}"`);
  }
  const bucket = url.host;
  if (bucket === '') throw badUrl('it names no bucket after s3://');
  if (!BUCKET.test(bucket)) {
    throw badUrl('its bucket must have 3 to 63 lower-case letters, digits, dots and hyphens');
  }
  const prefix = url.pathname.replace(/^\/|\/$/g, '');
  if (prefix !== '' && !PREFIX.test(prefix)) throw badUrl('its prefix has unusual characters');
  const region = url.searchParams.get('region') ?? 'us-east-1';
  const endpoint = endpointOf(url.searchParams.get('endpoint'), region);
  return {
    bucket,
    bucketUrl: `${endpoint.origin}${endpoint.pathname.replace(/\/$/, '')}/${bucket}`,
    prefix: prefix === '' ? '' : `${prefix}/`,
    region,
    credentials: credentialsOf(env),
    place: `bucket "${bucket}" at ${endpoint.host}`,
  };
}

function endpointOf(text: string | null, region: string): URL {
  if (text === null) return new URL(`https://s3.${region}.amazonaws.com`);
  const endpoint = URL.parse(text);
  if (endpoint === null || !/^https?:$/.test(endpoint.protocol)) {
    throw badUrl('its endpoint is no http or https address');
  }
  if (endpoint.username !== '' || endpoint.password !== '') {
    throw badUrl('credentials come from the environment, not from the endpoint');
  }
  return endpoint;
}

function credentialsOf(env: BucketOptions['env']): S3Credentials {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'] ?? '';
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] ?? '';
  const sessionToken = env['AWS_SESSION_TOKEN'];
  if (accessKeyId === '' || secretAccessKey === '') {
    throw badUrl('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set');
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function badUrl(why: string): Error {
  return fail('STORE_URL', {
    message: `The address of the object storage cannot be used: ${why}. Give one like s3://bucket/prefix?endpoint=https://s3.example.org&region=eu-central-1, and the credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
  });
}
