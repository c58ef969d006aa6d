import type { GeoPoint, PlacementNode } from '../placement.ts';
import type { RoutingRule } from './rule.ts';

/** Mean radius of the Earth, IUGG. */
const EARTH_RADIUS_KM = 6_371.009;
/** Light in fibre, there and back: about 100 km a millisecond. */
const KM_PER_RTT_MS = 100;
/** Cables are longer than great circles. */
const CABLE_FACTOR = 1.5;
/** Weight of the measured round trip where both are known: it is to the coordinator, not to who asks. */
const MEASURED_WEIGHT = 0.5;
/** For a node nothing is known of: farther than any place on Earth. */
const UNKNOWN_MS = 1_000;

/** Great-circle distance by the haversine formula, which stays exact for near points. */
export function greatCircleKm(a: GeoPoint, b: GeoPoint): number {
  const half =
    sinSquared(radians(b.latitude - a.latitude) / 2) +
    Math.cos(radians(a.latitude)) *
      Math.cos(radians(b.latitude)) *
      sinSquared(radians(b.longitude - a.longitude) / 2);
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** The nearest by the distance of coordinates, as a round trip, blended with the measured one. */
export const proximity: RoutingRule = ({ from }, nodes) => ({
  values: nodes.map((node) => {
    const km = distanceKm(from, node);
    const byDistance = km === undefined ? undefined : (km * CABLE_FACTOR) / KM_PER_RTT_MS;
    return blend(byDistance, node.rttMs);
  }),
  because: (node) => {
    const km = distanceKm(from, node);
    const parts = [
      km === undefined ? undefined : `${Math.round(km)} km away`,
      node.rttMs === undefined ? undefined : `round trip ${node.rttMs.toFixed(1)} ms`,
    ].filter((part) => part !== undefined);
    return parts.length === 0 ? 'neither coordinates nor round trip are known' : parts.join(', ');
  },
});

function distanceKm(from: GeoPoint | undefined, node: PlacementNode): number | undefined {
  if (from === undefined || node.coordinates === undefined) return undefined;
  return greatCircleKm(from, node.coordinates);
}

function blend(byDistance: number | undefined, measured: number | undefined): number {
  if (byDistance === undefined) return measured ?? UNKNOWN_MS;
  if (measured === undefined) return byDistance;
  return byDistance * (1 - MEASURED_WEIGHT) + measured * MEASURED_WEIGHT;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function sinSquared(angle: number): number {
  return Math.sin(angle) ** 2;
}
