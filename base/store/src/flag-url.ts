import { fail } from './errors.ts';

/** Parameters of URLs that hold a secret. */
const SECRETS = ['password', 'secret', 'secretAccessKey', 'token'];

/**
 * Refuses a URL with a secret where every user of the machine can read it: STORE_SECRET_IN_FLAG, whose
 * text does not repeat it. `variable`: the one of the environment that may carry the URL. `other`: a
 * further way to give the secret alone.
 */
export function refuseSecretInFlag(
  flag: string,
  text: string,
  variable: string,
  other?: string,
): void {
  const url = URL.parse(text);
  const named = SECRETS.filter((name) => url?.searchParams.has(name));
  // What is no URL may still be one with a typing error.
  const password = url === null ? /:[^/@]*@/.test(text) : url.password !== '';
  if (!password && named.length === 0) return;
  throw fail('STORE_SECRET_IN_FLAG', {
    message: `${flag} has a password, and every user of this machine can read command lines. Put the address into ${variable}${other === undefined ? '' : `, or leave the password out and give it by ${other}`}.`,
    details: { flag, variable },
  });
}
