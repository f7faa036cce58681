import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { look } from './look.js';
import { replaceSelection } from './replace-selection.js';
import { schemaHelp } from './schema-help.js';

/** A mistake or a warning at a place of the text; line and column from 1, 0 when unknown. */
export interface Mark {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

export interface CodeEditor {
  mark(marks: readonly Mark[]): void;
  /** Moves the cursor to a place and there the view. */
  goTo(line: number, column: number): void;
  destroy(): void;
}

/**
 * The editor in a shadow root: there its styles are adopted style sheets, which the page's policy allows. In the document it would
 * insert a `<style>`.
 */
export function openEditor(
  host: HTMLElement,
  options: {
    readonly text: string;
    readonly label: string;
    readonly readOnly: boolean;
    readonly onChange: (text: string) => void;
  },
): CodeEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('  '),
        bracketMatching(),
        closeBrackets(),
        yaml(),
        schemaHelp(),
        look,
        replaceSelection,
        keymap.of([
          ...closeBracketsKeymap,
          ...completionKeymap,
          { key: 'Escape', run: leavesByTab },
          ...defaultKeymap,
          ...historyKeymap,
          ...lintKeymap,
          indentWithTab,
        ]),
        EditorState.readOnly.of(options.readOnly),
        EditorView.contentAttributes.of({
          'aria-label': options.label,
          'aria-readonly': String(options.readOnly),
          // Also a read-only text is reached by the keyboard, and scrolled.
          tabindex: '0',
        }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          update.view.setTabFocusMode(false);
          options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    mark: (marks) =>
      view.dispatch(
        setDiagnostics(
          view.state,
          marks.map((one) => diagnosticOf(view.state.doc, one)),
        ),
      ),
    goTo(line, column) {
      const at = offsetOf(view.state.doc, line, column);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}

/** After Escape the Tab key moves the focus, until the text changes: nobody is caught in the editor. */
function leavesByTab(view: EditorView): boolean {
  view.setTabFocusMode(true);
  return false;
}

function diagnosticOf(doc: Text, { severity, message, line, column }: Mark): Diagnostic {
  const from = offsetOf(doc, line, column);
  const { to, text } = doc.lineAt(from);
  const word = /^[\w.$-]+/.exec(text.slice(text.length - (to - from)))?.[0].length ?? 1;
  return { severity, message, from, to: Math.min(to, from + word) };
}

function offsetOf(doc: Text, line: number, column: number): number {
  const { from, to } = doc.line(Math.max(1, Math.min(doc.lines, line)));
  return Math.min(to, from + Math.max(0, column - 1));
}
