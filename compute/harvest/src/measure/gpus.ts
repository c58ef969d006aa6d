import { readdir } from 'node:fs/promises';

/** Devices that compute, as Linux names them: by DRM, and by the driver that may go without it. */
const DEVICES: readonly { readonly dir: string; readonly name: RegExp }[] = [
  { dir: '/dev/dri', name: /^renderD\d+$/ },
  { dir: '/dev', name: /^nvidia\d+$/ },
];

/** GPUs of this machine; 0 where none is found, or where nobody knows how to look. */
export async function countGpus(
  list: (dir: string) => Promise<string[]> = (dir) => readdir(dir),
): Promise<number> {
  let most = 0;
  for (const { dir, name } of DEVICES) {
    const found = await list(dir).catch(() => []);
    most = Math.max(most, found.filter((entry) => name.test(entry)).length);
  }
  return most;
}
