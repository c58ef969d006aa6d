export interface BenchmarkContext {
  /** Fewer repetitions: ends within 50 s. */
  readonly quick: boolean;
  /** With what takes ten minutes or more. */
  readonly soak: boolean;
  /** A log of a cluster's jobs (Standard Workload Format) to replay. */
  readonly trace?: string | undefined;
  /** Progress for a person, one line. */
  readonly say: (line: string) => void;
}

export interface FigureInfo {
  readonly unit: string;
  /** What the project aims at; only shown, never asserted. */
  readonly target?: string;
}

export interface Benchmark {
  readonly figures: Readonly<Record<string, FigureInfo>>;
  run(context: BenchmarkContext): Promise<Record<string, number>>;
}
