import { page } from '$app/state';

/** Whether the page is one that somebody without an account sees by a link: nothing else is theirs. */
export const isVisitor = (): boolean => page.route.id === '/shared/[token]';
