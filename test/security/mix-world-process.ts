/** `node mix-world-process.ts`: authorities, relays and gateways in a process of their own, until it is killed. */
import { mixWorld } from '../system/mix-world.ts';

const { network } = await mixWorld();
const authorities = network.authorities.map((authority) => ({
  ...authority,
  key: Buffer.from(authority.key).toString('base64'),
  vrfKey: Buffer.from(authority.vrfKey).toString('base64'),
}));
process.stdout.write(`network ${JSON.stringify({ version: 1, ...network, authorities })}\n`);
