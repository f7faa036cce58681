import { useSyncExternalStore } from 'react';

/** The reader's settings, stored in this browser. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark';
  readonly density: 'comfortable' | 'compact';
  /** Single keys; off for users of speech input. */
  readonly keys: 'on' | 'off';
  readonly wrap: boolean;
  /** The time before each line of a log: none, of the clock, or since the attempt began. */
  readonly logTime: 'off' | 'clock' | 'elapsed';
}

const storageKey = 'workflow-graph';
const usual: Preferences = { theme: 'system', density: 'comfortable', keys: 'on', wrap: false, logTime: 'off' };
const listeners = new Set<() => void>();
let current = read();

export const preferences = {
  get: () => current,
  set(change: Partial<Preferences>) {
    current = { ...current, ...change };
    show();
    try {
      localStorage.setItem(storageKey, JSON.stringify(current));
    } catch {
      // Storage is off or full: the setting lasts as long as the page.
    }
    for (const listener of listeners) listener();
  },
};

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences.get);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function read(): Preferences {
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(storageKey) ?? '{}') };
  } catch {
    return usual;
  }
}

function show(): void {
  const { dataset } = document.documentElement;
  if (current.theme === 'system') delete dataset.theme;
  else dataset.theme = current.theme;
  if (current.density === 'compact') dataset.density = 'compact';
  else delete dataset.density;
}
