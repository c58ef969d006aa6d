import { FencingToken, JobId, MAX_OUTPUT_FILES, Sha256, TaskIndex } from '@fog/wire';
import { z } from 'zod';

/** A file of the spool, as it is to be uploaded. */
export const SpooledUpload = z.strictObject({
  /** Name beside the record. */
  name: z.string().regex(/^\d+-(stdout|stderr|f\d+)$/),
  content: Sha256,
  sizeBytes: z.int().positive(),
});
export type SpooledUpload = z.infer<typeof SpooledUpload>;

/** A finished result as it lies on disk until the coordinator has it. */
export const SpoolRecord = z.strictObject({
  lease: z.strictObject({
    token: FencingToken,
    job: JobId,
    index: TaskIndex,
    attempt: z.int().positive(),
  }),
  finishedAt: z.int(),
  /** One TaskResult. */
  json: z.string(),
  /** Of its manifest. */
  digest: Sha256,
  /** What it names and the coordinator may not have yet. */
  uploads: z.array(SpooledUpload).max(MAX_OUTPUT_FILES + 2),
});
export type SpoolRecord = z.infer<typeof SpoolRecord>;
