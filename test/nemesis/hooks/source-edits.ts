/** Changes to source files of the product while a process under test loads them. */
import { registerHooks } from 'node:module';

export interface SourceEdit {
  /** End of the file's path. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Throws when a file is loaded that does not have what is to be changed: the edit is out of date. */
export function editSources(edits: readonly SourceEdit[]): void {
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      const mine = edits.filter(({ file }) => url.endsWith(file));
      if (mine.length === 0 || loaded.source === undefined || loaded.source === null) return loaded;
      let source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
      for (const { file, from, to } of mine) {
        if (!source.includes(from)) throw new Error(`${file} has no "${from}" to change`);
        source = source.replace(from, () => to);
      }
      return { ...loaded, source };
    },
  });
}
