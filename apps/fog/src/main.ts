// The compile cache comes first: it takes two thirds off the start-up, but only for modules loaded after it.
import { enableCompileCache } from './process/compile-cache.ts';

enableCompileCache(process.env);
const { main } = await import('./process/main-process.ts');
await main();
