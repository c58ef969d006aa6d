import { loadOf, loadWords, type RoutingRule } from './rule.ts';

export const leastLoaded: RoutingRule = (_task, nodes) =>
  nodes.map((node) => ({ value: loadOf(node), because: loadWords(node) }));
