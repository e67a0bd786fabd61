// When a session ends, in numbers. No browser in it.

/** How long before the end the page says so, s: a minute, or half of a short time. */
export const warning = (idleSeconds: number): number => Math.min(60, idleSeconds / 2);

/** Whether a reader who does something at the page, of which the service hears
 * nothing (scrolling through images), is to be told of to the service now: after a
 * quarter of the idle time. */
export const tell = (idleSeconds: number, sinceActed: number): boolean => sinceActed >= idleSeconds / 4;
