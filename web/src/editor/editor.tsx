import { useBlocker } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { Dialog } from '../parts/dialog.js';
import { type CodeEditor, type Mark, openEditor } from './code-editor.js';
import styles from './editor.module.css';
import { Problems } from './problems.js';
import { TextGraph } from './text-graph.js';
import { useSave } from './use-save.js';
import { useValidation, type Validation } from './use-validation.js';

/** The text of a definition with its problems and its graph, both as the server sees them. */
export default function Editor({
  initial,
  contentType,
  base,
  readOnly,
  mayCheck,
  onSaved,
  actions,
}: {
  initial: string;
  contentType: string;
  /** What is changed; null for a new workflow. */
  base: { readonly id: string; readonly version: number } | null;
  /** Why the text cannot be changed here; empty when it can. */
  readOnly: string;
  mayCheck: boolean;
  onSaved: (saved: { readonly id: string; readonly version: number }) => void;
  /** What else can be done with the text. */
  actions: (state: { readonly text: string; readonly isSaved: boolean }) => React.ReactNode;
}) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<CodeEditor | null>(null);
  const [text, setText] = useState(initial);
  const [saved, setSaved] = useState(base === null ? null : initial);
  const isSaved = text === (saved ?? initial);
  const { save, problem, isBusy } = useSave(contentType);
  const validation = useValidation(text, contentType, mayCheck);
  const marks = marksOf(validation);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor owns its text after the first
  useEffect(() => {
    if (host.current === null) return;
    const opened = openEditor(host.current, {
      text: initial,
      label: 'Text of the definition',
      readOnly: readOnly !== '',
      onChange: setText,
    });
    editor.current = opened;
    return () => opened.destroy();
  }, [readOnly]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the marks follow the answer
  useEffect(() => editor.current?.mark(marks), [validation.answer]);
  const leaving = useRef(false);
  const blocker = useBlocker({
    shouldBlockFn: () => !isSaved && !leaving.current,
    enableBeforeUnload: () => !isSaved,
    withResolver: true,
  });

  async function store() {
    const answer = await save(text, base);
    if (answer === null) return;
    setSaved(text);
    leaving.current = true;
    onSaved(answer);
    leaving.current = false;
  }

  return (
    <>
      <div className={styles.tools}>
        <p className={styles.status} role="status">
          {mayCheck ? statusOf(validation) : ''}
        </p>
        <div className={styles.actions}>
          {actions({ text, isSaved: isSaved && saved !== null })}
          <button
            type="button"
            className="button primary"
            disabled={readOnly !== '' || isBusy || (isSaved && saved !== null)}
            title={readOnly === '' ? undefined : readOnly}
            onClick={store}
          >
            {base === null ? 'Create the workflow' : 'Save'}
          </button>
        </div>
      </div>
      <p className={styles.problem} role="alert">
        {problem}
      </p>
      <div className={styles.both}>
        <div className={styles.side}>
          <div ref={host} className={`card ${styles.host}`} />
          <p className={styles.quiet}>
            {readOnly === ''
              ? 'Ctrl-Space completes. The Tab key indents; press Escape, then Tab, to leave the editor.'
              : ''}
          </p>
          <Problems marks={marks} onGo={({ line, column }) => editor.current?.goTo(line, column)} />
        </div>
        <div className={styles.side}>
          {validation.answer?.graph === undefined ? (
            <p className={styles.quiet}>{mayCheck ? 'The graph appears when the text has no mistakes.' : ''}</p>
          ) : (
            <TextGraph graph={validation.answer.graph} />
          )}
        </div>
      </div>
      <Dialog
        title="Leave without saving?"
        open={blocker.status === 'blocked'}
        onClose={() => blocker.reset?.()}
        actions={
          <>
            <button type="button" className="button" onClick={() => blocker.reset?.()}>
              Stay here
            </button>
            <button type="button" className="button danger" onClick={() => blocker.proceed?.()}>
              Leave, and lose the changes
            </button>
          </>
        }
      >
        <p>The text has changes that are not saved.</p>
      </Dialog>
    </>
  );
}

function marksOf({ answer }: Validation): Mark[] {
  if (answer === null) return [];
  return [
    ...answer.problems.map(({ message, line, column }) => ({ severity: 'error' as const, message, line, column })),
    ...answer.warnings.map(({ message, line, column }) => ({ severity: 'warning' as const, message, line, column })),
  ];
}

function statusOf({ answer, isChecking, problem }: Validation): string {
  if (problem !== '') return `The text could not be checked: ${problem}`;
  if (answer === null || isChecking) return 'Checking…';
  if (!answer.valid) return answer.problems.length === 1 ? '1 problem' : `${answer.problems.length} problems`;
  return answer.warnings.length === 0 ? 'No problems' : 'No problems, with warnings';
}
