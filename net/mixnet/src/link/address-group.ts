/** What counts as one address: an IPv4 address, or the /64 an IPv6 customer gets. */
import { isIPv4, isIPv6 } from 'node:net';

const IPV6_GROUPS = 8;
const NETWORK_GROUPS = 4;
const MAPPED_PREFIX = '::ffff:';

export function addressGroup(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const mapped = address.toLowerCase().startsWith(MAPPED_PREFIX)
    ? address.slice(MAPPED_PREFIX.length)
    : address;
  if (isIPv4(mapped) || !isIPv6(address)) return mapped;
  return `${expand(address).slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

function expand(address: string): string[] {
  const [plain = ''] = address.split('%');
  const [head = '', tail] = plain.split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = Math.max(0, IPV6_GROUPS - left.length - right.length);
  return [...left, ...Array.from({ length: tail === undefined ? 0 : zeros }, () => '0'), ...right];
}

function groups(text: string): string[] {
  if (text === '') return [];
  return text.split(':').map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
}
