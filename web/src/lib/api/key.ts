const NAME = 'crescendai.api-key';

/** The API key is kept in this browser only; servers without auth need none. */
export function getApiKey(): string {
	try {
		return localStorage.getItem(NAME) ?? '';
	} catch {
		return '';
	}
}

export function setApiKey(key: string): void {
	if (key) localStorage.setItem(NAME, key);
	else localStorage.removeItem(NAME);
}

export function authHeaders(): Record<string, string> {
	const key = getApiKey();
	return key ? { 'X-API-Key': key } : {};
}
