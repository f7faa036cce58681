import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState } from 'react';
import { basePath } from '../api/transport.js';
import { findPages, findPlaces, type Place } from './find.js';
import styles from './palette.module.css';

const kinds: Readonly<Record<Place['kind'], string>> = {
  page: 'Page',
  workflow: 'Workflow',
  run: 'Run',
  worker: 'Worker',
};

/** The server is queried after a pause in typing of this length. */
const typingMs = 150;

/** Opens a page, workflow, run or worker by its name or the prefix of its id. */
export function Palette({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const router = useRouter();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const asked = useSettled(text.trim());
  const { data: found, isPlaceholderData } = useQuery({
    queryKey: ['palette', asked],
    queryFn: ({ signal }) => findPlaces(asked, signal),
    enabled: asked !== '',
    placeholderData: (before) => before,
  });
  const places = [...findPages(text.trim()), ...(text.trim() === '' ? [] : (found ?? []))];
  const current = Math.min(at, places.length - 1);
  const isSettled = text.trim() === '' || (asked === text.trim() && found !== undefined && !isPlaceholderData);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const go = (place: Place | undefined) => {
    if (place === undefined) return;
    onClose();
    router.history.push(`${basePath}${place.to.slice(1)}`);
  };
  const isWaiting = useRef(false);
  const enter = () => {
    // The answer to what was typed may still be on its way: the palette leads to its first place when it arrives.
    if (isSettled || places[current]?.kind === 'page') go(places[current]);
    else isWaiting.current = true;
  };
  useEffect(() => {
    if (!isWaiting.current || !isSettled) return;
    isWaiting.current = false;
    go(places[current]);
  });
  return (
    <dialog ref={dialog} className={styles.palette} aria-label="Go to" onClose={onClose}>
      <input
        className={styles.field}
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={current < 0 ? undefined : `${id}-${current}`}
        aria-label="Go to a page, workflow, run or worker"
        placeholder="Go to a page, workflow, run or worker"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setAt(0);
          isWaiting.current = false;
        }}
        onKeyDown={(event) => {
          const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
          if (by !== 0) {
            event.preventDefault();
            setAt(places.length === 0 ? 0 : (current + by + places.length) % places.length);
          }
          if (event.key === 'Enter') enter();
        }}
      />
      <div id={id} role="listbox" aria-label="Places" className={styles.places}>
        {places.map((place, n) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus, and its keys choose
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          <div
            key={`${place.kind} ${place.to}`}
            id={`${id}-${n}`}
            role="option"
            aria-selected={n === current}
            className={styles.place}
            onClick={() => go(place)}
          >
            <span className={styles.kind}>{kinds[place.kind]}</span>
            <span className={styles.name}>{place.name}</span>
            <span className={styles.note}>{place.note}</span>
          </div>
        ))}
      </div>
      {places.length === 0 ? (
        <p className={styles.none} role="status">
          {asked === text.trim() && found !== undefined ? 'Nothing is named so.' : 'Searching…'}
        </p>
      ) : null}
    </dialog>
  );
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
