import { loadOf, loadWords, type RoutingRule } from './rule.ts';

export const leastLoaded: RoutingRule = (_task, nodes) => ({
  values: nodes.map(loadOf),
  because: loadWords,
});
