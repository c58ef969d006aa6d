import type { PlacementNode } from '../placement.ts';
import type { RoutingRule } from './rule.ts';

/** Turns in the order of ids, beginning after the node that served last. */
export const roundRobin: RoutingRule = (_task, nodes, { last }) => {
  const ids = nodes.map((node) => node.id).sort();
  const next = last === undefined ? 0 : ids.findIndex((id) => id > last);
  const first = next === -1 ? 0 : next;
  const turns = new Map(ids.map((id, at) => [id, (at - first + ids.length) % ids.length]));
  const turn = ({ id }: PlacementNode): number => turns.get(id) ?? 0;
  return {
    values: nodes.map(turn),
    because: (node) => (turn(node) === 0 ? 'next in turn' : `${turn(node)} turns away`),
  };
};
