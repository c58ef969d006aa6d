/** An S3-compatible server that checks signatures, in a directory and at a port of its own. */
import path from 'node:path';
import { tempDir } from '../temp-dir.ts';
import { freePort } from './free-port.ts';
import { createServerProcess, type TestServer } from './server-process.ts';

export interface S3Server extends TestServer {
  readonly bucket: string;
  /** `s3://…` with its endpoint. */
  readonly url: string;
  /** Holds the credentials. */
  readonly env: Readonly<Record<string, string>>;
}

const BUCKET = 'fog-blobs';
/** The one account that the server knows. */
const ACCOUNT = 'S3RVER';

/** Keeps its objects over `stop`, `kill` and `restart`. */
export async function startS3(): Promise<S3Server> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const host = '127.0.0.1';
  const port = await freePort();
  const program = path.join(import.meta.dirname, 's3-process.ts');
  const args = [program, String(port), dir.path, BUCKET];
  const control = stack.use(
    createServerProcess({ options: { args }, ready: /^ready$/m, stopSignal: 'SIGKILL' }),
  );
  await control.start();
  const owned = stack.move();
  return {
    ...control,
    host,
    port,
    bucket: BUCKET,
    url: `s3://${BUCKET}/data/blobs?endpoint=http://${host}:${port}`,
    env: { AWS_ACCESS_KEY_ID: ACCOUNT, AWS_SECRET_ACCESS_KEY: ACCOUNT },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
