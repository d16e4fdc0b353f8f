/** What stands within a paragraph: emphasis, code, citations like [1] and times like 0:12. */
import { timeAt } from './format.ts';

export type Inline =
	| { type: 'text'; text: string }
	| { type: 'strong' | 'em'; children: Inline[] }
	| { type: 'code'; text: string }
	| { type: 'break' }
	| { type: 'cite'; id: string }
	| { type: 'time'; label: string; start: number; end: number | null };

const MAX_DEPTH = 6;
const PUNCTUATION = /[\\`*_{}[\]()#+\-.!>~|]/;
const CITE = /\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]/y;
const LINK = /!?\[([^[\]\n]{0,300})\]\([^()\s]{0,2000}(?:\s+"[^"\n]{0,300}")?\)/y;

export function parseInline(text: string, depth = 0): Inline[] {
	const out: Inline[] = [];
	let plain = '';
	const flush = () => {
		if (plain) out.push({ type: 'text', text: plain });
		plain = '';
	};
	const push = (node: Inline) => {
		flush();
		out.push(node);
	};
	let i = 0;
	while (i < text.length) {
		const c = text[i]!;
		if (c === '\\' && i + 1 < text.length && PUNCTUATION.test(text[i + 1]!)) {
			plain += text[i + 1];
			i += 2;
		} else if (c === '\n') {
			const hard = /( {2,}|\\)$/.test(plain);
			plain = plain.replace(/[ \\]+$/, '');
			if (hard) push({ type: 'break' });
			else plain += ' ';
			i++;
		} else if (c === '`') {
			const end = text.indexOf('`', i + 1);
			if (end > i + 1) {
				push({ type: 'code', text: text.slice(i + 1, end) });
				i = end + 1;
			} else {
				plain += c;
				i++;
			}
		} else if ((c === '*' || c === '_') && depth < MAX_DEPTH) {
			const span = emphasis(text, i, c);
			if (span) {
				push({ type: span.strong ? 'strong' : 'em', children: parseInline(span.inner, depth + 1) });
				i = span.next;
			} else {
				plain += c;
				i++;
			}
		} else if (c === '[' || (c === '!' && text[i + 1] === '[')) {
			CITE.lastIndex = LINK.lastIndex = i;
			const link = LINK.exec(text);
			const cite = c === '[' && !link ? CITE.exec(text) : null;
			if (link) {
				flush();
				out.push(...parseInline(link[1]!, depth + 1));
				i = LINK.lastIndex;
			} else if (cite) {
				flush();
				for (const id of cite[1]!.split(/[,;]/)) out.push({ type: 'cite', id: id.trim() });
				i = CITE.lastIndex;
			} else {
				plain += c;
				i++;
			}
		} else {
			const time = c >= '0' && c <= '9' ? timeAt(text, i) : null;
			if (time) {
				push({ type: 'time', ...time });
				i += time.label.length;
			} else {
				plain += c;
				i++;
			}
		}
	}
	flush();
	return out;
}

interface Span {
	inner: string;
	next: number;
	strong: boolean;
}

function emphasis(text: string, from: number, mark: string): Span | null {
	const strong = text[from + 1] === mark;
	const delimiter = strong ? mark + mark : mark;
	const start = from + delimiter.length;
	if (start >= text.length || /\s/.test(text[start]!)) return null;
	if (mark === '_' && from > 0 && /\w/.test(text[from - 1]!)) return null;
	for (let end = text.indexOf(delimiter, start + 1); end > 0; end = text.indexOf(delimiter, end + 1)) {
		const after = text[end + delimiter.length];
		if (!strong && after === mark) {
			end++; // a pair belongs to strong text inside
			continue;
		}
		if (/\s/.test(text[end - 1]!) || text[end - 1] === '\\') continue;
		if (mark === '_' && after !== undefined && /\w/.test(after)) continue;
		return { inner: text.slice(start, end), next: end + delimiter.length, strong };
	}
	return null;
}
