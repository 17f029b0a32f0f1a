import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, codeFolding, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { tags as t } from '@lezer/highlight';

const colours = HighlightStyle.define([
  { tag: [t.string, t.special(t.string)], color: 'var(--string)' },
  { tag: [t.number, t.bool, t.null], color: 'var(--number)' },
  { tag: [t.keyword, t.typeName], color: 'var(--accent)' },
  { tag: [t.comment, t.lineComment, t.blockComment], color: 'var(--faint)' },
  { tag: [t.propertyName, t.definition(t.propertyName)], color: 'var(--text)' },
  { tag: [t.punctuation, t.separator, t.squareBracket, t.brace], color: 'var(--dim)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', backgroundColor: 'var(--pane)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 12px 0 8px' },
  '.cm-gutters': { backgroundColor: 'var(--pane)', color: 'var(--faint)', border: '0' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 4px 0 6px', minWidth: '32px' },
  '.cm-foldGutter .cm-gutterElement': { color: 'var(--faint)', padding: '0 2px' },
  '.cm-foldPlaceholder': { background: 'none', border: '1px solid var(--line)', color: 'var(--dim)', padding: '0 6px' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'color-mix(in srgb, var(--accent) 24%, transparent)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-soft)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--line)' },
  '.cm-lit': { backgroundColor: 'var(--accent-soft)' },
  '.cm-lit-value': { boxShadow: 'inset 0 -1px 0 var(--accent)' },
  '.cm-unread': { color: 'var(--faint) !important' },
  '.cm-unread span': { color: 'var(--faint) !important' },
  '.cm-margin': { color: 'var(--faint)', fontFamily: 'var(--sans)', fontSize: '12px', paddingLeft: '24px', userSelect: 'none' },
  '.cm-wrong': { textDecoration: 'underline wavy var(--bad)', textDecorationSkipInk: 'none', textUnderlineOffset: '3px' },
  '.cm-look': { textDecoration: 'underline wavy var(--warn)', textDecorationSkipInk: 'none', textUnderlineOffset: '3px' },
  '.cm-problem': { font: '13px/1.5 var(--sans)', margin: '3px 12px 6px 8px', border: '1px solid var(--line)', borderLeft: '3px solid var(--bad)', borderRadius: '6px', background: 'var(--pane)', padding: '6px 10px', whiteSpace: 'normal', maxWidth: 'min(640px, calc(100cqw - 84px))', overflowWrap: 'anywhere', position: 'sticky', left: '60px' },
  '.cm-problem.warning': { borderLeftColor: 'var(--warn)' },
  '.cm-problem small': { color: 'var(--dim)', font: '12px var(--sans)' },
  '.cm-problem .fix': { font: 'inherit', border: '0', background: 'none', padding: '0', color: 'var(--accent)', cursor: 'pointer', textAlign: 'left' },
  '.cm-problem kbd': { marginLeft: '6px' },
  '.cm-coverage': { width: '4px' },
  '.cm-coverage .cm-gutterElement': { padding: '0' },
  '.cm-tested, .cm-untested, .cm-partly': { display: 'block', width: '3px', height: '100%', minHeight: '20px', background: 'var(--accent)' },
  '.cm-untested': { background: 'repeating-linear-gradient(0deg, var(--warn) 0 4px, transparent 4px 6px)' },
  '.cm-partly': { background: 'linear-gradient(0deg, var(--warn) 50%, var(--accent) 50%)' },
  '.cm-tooltip': { background: 'var(--pane)', border: '1px solid var(--line)', borderRadius: '6px', color: 'var(--text)', zIndex: '20' },
  '.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12.5px', maxHeight: '280px' },
  '.cm-tooltip-autocomplete > ul > li': { padding: '2px 8px !important', lineHeight: '20px' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { background: 'var(--accent-soft) !important', color: 'var(--text) !important' },
  '.cm-completionDetail': { color: 'var(--dim)', fontStyle: 'normal', marginLeft: '12px' },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent)' },
  '.cm-completionInfo, .cm-docs': { font: '13px/1.5 var(--sans)', padding: '8px 12px', maxWidth: '420px', maxHeight: '320px', overflow: 'auto' },
  '.docs p': { margin: '0 0 6px' },
  '.docs pre': { margin: '0 0 6px', font: '12px/1.5 var(--mono)', whiteSpace: 'pre-wrap' },
  '.cm-panels': { background: 'var(--pane)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-panel input, .cm-panel button': { font: '13px var(--sans)' },
  '.cm-snippetField': { backgroundColor: 'var(--accent-soft)' },
});

/** What every editor has. */
export function base(label: string, readOnly: boolean): Extension[] {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';
  return [
    EditorView.cspNonce.of(nonce),
    lineNumbers(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    codeFolding(),
    foldGutter({ openText: '⌄', closedText: '›' }),
    highlightSelectionMatches(),
    syntaxHighlighting(colours),
    look,
    EditorState.readOnly.of(readOnly),
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off' }),
    // Tab moves on, as everywhere on a page: Ctrl-] indents.
    keymap.of([...closeBracketsKeymap, ...defaultKeymap.filter((k) => k.key !== 'Mod-Enter'), ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap]),
  ];
}
