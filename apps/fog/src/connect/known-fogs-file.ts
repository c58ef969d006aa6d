import path from 'node:path';

/** The keys of fogs that were met, so that an address needs to name them once. */
export function knownFogsFile(dataDir: string): string {
  return path.join(dataDir, 'known-fogs.json');
}
