import type { Host } from '../process/host.ts';

export interface FlagDef {
  readonly type: 'boolean' | 'text' | 'list';
  readonly short?: string;
  /** What stands for the value in help: `SECONDS`, `FILE|DIR|-`. */
  readonly value?: string;
  readonly help: string;
  /** Heading it stands under in help; one without comes first. */
  readonly group?: string;
}
export type FlagDefs = Readonly<Record<string, FlagDef>>;

export type FlagValues<F extends FlagDefs> = {
  readonly [Name in keyof F]: F[Name]['type'] extends 'boolean'
    ? boolean
    : F[Name]['type'] extends 'list'
      ? readonly string[]
      : string | undefined;
};

export interface Invocation<F extends FlagDefs> {
  readonly flags: FlagValues<F> & { readonly verbose: boolean };
  readonly args: readonly string[];
  readonly host: Host;
}

export interface Example {
  readonly line: string;
  readonly does: string;
}

export interface CommandDef<F extends FlagDefs> {
  readonly name: string;
  readonly summary: string;
  /** Lines after `fog `; the first is the main form. */
  readonly usage: readonly string[];
  readonly about?: string;
  readonly flags: F;
  /** Names of the positional arguments; those in brackets may be left out, a last `…` repeats. */
  readonly args: readonly string[];
  /** The first positional ends fog's flags, or the one for which this is true: all after it belongs to the program. */
  readonly passThrough?: boolean | ((args: readonly string[]) => boolean);
  readonly examples: readonly Example[];
  readonly exitCodes?: Readonly<Record<string, string>>;
  run(invocation: Invocation<F>): Promise<number>;
}

/** A command whose flag types are forgotten, as the dispatcher holds it. */
export type AnyCommand = CommandDef<FlagDefs>;

/** Ties `run` to the types of `flags`. */
export function defineCommand<const F extends FlagDefs>(command: CommandDef<F>): AnyCommand {
  return command;
}
