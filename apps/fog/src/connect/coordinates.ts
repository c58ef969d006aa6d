import { Coordinates } from '@fog/wire';
import type { Read } from '../run/read-value.ts';

const NUMBER = /^[+-]?\d{1,3}(\.\d{1,9})?$/;

/** `LAT,LON` in degrees. */
export function coordinates(text: string): Read<Coordinates> {
  const [latitude, longitude, ...rest] = text.split(',').map((part) => part.trim());
  if (latitude === undefined || longitude === undefined || rest.length > 0) return { must: FORM };
  if (!NUMBER.test(latitude) || !NUMBER.test(longitude)) return { must: FORM };
  const parsed = Coordinates.safeParse({
    latitude: Number(latitude),
    longitude: Number(longitude),
  });
  if (parsed.success) return { value: parsed.data };
  return {
    must: 'lies off the globe: the latitude is from -90 to 90, the longitude from -180 to 180',
  };
}

const FORM = 'must be LAT,LON in degrees like 52.52,13.40';
