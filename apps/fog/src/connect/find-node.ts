import type { FogNode } from '@fog/wire';
import { fail } from '../errors.ts';
import { printable } from '../show/printable.ts';

/** Nodes named in one message. */
const MAX_NAMED = 5;

/** The node of this id, of the beginning of one, or of this name. Throws FOG_NO_NODE. */
export function findNode(nodes: readonly FogNode[], text: string): FogNode {
  const exact = nodes.find(({ id }) => id === text);
  if (exact !== undefined) return exact;
  const named = nodes.filter(({ name }) => name === text);
  const matches = named.length > 0 ? named : nodes.filter(({ id }) => id.startsWith(text));
  const [only] = matches;
  if (only !== undefined && matches.length === 1 && text !== '') return only;
  const shown = (matches.length > 0 ? matches : nodes)
    .slice(0, MAX_NAMED)
    .map(({ id, name }) => `${printable(name)} (${id.slice(0, 8)})`)
    .join(', ');
  const why =
    matches.length > 1 && text !== ''
      ? `"${text}" is the name or the beginning of the id of several nodes: ${shown}. Give more of the id.`
      : `There is no node "${text}". ${nodes.length === 0 ? 'No machine has joined yet.' : `There are ${shown}; "fog nodes" lists all.`}`;
  throw fail('FOG_NO_NODE', { message: why, details: { node: text } });
}
