/** What of the package is used; it brings no types. */
declare module '@20minutes/s3rver' {
  export interface S3rverOptions {
    readonly address: string;
    readonly port: number;
    readonly directory: string | undefined;
    readonly silent: boolean;
    readonly configureBuckets: readonly { readonly name: string | undefined }[];
  }

  export default class S3rver {
    constructor(options: S3rverOptions);
    run(): Promise<unknown>;
  }
}
