import type nodeHttp from 'node:http';

/**
 * `node:http` without its lazy browser half: an `import` of it reads every export, and that loads the whole
 * fetch implementation (13 MB and 40 ms that neither server nor worker ever uses).
 */
const http: typeof nodeHttp = process.getBuiltinModule('node:http');

export default http;
