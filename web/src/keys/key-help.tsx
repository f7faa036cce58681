import { useEffect, useRef } from 'react';
import { preferences, usePreferences } from '../parts/preferences.js';
import styles from './key-help.module.css';
import { type Key, keyTable } from './keys.js';

const places = ['everywhere', 'lists', 'run', 'log'] as const satisfies readonly Key['where'][];
const words = { everywhere: 'Everywhere', lists: 'In a list', run: 'In a run', log: 'In a log' } as const;

/** The keys, from the table that implements them. */
export function KeyHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { keys } = usePreferences();
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} className={styles.help} onClose={onClose} aria-labelledby="keys-title">
      <div className={styles.head}>
        <h2 id="keys-title">Keys</h2>
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <div className={styles.columns}>
        {places.map((place) => (
          <section key={place}>
            <h3>{words[place]}</h3>
            <dl>
              {keyTable
                .filter(({ where }) => where === place)
                .map((key) => (
                  <div key={key.keys}>
                    <dt>
                      {key.keys.split(' ').map((one) => (
                        <kbd key={one}>{one}</kbd>
                      ))}
                    </dt>
                    <dd>{key.does}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <label className={styles.off}>
        <input
          type="checkbox"
          checked={keys === 'off'}
          onChange={({ target }) => preferences.set({ keys: target.checked ? 'off' : 'on' })}
        />
        Turn single keys off
      </label>
    </dialog>
  );
}
