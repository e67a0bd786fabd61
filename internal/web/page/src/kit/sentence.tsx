// A sentence of the service, in its own direction: one in Arabic may begin with the
// name of a guideline, and one in English may stand on an Arabic page.

const arabic = /[\u0600-\u06ff]/;

// A number is not parted from its unit.
const whole = (text: string): string => text.replace(/(\d) (?=(?:mm3?|%|HU|UH)(?![A-Za-z]))/g, "$1\u00a0");

export function Sentence({ text: said }: { text: string }) {
  const text = whole(said);
  if (!arabic.test(text)) return <bdi dir="ltr">{text}</bdi>;
  // Behind the meaning in Arabic stands what was found, in English.
  const [, meaning, found] = /^([^[]*)\[([^\]]*)\]$/.exec(text) ?? [];
  if (meaning === undefined || found === undefined || arabic.test(found)) return <bdi dir="rtl">{text}</bdi>;
  return <bdi dir="rtl">{meaning}[<bdi dir="ltr" lang="en">{found}</bdi>]</bdi>;
}
