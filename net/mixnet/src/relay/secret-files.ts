/** Secret files of a relay. */
import { errorMessage } from '@fog/kernel';
import { replacePrivateFile } from '@fog/kernel/files';
import { fail } from '../errors.ts';

/** As `replacePrivateFile`. Throws MIXNET_RELAY_FILE. */
export async function writeSecret(
  file: string,
  content: string | readonly Uint8Array[],
): Promise<void> {
  try {
    await replacePrivateFile(file, content);
  } catch (error) {
    throw fail('MIXNET_RELAY_FILE', {
      message: `The file ${file} of the relay cannot be written: ${errorMessage(error)}. Make room on the disk, or let this user write there.`,
      details: { file },
      cause: error,
    });
  }
}
