export { capacityFor, explainPlacement, place } from './place.ts';
export type {
  Placement,
  PlacementNode,
  PlacementOptions,
  PlacementTask,
  Refusal,
} from './placement.ts';
