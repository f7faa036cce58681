import { useEffect, useId, useRef } from 'react';
import styles from './dialog.module.css';

/** A question in front of the page. The buttons stay visible, whatever the length of the content. */
export function Dialog({
  title,
  open,
  onClose,
  wide = false,
  problem = '',
  actions,
  children,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  wide?: boolean;
  /** Why the requested action failed. */
  problem?: string;
  actions: React.ReactNode;
  children: React.ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className={wide ? `${styles.dialog} ${styles.wide}` : styles.dialog}
      aria-labelledby={id}
      onClose={onClose}
    >
      {open ? (
        <>
          <div className={styles.body}>
            <h2 id={id}>{title}</h2>
            {children}
            <p className={styles.problem} role="alert">
              {problem}
            </p>
          </div>
          <div className={styles.actions}>{actions}</div>
        </>
      ) : null}
    </dialog>
  );
}
