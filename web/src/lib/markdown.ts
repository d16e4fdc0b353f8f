/**
 * A small, safe subset of Markdown, parsed to plain data. Nothing here makes HTML:
 * components draw the nodes, so tags in the text stay text, and images and links keep only their words.
 */
import { parseInline, type Inline } from './inline.ts';

export { parseInline, type Inline };

export type Block =
	| { type: 'paragraph'; children: Inline[] }
	| { type: 'heading'; level: number; children: Inline[] }
	| { type: 'quote'; blocks: Block[] }
	| { type: 'list'; ordered: boolean; start: number; items: Block[][] }
	| { type: 'code'; text: string }
	| { type: 'rule' };

const MAX_DEPTH = 6;
const LIST = /^( {0,3})([-*+•]|\d{1,3}[.)])(?: +|$)/;
const HEADING = /^ {0,3}(#{1,6}) +(.+?) *#* *$/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const FENCE = /^ {0,3}(```+|~~~+)/;
const QUOTE = /^ {0,3}> ?/;

export function parseMarkdown(source: string): Block[] {
	return parseBlocks(source.replace(/\r\n?/g, '\n').replace(/\t/g, '    ').split('\n'), 0);
}

const startsBlock = (line: string): boolean =>
	HEADING.test(line) || RULE.test(line) || FENCE.test(line) || QUOTE.test(line) || LIST.test(line);

function parseBlocks(lines: string[], depth: number): Block[] {
	const blocks: Block[] = [];
	let i = 0;
	while (i < lines.length) {
		const line = lines[i]!;
		if (line.trim() === '') {
			i++;
			continue;
		}
		const fence = FENCE.exec(line);
		if (fence) {
			const body: string[] = [];
			for (i++; i < lines.length && !lines[i]!.trim().startsWith(fence[1]!); i++) body.push(lines[i]!);
			i++;
			blocks.push({ type: 'code', text: body.join('\n') });
			continue;
		}
		const heading = HEADING.exec(line);
		if (heading) {
			blocks.push({ type: 'heading', level: heading[1]!.length, children: parseInline(heading[2]!) });
			i++;
			continue;
		}
		if (RULE.test(line)) {
			blocks.push({ type: 'rule' });
			i++;
			continue;
		}
		if (QUOTE.test(line) && depth < MAX_DEPTH) {
			const body: string[] = [];
			for (; i < lines.length && QUOTE.test(lines[i]!); i++) body.push(lines[i]!.replace(QUOTE, ''));
			blocks.push({ type: 'quote', blocks: parseBlocks(body, depth + 1) });
			continue;
		}
		if (LIST.test(line) && depth < MAX_DEPTH) {
			i = parseList(lines, i, depth, blocks);
			continue;
		}
		const body = [line];
		for (i++; i < lines.length && lines[i]!.trim() !== '' && !startsBlock(lines[i]!); i++) {
			body.push(lines[i]!);
		}
		blocks.push({ type: 'paragraph', children: parseInline(body.map((l) => l.trimStart()).join('\n')) });
	}
	return blocks;
}

function parseList(lines: string[], from: number, depth: number, blocks: Block[]): number {
	const first = LIST.exec(lines[from]!)!;
	const ordered = /\d/.test(first[2]!);
	const items: Block[][] = [];
	let i = from;
	while (i < lines.length) {
		const marker = LIST.exec(lines[i]!);
		if (!marker || /\d/.test(marker[2]!) !== ordered || RULE.test(lines[i]!)) break;
		const width = marker[0].length;
		const body = [lines[i]!.slice(width)];
		for (i++; i < lines.length; i++) {
			const line = lines[i]!;
			const indent = line.length - line.trimStart().length;
			if (line.trim() === '') {
				const next = lines.slice(i + 1).find((l) => l.trim() !== '');
				if (next === undefined || next.length - next.trimStart().length < 2) break;
				body.push('');
			} else if (indent >= 2) body.push(line.slice(Math.min(indent, width)));
			else if (startsBlock(line) || lines[i - 1]!.trim() === '') break;
			else body.push(line);
		}
		items.push(parseBlocks(body, depth + 1));
		// blank lines between the items of one list
		let next = i;
		while (next < lines.length && lines[next]!.trim() === '') next++;
		const following = next < lines.length ? LIST.exec(lines[next]!) : null;
		if (next > i && following && /\d/.test(following[2]!) === ordered) i = next;
	}
	blocks.push({ type: 'list', ordered, start: ordered ? parseInt(first[2]!, 10) : 1, items });
	return i;
}
