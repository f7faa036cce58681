import address from './shared-worker.ts?sharedworker&url';

/**
 * The address of our worker, as the page's policy requires it: under "require-trusted-types-for" a worker starts only
 * from an address issued by a named policy, and this one issues no other.
 */
export function workerAddress(): string {
  const url = new URL(address, document.baseURI).href;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypesFactory };
  const policy = trustedTypes?.createPolicy('wg-worker', { createScriptURL: (given) => checked(given, url) });
  // The worker accepts the policy's value; the DOM types do not declare it.
  return policy === undefined ? url : (policy.createScriptURL(url) as string);
}

interface TrustedTypesFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
}

function checked(given: string, own: string): string {
  if (given !== own) throw new TypeError(`${given} is not a worker of this page`);
  return given;
}
