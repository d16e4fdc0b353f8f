const dark = matchMedia('(prefers-color-scheme: dark)');

/** Which colours the page has: canvases, which know no CSS, are drawn anew when they change. */
class Theme {
	dark = $state(dark.matches);

	constructor() {
		dark.addEventListener('change', () => (this.dark = dark.matches));
	}
}

export const theme = new Theme();
