import { formatDuration } from '@fog/kernel';
import type { Prices, RouteQuote } from '@fog/wire';

const MICRO = 1_000_000;
/** Short runs cost parts of a µ-credit, and less than a thousandth of one is nothing. */
const DIGITS = 9;

export function pricesText({ cpuHour, gbHour, gpuHour, spotDiscount }: Prices): string {
  const parts = [
    `${creditText(cpuHour)} credits a core and hour`,
    `${creditText(gbHour)} a GB and hour`,
    `${creditText(gpuHour)} a GPU and hour`,
  ];
  return `${parts.join(', ')}; ${Math.round(spotDiscount * 100)} % off for spot`;
}

/** In a column of a table. */
export function quoteText(quote: RouteQuote | undefined): string {
  return quote === undefined
    ? '-'
    : `${creditText(quote.micro)} for ${formatDuration(quote.forMs)}`;
}

/** From µ-credits; never as 1e-7. */
export function creditText(micro: number): string {
  return (micro / MICRO).toFixed(DIGITS).replace(/\.?0+$/, '');
}
