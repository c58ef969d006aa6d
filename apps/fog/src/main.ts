import { main } from './process/main-process.ts';

await main();
