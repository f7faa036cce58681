/** How the error of a job begins that was not claimed within its queue timeout. */
const begin = 'queue timeout: ';

/** @param isHeld whether it waited for a place at the end */
export function queueTimeoutText(isHeld: boolean, timeoutMs: number): string {
  const what = isHeld ? 'no place became free for it' : 'no worker claimed it';
  return `${begin}${what} within ${timeoutMs / 1000} s`;
}

/** Whether a job that failed without an attempt did so because nobody claimed it in time. */
export function isQueueTimeout(error: string | null): boolean {
  return error?.startsWith(begin) === true;
}
