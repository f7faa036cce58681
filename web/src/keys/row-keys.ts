import type { RefObject } from 'react';
import { useKeys } from './use-keys.js';

/** `j` and `k` move along the links of a list's rows; Enter then opens the focused one, as for any link. */
export function useRowKeys(list: RefObject<HTMLElement | null>): void {
  const move = (by: number) => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>('[data-row] a') ?? [])];
    const at = links.findIndex((link) => link.matches(':focus'));
    const next = links[at === -1 ? (by > 0 ? 0 : links.length - 1) : at + by];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
}
