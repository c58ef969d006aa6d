/** Which addresses are likely one operator's: an IPv4 /16 or an IPv6 /32. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { RelayAddress } from './directory/documents.ts';

const LOCAL = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  LOCAL.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  LOCAL.addSubnet(network, prefix, 'ipv6');
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Loopback, private and link-local addresses have no subnet, and neither have names. */
export function subnetOf(host: string): string | undefined {
  const address = MAPPED.exec(host)?.[1] ?? host;
  if (isIPv4(address)) {
    if (LOCAL.check(address, 'ipv4')) return undefined;
    return `${address.split('.').slice(0, 2).join('.')}.0.0/16`;
  }
  if (!isIPv6(address) || LOCAL.check(address, 'ipv6')) return undefined;
  const [head = ''] = address.toLowerCase().split('::');
  const [first = '', second = ''] = head.split(':');
  return `${group(first)}:${group(second)}::/32`;
}

export function subnetsOf(addresses: readonly RelayAddress[]): string[] {
  return addresses.flatMap(({ host }) => subnetOf(host) ?? []);
}

function group(text: string): string {
  return Number.parseInt(text === '' ? '0' : text, 16).toString(16);
}
