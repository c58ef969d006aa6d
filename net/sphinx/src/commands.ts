/** What a slot tells its relay to do with the packet. */
export const COMMAND = {
  /** Send it to the relay `id`. */
  forward: 1,
  /** Hand the payload to the mailbox or service `id`; it must begin with zeros. */
  deliver: 2,
  /** Hand the payload, unread, to the mailbox `id` under a SURB id. */
  reply: 3,
  /** It was cover. */
  drop: 4,
} as const;

export type CommandName = keyof typeof COMMAND;

const NAMES: readonly (CommandName | undefined)[] = [
  undefined,
  'forward',
  'deliver',
  'reply',
  'drop',
];

export function commandName(byte: number): CommandName | undefined {
  return NAMES[byte];
}
