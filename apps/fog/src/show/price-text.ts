import { formatDuration } from '@fog/kernel';
import type { Prices, RouteQuote } from '@fog/wire';

const MICRO = 1_000_000;

export function pricesText({ cpuHour, gbHour, gpuHour, spotDiscount }: Prices): string {
  const parts = [
    `${creditText(cpuHour)} a core and hour`,
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
function creditText(micro: number): string {
  return (micro / MICRO).toFixed(6).replace(/\.?0+$/, '');
}
