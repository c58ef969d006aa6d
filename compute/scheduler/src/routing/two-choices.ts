import { loadOf, loadWords, type RoutingRule } from './rule.ts';

/** Of two with equal load the one drawn first. */
const DRAWN_SECOND = 1e-9;
/** Behind the two that were drawn. */
const NOT_DRAWN = Infinity;

/**
 * Power of two choices: of two nodes drawn at random the less loaded one (Mitzenmacher, "The power of two
 * choices in randomized load balancing", 2001).
 */
export const twoChoices: RoutingRule = (_task, nodes, { random }) => {
  const first = draw(nodes.length, random);
  const second = (first + 1 + draw(nodes.length - 1, random)) % Math.max(1, nodes.length);
  const handicap = (at: number): number =>
    at === first ? 0 : at === second ? DRAWN_SECOND : NOT_DRAWN;
  return {
    values: nodes.map((node, at) => handicap(at) + loadOf(node)),
    because: (node, at) => (handicap(at) === NOT_DRAWN ? 'not drawn' : `drawn; ${loadWords(node)}`),
  };
};

function draw(count: number, random: () => number): number {
  return count <= 0 ? 0 : Math.min(count - 1, Math.floor(random() * count));
}
