import { useEffect, useRef } from 'react';
import { preferences } from '../parts/preferences.js';
import type { KeyName } from './keys.js';

export type KeyActions = Partial<Record<KeyName, () => void>>;

/** The time limit for the second key of a pair. */
const pairMs = 1_500;
let prefix: { readonly key: string; readonly at: number } | null = null;

/** Activates keys of the table while a component is mounted; none acts in a field, or while a dialog is open. */
export function useKeys(actions: KeyActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!isForPage(event)) return;
      const pair = prefix !== null && event.timeStamp - prefix.at < pairMs ? `${prefix.key} ${event.key}` : null;
      const act = (pair === null ? undefined : latest.current[pair as KeyName]) ?? latest.current[event.key as KeyName];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
}

/** Remembers the key before the current one. It listens first, so that the handler of the second key of a pair knows the first. */
export function rememberPrefixes(): void {
  let current: typeof prefix = null;
  addEventListener(
    'keydown',
    (event) => {
      prefix = current;
      current = isForPage(event) && event.key === 'g' ? { key: event.key, at: event.timeStamp } : null;
    },
    { capture: true },
  );
}

function isForPage(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  if (preferences.get().keys === 'off' && event.key.length === 1) return false;
  if (document.querySelector('dialog[open]') !== null) return false;
  const { target } = event;
  if (!(target instanceof HTMLElement)) return true;
  return !target.isContentEditable && !['INPUT', 'SELECT', 'TEXTAREA'].includes(target.tagName);
}
