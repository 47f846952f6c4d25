let lastClicked: Element | null = null;
// On the window, so that it comes after the handlers of the button itself.
addEventListener('click', ({ target }) => {
  lastClicked = target instanceof Element ? target.closest('button') : null;
});

/**
 * Is a click the second half of a double click or tap on the same button? Then it was not meant for the next card.
 *
 * The browser counts clicks by place and time only: a tap on Next and one on the answer that appears there count as two.
 */
export function isEcho({ detail, currentTarget }: Pick<MouseEvent, 'detail' | 'currentTarget'>): boolean {
  return detail > 1 && currentTarget === lastClicked;
}
