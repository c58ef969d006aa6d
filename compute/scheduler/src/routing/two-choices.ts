import { loadOf, loadWords, type RoutingRule } from './rule.ts';

/** Of two with equal load the one drawn first. */
const DRAWN_SECOND = 1e-9;
/** Behind the two that were drawn, in no order of their own. */
const NOT_DRAWN = 1_000_000;

/**
 * Power of two choices: of two nodes drawn at random the less loaded one (Mitzenmacher, "The power of two
 * choices in randomized load balancing", 2001).
 */
export const twoChoices: RoutingRule = (_task, nodes, { random }) => {
  const first = draw(nodes.length, random);
  const second = (first + 1 + draw(nodes.length - 1, random)) % Math.max(1, nodes.length);
  return nodes.map((node, at) => {
    if (at !== first && at !== second) {
      return { value: NOT_DRAWN + loadOf(node), because: 'not drawn' };
    }
    const value = loadOf(node) + (at === first ? 0 : DRAWN_SECOND);
    return { value, because: `drawn; ${loadWords(node)}` };
  });
};

function draw(count: number, random: () => number): number {
  return count <= 0 ? 0 : Math.min(count - 1, Math.floor(random() * count));
}
